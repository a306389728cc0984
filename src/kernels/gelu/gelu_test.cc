// The numbers of both forms, worked out with 30 digits: x Phi(x) and its approximation.
#include <gtest/gtest.h>

#include "graph/op.h"
#include "kernels/kernel.h"
#include "kernels/registry.h"

namespace gerbil::kernels {
namespace {

float gelu_of(float x, bool tanh, Level level) {
  const graph::Op op = graph::Gelu{tanh};
  float y = 0;
  const TensorView in{.data = &x, .rows = 1, .dim = 1, .row_stride = 1, .head_stride = 1};
  const TensorView out{.data = &y, .rows = 1, .dim = 1, .row_stride = 1, .head_stride = 1};
  platform::ThreadPool pool(1);
  const Call call{.op = &op, .inputs = {&in, 1}, .outputs = {&out, 1}, .pool = &pool};
  find_kernel(graph::kOpKindOf<graph::Gelu>, level, RowClass::kOne)->run(call);
  return y;
}

TEST(Gelu, HasTheNumbersOfItsForm) {
  struct Known {
    float x;
    double exact, tanh;
  };
  constexpr Known kKnown[] = {{0.0f, 0.0, 0.0},
                              {1.0f, 0.84134474606854293, 0.84119199060827676},
                              {-1.0f, -0.15865525393145707, -0.15880800939172324},
                              {2.0f, 1.9544997361036416, 1.9545976940871754},
                              {-3.0f, -0.0040496940950949, -0.0036373920817730}};
  for (const Level level : {Level::kReference, Level::kCpu})
    for (const Known& known : kKnown) {
      EXPECT_NEAR(gelu_of(known.x, false, level), known.exact, 3e-7) << known.x;
      EXPECT_NEAR(gelu_of(known.x, true, level), known.tanh, 3e-7) << known.x;
    }
}

}  // namespace
}  // namespace gerbil::kernels
