#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv1d/cpu.cc"
// clang-format off
#include "kernels/dispatch.h"
#include "kernels/foreach_target.h"
// clang-format on
#include "graph/passes/memory.h"
#include "kernels/kernel.h"
#include "kernels/scratch_tasks.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::conv1d::HWY_NAMESPACE {

using namespace gerbil::kernels::HWY_NAMESPACE;  // NOLINT: the room's vector helpers

// Channels go through a run in blocks whose weights and state are turned into rows of channels.
inline constexpr int64_t kBlock = 256;

// from [count, kernel] -> to [kernel][kBlock], and back.
void split_taps(const float* from, int64_t count, int64_t kernel, float* to) {
  int64_t c = 0;
  if (kernel == 4)
    for (; c + kLanes <= count; c += kLanes) {
      FloatVector taps[4];
      hn::LoadInterleaved4(kFloats, from + 4 * c, taps[0], taps[1], taps[2], taps[3]);
      for (int j = 0; j < 4; ++j) hn::Store(taps[j], kFloats, to + j * kBlock + c);
    }
  for (; c < count; ++c)
    for (int64_t j = 0; j < kernel; ++j) to[j * kBlock + c] = from[c * kernel + j];
}

struct Block {
  int64_t head = 0;
  int64_t begin = 0;  // of the head's dims
  int64_t count = 0;
  float* weights = nullptr;      // [kernel][kBlock]
  float* before = nullptr;       // [kernel][kBlock]: the run's state
  const float** taps = nullptr;  // [kernel] the inputs that meet the weights in the current row
};

// The inputs of the window that ends at `row`, oldest first.
void find_taps(const Call& call, const graph::Run& run, const Block& block, int64_t row) {
  const auto kernel = call.attributes<graph::Conv1d>().kernel;
  for (int64_t j = 0; j < kernel; ++j) {
    const int64_t from = row - kernel + 1 + j;
    block.taps[j] = from >= run.first ? call.inputs[0].f32(from, block.head) + block.begin
                                      : block.before + (from - run.first + kernel) * kBlock;
  }
}

void store_state(const Block& block, int64_t kernel, float* to) {
  int64_t c = 0;
  if (kernel == 4)
    for (; c + kLanes <= block.count; c += kLanes) {
      const auto tap = [&](int j) HWY_ATTR { return hn::LoadU(kFloats, block.taps[j] + c); };
      hn::StoreInterleaved4(tap(0), tap(1), tap(2), tap(3), kFloats, to + 4 * c);
    }
  for (; c < block.count; ++c)
    for (int64_t j = 0; j < kernel; ++j) to[c * kernel + j] = block.taps[j][c];
}

template <bool kSilu>
void convolve(const Block& block, int64_t kernel, float* out) {
  const auto sum_at = [&](int64_t c, auto load) HWY_ATTR {
    FloatVector sum = hn::Mul(load(block.weights + c), load(block.taps[0] + c));
    for (int64_t j = 1; j < kernel; ++j)
      sum = hn::MulAdd(load(block.weights + j * kBlock + c), load(block.taps[j] + c), sum);
    return kSilu ? silu(sum) : sum;
  };
  int64_t c = 0;
  for (; c + kLanes <= block.count; c += kLanes) {
    const auto load = [](const float* from) HWY_ATTR { return hn::LoadU(kFloats, from); };
    hn::StoreU(sum_at(c, load), kFloats, out + c);
  }
  const int64_t left = block.count - c;
  if (left > 0) {
    const auto load = [&](const float* from) HWY_ATTR { return load_tail(from, left); };
    store_tail(sum_at(c, load), out + c, left);
  }
}

void run_block(const Call& call, const graph::Run& run, const Block& block) {
  const auto& attributes = call.attributes<graph::Conv1d>();
  const int64_t kernel = attributes.kernel;
  const int64_t first_number = (block.head * call.inputs[0].dim + block.begin) * kernel;
  if (run.state_in == graph::kZeroState)
    std::fill_n(block.before, kernel * kBlock, 0.0f);
  else
    split_taps(call.slots.slot(run.state_in) + first_number, block.count, kernel, block.before);
  size_t write = 0;
  for (int64_t row = run.first; row < run.first + run.count; ++row) {
    find_taps(call, run, block, row);
    float* out = call.outputs[0].f32(row, block.head) + block.begin;
    if (attributes.silu)
      convolve<true>(block, kernel, out);
    else
      convolve<false>(block, kernel, out);
    for (; write < run.writes.size() && run.writes[write].after_row == row; ++write)
      store_state(block, kernel, call.slots.slot(run.writes[write].slot) + first_number);
  }
}

uint64_t worker_bytes(int64_t kernel) {
  return whole_lines(static_cast<uint64_t>(kernel) *
                     (2 * kBlock * sizeof(float) + sizeof(const float*)));
}

void run(const Call& call) {
  const int64_t kernel = call.attributes<graph::Conv1d>().kernel;
  const TensorView& x = call.inputs[0];
  const bool join = x.contiguous_rows() && call.outputs[0].contiguous_rows();
  const int64_t heads = join ? 1 : x.heads;
  const int64_t dim = join ? x.width() : x.dim;
  const int64_t blocks = (dim + kBlock - 1) / kBlock;  // of a head
  // A few rows are little work for a task.
  const int64_t blocks_per_task = std::max<int64_t>(1, 16 / std::max<int64_t>(1, x.rows));
  const int64_t tasks = (heads * blocks + blocks_per_task - 1) / blocks_per_task;
  for_tasks_with_scratch(
      *call.pool, tasks, call.scratch, worker_bytes(kernel),
      [&](int64_t task, std::byte* slice) HWY_ATTR {
        Block block;
        block.weights = reinterpret_cast<float*>(slice);
        block.before = block.weights + kernel * kBlock;
        block.taps = reinterpret_cast<const float**>(block.before + kernel * kBlock);
        const int64_t end = std::min(heads * blocks, (task + 1) * blocks_per_task);
        for (int64_t i = task * blocks_per_task; i < end; ++i) {
          block.head = i / blocks;
          block.begin = i % blocks * kBlock;
          block.count = std::min(kBlock, dim - block.begin);
          split_taps(call.weights[0].f32() + (block.head * dim + block.begin) * kernel, block.count,
                     kernel, block.weights);
          for (const graph::Run& one : call.step->batch->runs) run_block(call, one, block);
        }
      });
}

}  // namespace gerbil::kernels::conv1d::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gerbil::kernels::conv1d {

GERBIL_EXPORT(run);
GERBIL_EXPORT(worker_bytes);
void highway(const Call& call) { run_for[call.isa](call); }

uint64_t highway_scratch_bytes(const graph::Graph&, const graph::Node& node,
                               const graph::RowLimits&, const Team& team) {
  return static_cast<uint64_t>(team.threads) *
         worker_bytes_for[team.isa](std::get<graph::Conv1d>(node.op).kernel);
}

}  // namespace gerbil::kernels::conv1d
#endif
