#include "kernels/int8_rows.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "base/aligned_buffer.h"
#include "kernels/registry.h"
#include "tensor/quant/quantize.h"

namespace gerbil::kernels {
namespace {

using tensor::quant::kBlock;

// An operation that leaves its last output quantised too, over rows of `heads` x `dim` numbers.
struct Writer {
  graph::Op op;
  size_t inputs = 1;
  size_t outputs = 1;
  bool weighted = true;
};

const Writer kWriters[] = {{graph::RmsNorm{1e-6f}, 1, 1},
                           {graph::AddRmsNorm{1e-6f}, 2, 2},
                           {graph::GatedRmsNorm{1e-6f}, 2, 1},
                           {graph::SiluMul{}, 2, 1, false},
                           {graph::SigmoidMul{}, 2, 1, false}};

std::vector<float> numbers(int64_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = normal(random);
  return values;
}

TEST(Int8Rows, EveryWriterIsTriedHere) {
  graph::Capabilities tried;
  for (const Writer& writer : kWriters) tried.ops.set(graph::kind_of(writer.op));
  EXPECT_EQ(tried.ops, int8_writers().ops);
}

TEST(Int8Rows, LeftByANodeAreThoseOfItsOutput) {
  platform::ThreadPool pool(2);
  for (const Writer& writer : kWriters)
    for (const auto& [rows, heads, dim] :
         {std::array<int64_t, 3>{1, 1, 64}, {3, 1, 1000}, {70, 4, 24}, {40, 1, 2048}})
      for (const platform::Isa isa : platform::supported_isas()) {
        SCOPED_TRACE(fmt::format("{} {}x{}x{} {}", graph::op_name(writer.op), rows, heads, dim,
                                 platform::name(isa)));
        const int64_t width = heads * dim;
        std::vector<std::vector<float>> memory;
        std::vector<TensorView> views;
        for (size_t i = 0; i < writer.inputs + writer.outputs; ++i)
          memory.push_back(numbers(rows * width, static_cast<uint32_t>(i + 1)));
        for (std::vector<float>& values : memory)
          views.push_back({.data = values.data(),
                           .rows = rows,
                           .heads = heads,
                           .dim = dim,
                           .row_stride = width,
                           .head_stride = dim});
        std::vector<float> norm = numbers(dim, 9);
        const WeightView weight{.data = norm.data(), .rows = 1, .columns = dim};
        auto codes = AlignedBuffer::allocate(int8_rows_bytes(rows, width), "codes");
        ASSERT_TRUE(codes);
        const Call call{.op = &writer.op,
                        .inputs = Span<const TensorView>(views).first(writer.inputs),
                        .outputs = Span<const TensorView>(views).subspan(writer.inputs),
                        .weights = writer.weighted ? Span<const WeightView>(&weight, 1)
                                                   : Span<const WeightView>(),
                        .pool = &pool,
                        .isa = isa,
                        .int8_output = int8_rows_in(codes->bytes(), rows, width)};
        find_kernel(graph::kind_of(writer.op), Level::kCpu, row_class(rows))->run(call);

        const Int8Rows& got = call.int8_output;
        for (int64_t row = 0; row < rows; ++row)
          for (int64_t b = 0; b < got.blocks; ++b) {
            const float* from = memory.back().data() + row * width + b * kBlock;
            const auto count = static_cast<size_t>(std::min<int64_t>(kBlock, width - b * kBlock));
            std::vector<int8_t> want(kBlock, 0);
            const float scale = tensor::quant::quantize_block({from, count}, {want.data(), count});
            const int64_t block = row * got.blocks + b;
            ASSERT_EQ(got.scales[block], scale) << row << " " << b;
            const std::vector<int8_t> have(got.codes + block * kBlock,
                                           got.codes + (block + 1) * kBlock);
            ASSERT_EQ(have, want) << row << " " << b;
            int32_t sum = 0;
            for (const int8_t code : want) sum += code;
            ASSERT_EQ(got.sums[block], sum);
          }
      }
}

}  // namespace
}  // namespace gerbil::kernels
