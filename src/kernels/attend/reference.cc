#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/kernel.h"

namespace gerbil::kernels::attend {
namespace {

using graph::kPagePositions;

class Cache {
 public:
  Cache(const KvView& kv, const graph::Run& run)
      : kv_(kv), pages_(run.page_tables[static_cast<size_t>(kv.number)]) {}

  float key(int64_t position, int64_t kv_head, int64_t i) const {
    return read(page(position), kv_.key_offset(kv_head, position % kPagePositions) + i);
  }
  float value(int64_t position, int64_t kv_head, int64_t i) const {
    return read(page(position), kv_.value_offset(kv_head, position % kPagePositions) + i);
  }
  void store(int64_t position, int64_t kv_head, int64_t i, float key, float value) const {
    write(page(position), kv_.key_offset(kv_head, position % kPagePositions) + i, key);
    write(page(position), kv_.value_offset(kv_head, position % kPagePositions) + i, value);
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
    for (int64_t i = 0; i < k.dim; ++i)
      cache.store(position, head, i, k.f32(row, head)[i], v.f32(row, head)[i]);
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
