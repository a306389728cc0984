#include "backend/host/weights.h"

#include <utility>

#include "backend/host/pack.h"
#include "platform/huge_pages.h"

namespace gerbil::backend {
namespace {

uint64_t packed_bytes(const kernels::WeightView& view) {
  return view.matrix_bytes() * static_cast<uint64_t>(view.count);
}

uint64_t whole_lines(uint64_t bytes) { return round_up(bytes, AlignedBuffer::kAlignment); }

bool aligned(Bytes bytes, uint64_t alignment) {
  return reinterpret_cast<uintptr_t>(bytes.data()) % alignment == 0;
}

// One tensor, taken as it lies in the file.
std::optional<Bytes> borrow(const graph::WeightBinding& binding, const WeightForm& form) {
  if (form.tiles || binding.parts.size() != 1 || binding.transform != graph::LoadTransform::kNone)
    return std::nullopt;
  const tensor::TensorRef& stored = binding.parts.front().tensor;
  if (stored.dtype != form.dtype) return std::nullopt;
  const auto bytes = stored.source->view(stored.offset_bytes, stored.size_bytes);
  if (!bytes || !aligned(*bytes, tensor::size_bytes(form.dtype))) return std::nullopt;
  return bytes;
}

std::string key_of(const graph::Weight& weight, const WeightForm& form) {
  const kernels::WeightView view = shape_view(weight, form);
  return fmt::format("{} {}x{}x{} {}", weight.role, view.count, view.rows, view.columns,
                     layout_name(form));
}

uint64_t stored_bytes(const graph::WeightBinding& binding) {
  uint64_t sum = 0;
  for (const graph::StoredPart& part : binding.parts) sum += part.tensor.size_bytes;
  return sum;
}

}  // namespace

HostWeights::Entry HostWeights::find_packed(const graph::Weight& weight,
                                            const graph::WeightBinding& binding,
                                            const WeightForm& form, const PackedCache* cache) {
  Entry entry{.view = shape_view(weight, form)};
  if (const auto bytes = borrow(binding, form)) {
    entry.view.data = bytes->data();
    entry.mapped = binding.parts.front().tensor.source;
    return entry;
  }
  if (!form.tiles) return entry;
  entry.key = key_of(weight, form);
  if (auto found = cache == nullptr ? std::nullopt : cache->find(entry.key);
      found && found->bytes.size() == packed_bytes(entry.view) &&
      aligned(found->bytes, AlignedBuffer::kAlignment)) {
    entry.view.data = found->bytes.data();
    entry.mapped = std::move(found->owner);
  }
  return entry;
}

Result<std::shared_ptr<const HostWeights>> HostWeights::load(const graph::Graph& graph,
                                                             const graph::WeightMap& map,
                                                             const WeightOptions& options,
                                                             platform::Isa isa,
                                                             platform::ThreadPool& pool) {
  auto weights = std::make_shared<HostWeights>();
  const std::vector<WeightForm> forms = choose_forms(graph, map, options.choice);
  const auto binding = [&](const graph::Weight& weight) -> const graph::WeightBinding& {
    return map.find(weight.role)->second;
  };
  uint64_t total = 0;
  uint64_t to_pack = 0;
  std::vector<Entry> entries;
  for (size_t id = 0; id < forms.size(); ++id) {
    const graph::Weight& weight = graph.weights[id];
    entries.push_back(find_packed(weight, binding(weight), forms[id], options.cache));
    const uint64_t size = packed_bytes(entries.back().view);
    weights->size_bytes_ += size;
    if (entries.back().view.data == nullptr) to_pack += whole_lines(size);
    total += stored_bytes(binding(weight));
  }
  GERBIL_TRY(weights->packed_, platform::allocate_large(to_pack, "the weights"));
  std::byte* next = weights->packed_.data();
  uint64_t done = 0;
  for (size_t id = 0; id < forms.size(); ++id) {
    const graph::Weight& weight = graph.weights[id];
    Entry& entry = entries[id];
    if (entry.view.data == nullptr) {
      entry.view.data = next;
      GERBIL_CHECK_OK(pack(StackedRows(binding(weight), isa), entry.view, pool, next));
      next += whole_lines(packed_bytes(entry.view));
    }
    weights->entries_.emplace(weight.role, std::move(entry));
    done += stored_bytes(binding(weight));
    if (options.progress) options.progress(done, total);
  }
  return weights;
}

std::vector<PackedWeight> HostWeights::measure(const graph::Graph& graph,
                                               const graph::WeightMap& map, WeightChoice choice) {
  const std::vector<WeightForm> forms = choose_forms(graph, map, choice);
  std::vector<PackedWeight> all;
  for (size_t id = 0; id < forms.size(); ++id) {
    const graph::Weight& weight = graph.weights[id];
    const graph::WeightBinding& binding = map.find(weight.role)->second;
    all.push_back({.role = weight.role,
                   .encoding = encoding_name(forms[id]),
                   .size_bytes = packed_bytes(shape_view(weight, forms[id])),
                   .mapped = borrow(binding, forms[id]).has_value()});
  }
  return all;
}

std::vector<Weights::Quantized> HostWeights::quantized() const {
  std::vector<Quantized> all;
  for (const auto& [role, entry] : entries_)
    if (!entry.key.empty())
      all.push_back({.key = entry.key,
                     .bytes = {entry.view.bytes(), static_cast<size_t>(packed_bytes(entry.view))},
                     .from_cache = entry.mapped != nullptr});
  return all;
}

const kernels::WeightView* HostWeights::find(std::string_view role) const {
  const auto found = entries_.find(role);
  return found == entries_.end() ? nullptr : &found->second.view;
}

}  // namespace gerbil::backend
