// Case: one call of an operation as data, which the shared test and the shared benchmark turn into
// memory (bound_case.h) and hand to every registered kernel of that operation.
//
// A kernel folder's cases.h lists cases that cover 0 rows, 1 row, tails of vectors and tiles,
// misaligned and gapped views, every dtype, and the sizes of real models. Plain data: copy freely.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "graph/batch.h"
#include "graph/op.h"
#include "graph/state.h"
#include "tensor/dtype.h"
#include "tensor/quant/group_format.h"

namespace gerbil::kernels::testing {

// A value [rows, heads, dim]. Inputs hold the given numbers, else normal ones around `mean`.
struct ViewSpec {
  int64_t rows = 0;
  int64_t heads = 1;
  int64_t dim = 0;
  int64_t row_gap = 0;   // elements between the end of a row and the next one
  int64_t head_gap = 0;  // likewise of heads
  int64_t shift = 0;     // elements that the first one lies behind a 64-byte boundary
  float scale = 1;
  float mean = 0;
  tensor::DType dtype = tensor::DType::kF32;
  std::vector<float> values = {};
  std::vector<int32_t> ids = {};  // of an i32 input [rows, 1, dim]
};

struct WeightSpec {
  int64_t rows = 1;  // 1: a vector
  int64_t columns = 0;
  int64_t count = 1;  // matrices: more for experts
  tensor::DType dtype = tensor::DType::kF32;
  float scale = 1;
  float mean = 0;
  int64_t shift = 0;
  std::vector<float> values = {};
  std::optional<tensor::quant::GroupFormat> tiles = {};  // random codes and parameters instead
};

struct KvSpec {
  graph::KvType type = graph::KvType::kF16;
  int64_t kv_heads = 1;
  int64_t head_dim = 0;
  int32_t pages = 0;              // in the pool; filled with normal numbers
  int64_t pages_per_segment = 4;  // more than one segment as soon as there are more pages
  float scale = 1;
};

struct SlotSpec {
  int64_t elements = 0;  // of the operation's state
  int64_t offset = 0;    // of it in a slot
  int64_t slot_elements = 0;
  int32_t slots = 0;
  int64_t slots_per_segment = 2;
  float scale = 1;
};

struct RunSpec {
  int32_t count = 0;           // rows
  std::vector<int32_t> pages;  // the run's page table, where the case has a KV state
  int32_t state_in = graph::kZeroState;
  std::vector<graph::StateWrite> writes;
};

struct BatchSpec {
  std::vector<int32_t>
      soft;  // rows whose embedding is given, ascending; filled with normal numbers
  std::vector<int32_t> index;
  std::vector<int32_t> see_until;
  std::vector<RunSpec> runs;  // none: one run of all rows
  std::vector<graph::PatchGroup> groups;
  std::vector<int32_t> wanted;
  std::vector<graph::SampleParams> sampling;  // its spans must outlive the case
  std::vector<int32_t> step_token;  // [rows] Step::token; with it Batch::token is kFromStep
  int64_t first_wanted = 0;  // the call computes rows [first_wanted, first_wanted + outputs' rows)
};

enum class Purpose : uint8_t { kTest, kBench, kBoth };

struct Case {
  std::string name;  // "512 rows, 1024 to 3072, bf16"
  graph::Op op;
  std::vector<ViewSpec> inputs;
  std::vector<ViewSpec> outputs;
  std::vector<WeightSpec> weights = {};
  std::optional<KvSpec> kv = {};
  std::optional<SlotSpec> slots = {};
  BatchSpec batch = {};
  bool int8_activations = false;
  Purpose purpose = Purpose::kTest;
  double tolerance = 1e-5;  // max |difference| over max |expected|, per output and state; ids are
                            // exact
  uint64_t bytes = 0;       // that a perfect kernel reads and writes; for the benchmark
  uint64_t operations = 0;  // multiplications and additions; for the benchmark

  // Rows of the step, which choose the row class.
  int64_t rows() const { return outputs.empty() ? 0 : outputs.front().rows; }
};

// A view of [rows, dim] without gaps.
inline ViewSpec rows_of(int64_t rows, int64_t dim) { return {.rows = rows, .dim = dim}; }
inline ViewSpec heads_of(int64_t rows, int64_t heads, int64_t dim) {
  return {.rows = rows, .heads = heads, .dim = dim};
}
// The same, misaligned and with gaps between heads and rows.
inline ViewSpec gapped(int64_t rows, int64_t heads, int64_t dim) {
  return {.rows = rows, .heads = heads, .dim = dim, .row_gap = 5, .head_gap = 3, .shift = 1};
}

}  // namespace gerbil::kernels::testing
