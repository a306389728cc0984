#include "backend/host/weights.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <vector>

namespace gerbil::backend {
namespace {

using tensor::DType;

// Rows are decoded in slices, so that memory beside the packed weight stays small.
constexpr uint64_t kSliceBytes = uint64_t{4} << 20;

// What a weight is stored as once packed.
DType packed_type(const graph::Weight& weight, const graph::WeightBinding& binding,
                  WeightChoice choice) {
  if (weight.use == graph::WeightUse::kVector || choice == WeightChoice::kF32) return DType::kF32;
  if (choice == WeightChoice::kBF16) return DType::kBF16;
  const DType first = binding.parts.front().tensor.dtype;
  for (const graph::StoredPart& part : binding.parts)
    if (part.tensor.dtype != first)
      return DType::kF32;  // parts of mixed types: the one that holds them all
  return first == DType::kF64 ? DType::kF32 : first;
}

std::string_view encoding_name(DType type) {
  return type == DType::kBF16 ? "bf16" : type == DType::kF16 ? "f16" : "f32";
}

// One tensor, taken as it lies in the file.
std::optional<Bytes> borrow(const graph::WeightBinding& binding, DType type) {
  if (binding.parts.size() != 1 || binding.transform != graph::LoadTransform::kNone)
    return std::nullopt;
  const tensor::TensorRef& stored = binding.parts.front().tensor;
  if (stored.dtype != type) return std::nullopt;
  const auto bytes = stored.source->view(stored.offset_bytes, stored.size_bytes);
  if (!bytes || reinterpret_cast<uintptr_t>(bytes->data()) % tensor::size_bytes(type) != 0)
    return std::nullopt;
  return bytes;
}

// Decodes rows [first, first + count) of a stored tensor to `type` at `out`.
Status pack_rows(const tensor::TensorRef& stored, uint64_t first, uint64_t count,
                 graph::LoadTransform transform, DType type, std::byte* out) {
  const uint64_t elements = count * column_count(stored);
  if (stored.dtype == type && transform == graph::LoadTransform::kNone)
    return read_rows(stored, first, count,
                     {out, static_cast<size_t>(elements * tensor::size_bytes(type))});
  if (type == DType::kF32) {
    const Span<float> decoded(reinterpret_cast<float*>(out), elements);
    GERBIL_CHECK_OK(read_rows_f32(stored, first, count, decoded));
    if (transform == graph::LoadTransform::kAddOne)
      for (float& value : decoded) value += 1.0f;
    return {};
  }
  GERBIL_ASSERT(type == DType::kBF16);
  std::vector<float> decoded(elements);
  GERBIL_CHECK_OK(read_rows_f32(stored, first, count, decoded));
  auto* rounded = reinterpret_cast<BFloat16*>(out);
  std::ranges::transform(decoded, rounded, to_bfloat16);
  return {};
}

// Experts in one tensor as the rows of all of them: a row of [experts, out, in] would be one whole
// expert, too much for a slice.
tensor::TensorRef as_rows(tensor::TensorRef stored) {
  if (stored.shape.rank() == 3 && stored.shape[2] > 0)
    stored.shape = {stored.shape[0] * stored.shape[1], stored.shape[2]};
  return stored;
}

struct Slice {
  tensor::TensorRef stored;
  uint64_t first, count;
  std::byte* out;
};

}  // namespace

Result<HostWeights::Entry> HostWeights::load_one(const graph::Weight& weight,
                                                 const graph::WeightBinding& binding,
                                                 WeightChoice choice, platform::ThreadPool& pool) {
  const bool vector = weight.use == graph::WeightUse::kVector;
  const bool experts = weight.use == graph::WeightUse::kExperts;
  const DType type = packed_type(weight, binding, choice);
  const uint64_t elements = *weight.shape.elements();
  Entry entry;
  entry.view.dtype = type;
  entry.view.count = experts ? static_cast<int64_t>(weight.shape[0]) : 1;
  entry.view.rows =
      vector && weight.shape.rank() == 1 ? 1 : static_cast<int64_t>(weight.shape[experts ? 1 : 0]);
  entry.view.columns = static_cast<int64_t>(elements) / (entry.view.count * entry.view.rows);
  if (const auto bytes = borrow(binding, type)) {
    entry.view.data = bytes->data();
    entry.mapped = binding.parts.front().tensor.source;
    return entry;
  }

  GERBIL_TRY(entry.owned, AlignedBuffer::allocate(elements * tensor::size_bytes(type),
                                                  fmt::format("weight \"{}\"", weight.role)));
  entry.view.data = entry.owned.data();
  std::vector<Slice> slices;
  std::byte* out = entry.owned.data();
  for (const graph::StoredPart& part : binding.parts) {
    const tensor::TensorRef stored = experts ? as_rows(part.tensor) : part.tensor;
    const uint64_t row_bytes = std::max<uint64_t>(1, column_count(stored) * sizeof(float));
    const uint64_t step = std::max<uint64_t>(1, kSliceBytes / row_bytes);
    for (uint64_t first = 0; first < row_count(stored); first += step) {
      const uint64_t count = std::min(step, row_count(stored) - first);
      slices.push_back({stored, first, count, out});
      out += count * column_count(stored) * tensor::size_bytes(type);
    }
  }
  GERBIL_ASSERT(out == entry.owned.data() + entry.owned.size_bytes());
  std::vector<Status> outcome(slices.size());
  pool.parallel_for(static_cast<int64_t>(slices.size()), [&](int64_t i) {
    const Slice& slice = slices[static_cast<size_t>(i)];
    outcome[static_cast<size_t>(i)] =
        pack_rows(slice.stored, slice.first, slice.count, binding.transform, type, slice.out);
  });
  for (Status& status : outcome) GERBIL_CHECK_OK(std::move(status));
  return entry;
}

Result<std::shared_ptr<const HostWeights>> HostWeights::load(const graph::Graph& graph,
                                                             const graph::WeightMap& map,
                                                             WeightChoice choice,
                                                             platform::ThreadPool& pool,
                                                             const Progress& progress) {
  auto weights = std::make_shared<HostWeights>();
  const auto stored_bytes = [&](const graph::Weight& weight) {
    uint64_t sum = 0;
    for (const graph::StoredPart& part : map.find(weight.role)->second.parts)
      sum += part.tensor.size_bytes;
    return sum;
  };
  uint64_t total = 0;
  for (const graph::Weight& weight : graph.weights) total += stored_bytes(weight);
  uint64_t done = 0;
  for (const graph::Weight& weight : graph.weights) {
    GERBIL_TRY(Entry entry, load_one(weight, map.find(weight.role)->second, choice, pool));
    weights->size_bytes_ += *weight.shape.elements() * tensor::size_bytes(entry.view.dtype);
    weights->entries_.emplace(weight.role, std::move(entry));
    done += stored_bytes(weight);
    if (progress) progress(done, total);
  }
  return weights;
}

std::vector<PackedWeight> HostWeights::measure(const graph::Graph& graph,
                                               const graph::WeightMap& map, WeightChoice choice) {
  std::vector<PackedWeight> all;
  for (const graph::Weight& weight : graph.weights) {
    const graph::WeightBinding& binding = map.find(weight.role)->second;
    const DType type = packed_type(weight, binding, choice);
    all.push_back({.role = weight.role,
                   .encoding = encoding_name(type),
                   .size_bytes = *weight.shape.elements() * tensor::size_bytes(type),
                   .mapped = borrow(binding, type).has_value()});
  }
  return all;
}

const kernels::WeightView* HostWeights::find(std::string_view role) const {
  const auto found = entries_.find(role);
  return found == entries_.end() ? nullptr : &found->second.view;
}

}  // namespace gerbil::backend
