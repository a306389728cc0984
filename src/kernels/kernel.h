// What a host kernel is handed: one node of a step, bound to memory.
//
// A kernel is a plain function. It computes every row of its outputs from its inputs, spreads work
// with the pool, keeps no state of its own, and must give the same bits for every number of
// threads: each output element is computed by one task in a fixed order. Views never overlap
// outputs unless the graph says so (slices of one value). Everything was checked when the plan was
// made; a kernel cannot fail.
#pragma once

#include <cstdint>
#include <optional>

#include "base/half.h"
#include "base/span.h"
#include "graph/batch.h"
#include "graph/graph.h"
#include "graph/state.h"
#include "kernels/int8_rows.h"
#include "kernels/packed_tiles.h"
#include "platform/cpu_features.h"
#include "platform/thread_pool.h"
#include "tensor/dtype.h"

namespace gerbil::kernels {

// [rows, heads, dim] with dim contiguous; strides in elements.
struct TensorView {
  void* data = nullptr;
  tensor::DType dtype = tensor::DType::kF32;
  int64_t rows = 0;
  int64_t heads = 1;
  int64_t dim = 0;
  int64_t row_stride = 0;
  int64_t head_stride = 0;

  float* f32(int64_t row, int64_t head = 0) const {
    return static_cast<float*>(data) + row * row_stride + head * head_stride;
  }
  int32_t* i32(int64_t row = 0) const {  // ids: [rows, 1, dim]
    return static_cast<int32_t*>(data) + row * row_stride;
  }
  int64_t width() const { return heads * dim; }
  // A row is one unbroken run of heads * dim numbers.
  bool contiguous_rows() const { return heads == 1 || head_stride == dim; }
};

// A packed weight [rows, columns]: without gaps, or group-quantised in tiles (packed_tiles.h).
// Vectors are f32 with rows = 1. Experts are `count` such matrices, one after another, each packed
// as if it were alone.
struct WeightView {
  const void* data = nullptr;
  tensor::DType dtype = tensor::DType::kF32;  // f32, f16 or bf16, where it is not in tiles
  int64_t rows = 0;
  int64_t columns = 0;
  int64_t count = 1;
  std::optional<tensor::quant::GroupFormat> tiles = std::nullopt;

  const float* f32() const { return static_cast<const float*>(data); }
  const std::byte* bytes() const { return static_cast<const std::byte*>(data); }
  TileLayout layout() const { return {*tiles, rows, columns}; }
  uint64_t matrix_bytes() const {
    if (tiles) return layout().size_bytes();
    return static_cast<uint64_t>(rows * columns) * tensor::size_bytes(dtype);
  }
  // The i-th matrix.
  WeightView matrix(int64_t i) const {
    WeightView one = *this;
    one.data = bytes() + static_cast<uint64_t>(i) * matrix_bytes();
    one.count = 1;
    return one;
  }
};

// The pages of one KV state's pool.
struct KvView {
  graph::KvType type = graph::KvType::kF16;
  int64_t kv_heads = 0;
  int64_t head_dim = 0;
  int32_t number = -1;  // of the state: index into Run::page_tables
  Span<std::byte* const> segments;
  int64_t pages_per_segment = 0;
  uint64_t page_bytes = 0;

  std::byte* page(int32_t id) const {
    return segments[static_cast<size_t>(id / pages_per_segment)] +
           static_cast<uint64_t>(id % pages_per_segment) * page_bytes;
  }
  // Element numbers inside a page of f32 or f16, of `position` (0 to 31) of a kv head.
  int64_t key_offset(int64_t kv_head, int64_t position) const {
    return (kv_head * graph::kPagePositions + position) * head_dim;
  }
  int64_t value_offset(int64_t kv_head, int64_t position) const {
    return key_offset(kv_heads + kv_head, position);
  }
};

// The slots of one recurrent state.
struct SlotView {
  Span<float* const> segments;
  int64_t slots_per_segment = 0;
  int64_t slot_elements = 0;  // of a whole slot
  int64_t offset = 0;         // of this state in a slot
  int64_t elements = 0;       // of this state

  float* slot(int32_t id) const {
    return segments[static_cast<size_t>(id / slots_per_segment)] +
           (id % slots_per_segment) * slot_elements + offset;
  }
};

struct Step {
  const graph::Batch* batch = nullptr;
  Span<const int32_t> run_of_row;  // [rows]
  Span<const int32_t> token;       // [rows] Batch::token with kFromStep resolved
  int64_t first_wanted = 0;  // this call computes wanted rows [first_wanted, first_wanted + wanted)
  int64_t wanted = 0;
};

// Who computes.
struct Team {
  int threads = 1;
  platform::Isa isa = platform::Isa::kBaseline;
};

struct Call {
  const graph::Op* op = nullptr;
  Span<const TensorView> inputs;
  Span<const TensorView> outputs;
  Span<const WeightView> weights;
  KvView kv;       // where the node has a KV state
  SlotView slots;  // where the node has a recurrent state
  const Step* step = nullptr;
  platform::ThreadPool* pool = nullptr;
  platform::Isa isa = platform::Isa::kBaseline;  // the level to run on; the processor supports it
  bool int8_activations = false;  // rows are quantised for products with weights in tiles
  Int8Rows int8_input;            // the first input as codes too, where it came with them
  Int8Rows int8_output;           // wanted: the last output, without gaps, as codes too
  Span<std::byte> scratch;        // 64-byte aligned, as many bytes as the row asked for

  template <class T>
  const T& attributes() const {
    return std::get<T>(*op);
  }
};

}  // namespace gerbil::kernels
