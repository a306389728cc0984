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

bool of_vision(Where where) { return where == Where::kVision || where == Where::kVisionBlocks; }

bool per_layer(Where where) {
  return where != Where::kTop && where != Where::kText && !of_vision(where);
}

bool has_layer(Where where, const ModelConfig& config, size_t layer) {
  const bool linear = config.layers[layer] == LayerType::kLinearAttention;
  const bool sparse = config.is_sparse(static_cast<int64_t>(layer));
  switch (where) {
    case Where::kEveryLayer:
      return true;
    case Where::kAttentionLayers:
      return !linear;
    case Where::kLinearAttentionLayers:
      return linear;
    case Where::kDenseLayers:
      return !sparse;
    case Where::kSparseLayers:
      return sparse;
    case Where::kTop:
    case Where::kText:
    case Where::kVision:
    case Where::kVisionBlocks:
      return false;
  }
  return false;
}

// "full_attention", and in a model with experts what else the layer is made of.
std::string describe_layer(const ModelConfig& config, uint64_t layer) {
  const std::string_view type = name(config.layers[layer]);
  if (config.sparse.empty()) return std::string(type);
  return fmt::format("{} {} experts", type,
                     config.is_sparse(static_cast<int64_t>(layer)) ? "with" : "without");
}

// A number without leading zeros at the start of `text`, which is left behind it.
std::optional<uint64_t> take_number(std::string_view& text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto length = static_cast<size_t>(end - text.data());
  if (error != std::errc() || std::to_string(number).size() != length) return std::nullopt;
  text.remove_prefix(length);
  return number;
}

constexpr char kExpertNumber = '*';

bool is_per_expert(std::string_view pattern) { return pattern.contains(kExpertNumber); }

std::string of_expert(std::string_view pattern, uint64_t expert) {
  const size_t star = pattern.find(kExpertNumber);
  return fmt::format("{}{}{}", pattern.substr(0, star), expert, pattern.substr(star + 1));
}

