#include "model/name_map.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <string>

#include "base/quote.h"

namespace gerbil::model {
namespace {

using format::Checkpoint;
using tensor::DType;
using tensor::TensorRef;

constexpr std::string_view kLayers = "layers";

bool per_layer(Where where) { return where != Where::kTop && where != Where::kText; }

bool has_layer(Where where, LayerType type) {
  const bool linear = type == LayerType::kLinearAttention;
  switch (where) {
    case Where::kEveryLayer:
      return true;
    case Where::kAttentionLayers:
      return !linear;
    case Where::kLinearAttentionLayers:
      return linear;
    case Where::kTop:
    case Where::kText:
      return false;
  }
  return false;
}

bool is_float(DType dtype) {
  return dtype == DType::kF32 || dtype == DType::kF16 || dtype == DType::kBF16;
}

// The file that a tensor lies in, or the checkpoint's first where there is no such tensor.
std::string place(const Checkpoint& checkpoint, const TensorRef* tensor) {
  if (tensor != nullptr && tensor->source != nullptr) return tensor->source->name();
  return checkpoint.files.empty() ? "the checkpoint" : checkpoint.files.front();
}

// One pass over table and checkpoint.
class Mapper {
 public:
  Mapper(const NameTable& table, std::string_view architecture, const ModelConfig& config,
         const Checkpoint& checkpoint)
      : table_(table), architecture_(architecture), config_(config), checkpoint_(checkpoint) {}

  Result<NameMap> run() {
    for (const NameRow& row : table_.rows) {
      if (!per_layer(row.where)) bind(row, "", row.where == Where::kTop ? "" : text_prefix());
      for (size_t i = 0; i < config_.layers.size(); ++i)
        if (has_layer(row.where, config_.layers[i]))
          bind(row, fmt::format("{}.{}.", kLayers, i),
               fmt::format("{}{}.{}.", text_prefix(), kLayers, i));
    }
    GERBIL_CHECK_OK(account());
    for (const Bound& bound : bound_) GERBIL_CHECK_OK(check(bound));
    return std::move(map_);
  }

 private:
  struct Bound {
    const NameRow* row;
    graph::WeightBinding* binding;
  };

  std::string text_prefix() const { return fmt::format("{}.", table_.text_prefix); }

  void bind(const NameRow& row, std::string_view role_prefix, std::string_view stored_prefix) {
    graph::WeightBinding binding{.transform = row.transform, .present = false};
    for (std::string_view part : row.parts()) {
      std::string name = fmt::format("{}{}", stored_prefix, part);
      const TensorRef* tensor = checkpoint_.find(name);
      if (tensor != nullptr) {
        binding.present = true;
        claimed_.emplace(name);
        ++map_.report.claimed.tensors;
        map_.report.claimed.bytes += tensor->size_bytes;
      }
      binding.parts.push_back({std::move(name), tensor != nullptr ? *tensor : TensorRef{}});
    }
    const auto [entry, added] =
        map_.weights.emplace(fmt::format("{}{}", role_prefix, row.role), std::move(binding));
    GERBIL_ASSERT(added);
    bound_.push_back({&row, &entry->second});
  }

  // Every stored tensor is claimed or skipped.
  Status account() {
    std::vector<TensorCount> skipped(table_.skip.size());
    for (const auto& [name, tensor] : checkpoint_.tensors) {
      if (claimed_.contains(name)) continue;
      const auto rule =
          std::find_if(table_.skip.begin(), table_.skip.end(),
                       [&](const SkipRule& row) { return name.starts_with(row.prefix); });
      if (rule == table_.skip.end()) return unknown(name, tensor);
      TensorCount& count = skipped[static_cast<size_t>(rule - table_.skip.begin())];
      ++count.tensors;
      count.bytes += tensor.size_bytes;
    }
    for (size_t i = 0; i < skipped.size(); ++i)
      if (skipped[i].tensors > 0) map_.report.skipped.push_back({table_.skip[i].name, skipped[i]});
    return {};
  }

  std::unexpected<Error> unknown(const std::string& name, const TensorRef& tensor) const {
    const std::string where =
        fmt::format("{}: tensor {}", place(checkpoint_, &tensor), in_quotes(name));
    if (const auto layer = layer_of(name)) {
      if (*layer >= config_.layers.size())
        return corrupt("{} is of layer {}, but the config says that num_hidden_layers is {}", where,
                       *layer, config_.layers.size());
      return corrupt("{} does not belong in layer {}, which the config says is {}", where, *layer,
                     model::name(config_.layers[*layer]));
    }
    return corrupt("{} is not known to {}", where, architecture_);
  }

  // The layer number in the name of a tensor that some row knows.
  std::optional<uint64_t> layer_of(std::string_view name) const {
    const std::string prefix = fmt::format("{}{}.", text_prefix(), kLayers);
    if (!name.starts_with(prefix)) return std::nullopt;
    name.remove_prefix(prefix.size());
    uint64_t layer = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), layer);
    if (error != std::errc() || std::to_string(layer).size() != size_t(end - name.data()))
      return std::nullopt;
    name.remove_prefix(static_cast<size_t>(end - name.data()));
    if (!name.starts_with('.')) return std::nullopt;
    name.remove_prefix(1);
    for (const NameRow& row : table_.rows) {
      const auto parts = row.parts();
      if (per_layer(row.where) && std::find(parts.begin(), parts.end(), name) != parts.end())
        return layer;
    }
    return std::nullopt;
  }

  // A role is there whole, or may be absent; its types are ones that this build reads.
  Status check(const Bound& bound) const {
    const bool optional =
        bound.row->presence == Presence::kOptional ||
        (bound.row->presence == Presence::kUnlessTied && config_.tied.value_or(true));
    for (const graph::StoredPart& part : bound.binding->parts) {
      if (part.tensor.source == nullptr) {
        if (!bound.binding->present && optional) return {};
        return fail(ErrorCode::kNotFound, "{}: tensor {} is missing", place(checkpoint_, nullptr),
                    in_quotes(part.name));
      }
      if (!is_float(part.tensor.dtype))
        return unsupported("{}: tensor {}: expected F32, F16 or BF16, found {}",
                           place(checkpoint_, &part.tensor), in_quotes(part.name),
                           tensor::name(part.tensor.dtype));
    }
    return {};
  }

  const NameTable& table_;
  std::string_view architecture_;
  const ModelConfig& config_;
  const Checkpoint& checkpoint_;
  NameMap map_;
  std::vector<Bound> bound_;  // in the table's order
  std::set<std::string, std::less<>> claimed_;
};

}  // namespace

Result<NameMap> map_names(const NameTable& table, std::string_view architecture,
                          const ModelConfig& config, const Checkpoint& checkpoint) {
  return Mapper(table, architecture, config, checkpoint).run();
}

}  // namespace gerbil::model
