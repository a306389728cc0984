#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/attend/q8.h"
#include "kernels/kernel.h"

namespace gerbil::kernels::attend {
namespace {

using graph::kPagePositions;

class Cache {
 public:
  Cache(const KvView& kv, const graph::Run& run)
      : kv_(kv), pages_(run.page_tables[static_cast<size_t>(kv.number)]) {}

  float key(int64_t position, int64_t kv_head, int64_t i) const {
    const int64_t in_page = position % kPagePositions;
    if (kv_.type == graph::KvType::kQ8)
      return Q8Block::keys(kv_, page(position), kv_head).number(in_page, i);
    return read(page(position), kv_.key_offset(kv_head, in_page) + i);
  }
  float value(int64_t position, int64_t kv_head, int64_t i) const {
    const int64_t in_page = position % kPagePositions;
    if (kv_.type == graph::KvType::kQ8)
      return Q8Block::values(kv_, page(position), kv_head).number(in_page, i);
    return read(page(position), kv_.value_offset(kv_head, in_page) + i);
  }
  // A row's key and value of one kv head.
  void store(int64_t position, int64_t kv_head, const float* key, const float* value) const {
    const int64_t in_page = position % kPagePositions;
    if (kv_.type == graph::KvType::kQ8) {
      quantize(Q8Block::keys(kv_, page(position), kv_head), in_page, key);
      quantize(Q8Block::values(kv_, page(position), kv_head), in_page, value);
      return;
    }
    for (int64_t i = 0; i < kv_.head_dim; ++i) {
      write(page(position), kv_.key_offset(kv_head, in_page) + i, key[i]);
      write(page(position), kv_.value_offset(kv_head, in_page) + i, value[i]);
    }
  }

 private:
  std::byte* page(int64_t position) const {
    return kv_.page(pages_[static_cast<size_t>(position / kPagePositions)]);
  }
  float read(const std::byte* page, int64_t element) const {
    if (kv_.type == graph::KvType::kF32) return reinterpret_cast<const float*>(page)[element];
    return to_float(reinterpret_cast<const Half*>(page)[element]);
  }
  void write(std::byte* page, int64_t element, float value) const {
    if (kv_.type == graph::KvType::kF32)
      reinterpret_cast<float*>(page)[element] = value;
    else
      reinterpret_cast<Half*>(page)[element] = to_half(value);
  }
  static void quantize(const Q8Block& block, int64_t position, const float* numbers) {
    for (int64_t i = 0; i < block.dim; i += graph::kKvGroup)
      block.scale(position, i) = quantize_group(
          numbers + i, std::min(graph::kKvGroup, block.dim - i), block.code(position, i));
  }

  const KvView& kv_;
  Span<const int32_t> pages_;
};

const graph::Run& run_of(const Call& call, int64_t row) {
  const auto number = call.step->run_of_row[static_cast<size_t>(row)];
  return call.step->batch->runs[static_cast<size_t>(number)];
}

void store_row(const Call& call, int64_t row) {
  const TensorView& k = call.inputs[1];
  const TensorView& v = call.inputs[2];
  const Cache cache(call.kv, run_of(call, row));
  const int64_t position = call.step->batch->index[static_cast<size_t>(row)];
  for (int64_t head = 0; head < k.heads; ++head)
    cache.store(position, head, k.f32(row, head), v.f32(row, head));
}

void attend_row(const Call& call, int64_t row) {
  const auto& attributes = call.attributes<graph::Attend>();
  const TensorView& q = call.inputs[0];
  const Cache cache(call.kv, run_of(call, row));
  const int64_t index = call.step->batch->index[static_cast<size_t>(row)];
  const int64_t last = call.step->batch->see_until[static_cast<size_t>(row)];
  const int64_t first =
      attributes.window == 0 ? 0 : std::max<int64_t>(0, index - attributes.window + 1);
  std::vector<float> weights(static_cast<size_t>(last - first + 1));

  for (int64_t head = 0; head < q.heads; ++head) {
    const int64_t kv_head = head / (q.heads / call.kv.kv_heads);
    const float* query = q.f32(row, head);
    float* out = call.outputs[0].f32(row, head);
    float largest = -INFINITY;
    for (int64_t j = first; j <= last; ++j) {
      float dot = 0;
      for (int64_t i = 0; i < q.dim; ++i) dot += query[i] * cache.key(j, kv_head, i);
      const float score = attributes.scale * dot;
      weights[static_cast<size_t>(j - first)] = score;
      largest = std::max(largest, score);
    }
    float sum = 0;
    for (float& weight : weights) {
      weight = std::exp(weight - largest);
      sum += weight;
    }
    for (int64_t i = 0; i < q.dim; ++i) {
      float total = 0;
      for (int64_t j = first; j <= last; ++j)
        total += weights[static_cast<size_t>(j - first)] * cache.value(j, kv_head, i);
      out[i] = total / sum;
    }
  }
}

}  // namespace

void reference(const Call& call) {
  const int64_t rows = call.inputs[0].rows;
  if (call.inputs.size() > 1)
    for (int64_t row = 0; row < rows; ++row) store_row(call, row);
  call.pool->parallel_for(rows, [&](int64_t row) { attend_row(call, row); });
}

}  // namespace gerbil::kernels::attend