// Is `name` the pattern's, and if it is an expert's, of which one?
struct NameMatch {
  std::optional<uint64_t> expert;
};
std::optional<NameMatch> match(std::string_view pattern, std::string_view name) {
  const size_t star = pattern.find(kExpertNumber);
  if (star == std::string_view::npos)
    return name == pattern ? std::optional(NameMatch{}) : std::nullopt;
  if (!name.starts_with(pattern.substr(0, star))) return std::nullopt;
  name.remove_prefix(star);
  const auto expert = take_number(name);
  if (!expert || name != pattern.substr(star + 1)) return std::nullopt;
  return NameMatch{expert};
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
         const Checkpoint& checkpoint, const VisionNames& vision)
      : table_(table),
        architecture_(architecture),
        config_(config),
        checkpoint_(checkpoint),
        vision_(vision) {}

  Result<NameMap> run() {
    for (const NameRow& row : table_.rows) {
      if (!per_layer(row.where)) bind(row, "", row.where == Where::kTop ? "" : text_prefix());
      for (size_t i = 0; i < config_.layers.size(); ++i)
        if (has_layer(row.where, config_, i))
          bind(row, fmt::format("{}.{}.", kLayers, i),
               fmt::format("{}{}.{}.", text_prefix(), kLayers, i));
    }
    if (vision_.family != nullptr) bind_vision();
    GERBIL_CHECK_OK(account());
    for (const Bound& bound : bound_) GERBIL_CHECK_OK(check(bound));
    map_.report.names = std::move(claimed_);
    return std::move(map_);
  }

 private:
  struct Bound {
    const NameRow* row;
    graph::WeightBinding* binding;
  };

  std::string text_prefix() const { return fmt::format("{}.", table_.text_prefix); }

  void bind_vision() {
    const std::string_view prefix = vision_.family->prefix;
    for (const NameRow& row : vision_.family->names) {
      if (row.where == Where::kVision) {
        bind(row, "vision.", fmt::format("{}.", prefix));
        continue;
      }
      for (int64_t i = 0; i < vision_.depth; ++i)
        bind(row, fmt::format("vision.blocks.{}.", i), fmt::format("{}.blocks.{}.", prefix, i));
    }
  }

  // Left alone by a rule, unless it is the encoder's and that was asked for.
  bool skips(const SkipRule& rule, std::string_view name) const {
    if (!name.starts_with(rule.prefix)) return false;
    return vision_.family == nullptr || !name.starts_with(vision_.family->prefix);
  }

  void bind(const NameRow& row, std::string_view role_prefix, std::string_view stored_prefix) {
    graph::WeightBinding binding{.transform = row.transform, .present = false};
    const auto add = [&](std::string_view part) { return add_part(binding, stored_prefix, part); };
    if (!is_per_expert(row.hf[0])) {
      for (std::string_view part : row.parts()) add(part);
    } else if (checkpoint_.find(fmt::format("{}{}", stored_prefix, row.whole)) != nullptr) {
      add(row.whole);
    } else {
      // The first one that is missing ends it: a config may claim more experts than names fit the
      // memory.
      bool complete = true;
      for (int64_t e = 0; complete && e < config_.experts.count; ++e)
        for (std::string_view part : row.parts())
          complete = complete && add(of_expert(part, static_cast<uint64_t>(e)));
    }
    const auto [entry, added] =
        map_.weights.emplace(fmt::format("{}{}", role_prefix, row.role), std::move(binding));
    GERBIL_ASSERT(added);
    bound_.push_back({&row, &entry->second});
  }

  // Is it in the checkpoint?
  bool add_part(graph::WeightBinding& binding, std::string_view stored_prefix,
                std::string_view part) {
    std::string name = fmt::format("{}{}", stored_prefix, part);
    const TensorRef* tensor = checkpoint_.find(name);
    if (tensor != nullptr) {
      binding.present = true;
      claimed_.emplace(name);
      ++map_.report.claimed.tensors;
      map_.report.claimed.bytes += tensor->size_bytes;
    }
    binding.parts.push_back({std::move(name), tensor != nullptr ? *tensor : TensorRef{}});
    return tensor != nullptr;
  }

  // Every stored tensor is claimed or skipped.
  Status account() {
    std::vector<TensorCount> skipped(table_.skip.size());
    for (const auto& [name, tensor] : checkpoint_.tensors) {
      if (claimed_.contains(name)) continue;
      const auto rule = std::find_if(table_.skip.begin(), table_.skip.end(),
                                     [&](const SkipRule& row) { return skips(row, name); });
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
    const auto at = place_of(name);
    if (!at) return corrupt("{} is not known to {}", where, architecture_);
    if (at->layer >= config_.layers.size())
      return corrupt("{} is of layer {}, but the config says that num_hidden_layers is {}", where,
                     at->layer, config_.layers.size());
    const bool belongs = has_layer(at->row->where, config_, at->layer);
    if (belongs && at->expert && *at->expert >= static_cast<uint64_t>(config_.experts.count))
      return corrupt("{} is of expert {}, but the config says that there are {}", where,
                     *at->expert, config_.experts.count);
    if (belongs) {  // experts, behind one that is missing or beside the tensor of them all
      const auto& parts =
          map_.weights.find(fmt::format("{}.{}.{}", kLayers, at->layer, at->row->role))
              ->second.parts;
      if (parts.back().tensor.source == nullptr) return missing(parts.back());
      return corrupt("{} is there twice: {} is, too", where, in_quotes(parts.front().name));
    }
    return corrupt("{} does not belong in layer {}, which the config says is {}", where, at->layer,
                   describe_layer(config_, at->layer));
  }

  // Where a tensor stands that some row of a layer knows.
  struct Place {
    const NameRow* row;
    uint64_t layer;
    std::optional<uint64_t> expert;
  };
  std::optional<Place> place_of(std::string_view name) const {
    const std::string prefix = fmt::format("{}{}.", text_prefix(), kLayers);
    if (!name.starts_with(prefix)) return std::nullopt;
    name.remove_prefix(prefix.size());
    const auto layer = take_number(name);
    if (!layer || !name.starts_with('.')) return std::nullopt;
    name.remove_prefix(1);
    for (const NameRow& row : table_.rows) {
      if (!per_layer(row.where)) continue;
      if (!row.whole.empty() && name == row.whole) return Place{&row, *layer, {}};
      for (std::string_view part : row.parts())
        if (const auto found = match(part, name)) return Place{&row, *layer, found->expert};
    }
    return std::nullopt;
  }

  std::unexpected<Error> missing(const graph::StoredPart& part) const {
    return fail(ErrorCode::kNotFound, "{}: tensor {} is missing", place(checkpoint_, nullptr),
                in_quotes(part.name));
  }

  // A role is there whole, or may be absent; its types are ones that this build reads.
  Status check(const Bound& bound) const {
    const bool optional =
        bound.row->presence == Presence::kOptional ||
        (bound.row->presence == Presence::kUnlessTied && config_.tied.value_or(true));
    for (const graph::StoredPart& part : bound.binding->parts) {
      if (part.tensor.source == nullptr) {
        if (!bound.binding->present && optional) return {};
        return missing(part);
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
  VisionNames vision_;
  NameMap map_;
  std::vector<Bound> bound_;  // in the table's order
  std::set<std::string, std::less<>> claimed_;
};

}  // namespace

Result<NameMap> map_names(const NameTable& table, std::string_view architecture,
                          const ModelConfig& config, const Checkpoint& checkpoint,
                          const VisionNames& vision) {
  return Mapper(table, architecture, config, checkpoint, vision).run();
}

}  // namespace gerbil::model
