// Models with experts through the public interface: ids in, ids out.
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "gerbil/gerbil.h"
#include "support/data.h"

namespace gerbil::testing {
namespace {

std::vector<int32_t> greedy(const std::string& model, Backend backend, int64_t batch, int threads,
                            const std::vector<int32_t>& prompt, int64_t count) {
  auto engine = Engine::load({.model = model_folder(model).string(),
                              .bundled_models = {},
                              .backend = backend,
                              .quant = Quant::kStored,
                              .kv = Kv::kF32,
                              .threads = threads,
                              .batch = batch});
  if (!engine) throw std::runtime_error(engine.error().message);
  auto session = (*engine)->new_session();
  if (!session) throw std::runtime_error(session.error().message);
  Request request;
  request.prompt = TokenIds{prompt};
  request.max_tokens = count;
  request.ignore_eos = true;
  request.sampling.temperature = 0;
  const auto answer = (*session)->generate(request);
  if (!answer) throw std::runtime_error(answer.error().message);
  return answer->token_ids;
}

TEST(ExpertsTest, AnswerAsTheReferenceImplementation) {
  for (const std::string model : {"qwen3_moe-tiny", "qwen3_moe-mixed-tiny", "qwen3_5_moe-tiny"}) {
    const References references = References::refs(model);
    for (const std::string& name : references.cases()) {
      const auto prompt = references.ids(name, "input_ids");
      const auto want = references.ids(name, "greedy_ids");
      const auto count = static_cast<int64_t>(want.size());
      EXPECT_EQ(greedy(model, Backend::kCpu, 512, 2, prompt, count), want) << model << name;
      EXPECT_EQ(greedy(model, Backend::kCpu, 5, 1, prompt, count), want) << model << name;
      EXPECT_EQ(greedy(model, Backend::kReference, 64, 1, prompt, count), want) << model << name;
    }
  }
}

TEST(ExpertsTest, ThePlanGivesThemTheirOwnLine) {
  const auto planned = plan({.model = model_folder("qwen3_5_moe-tiny").string(),
                             .bundled_models = {},
                             .quant = Quant::kStored,
                             .threads = 1});
  ASSERT_TRUE(planned) << planned.error().message;
  EXPECT_EQ(planned->architecture, "Qwen3_5MoeForConditionalGeneration");
  const auto experts = std::ranges::find(planned->weights, "experts", &Plan::WeightClass::name);
  ASSERT_NE(experts, planned->weights.end());
  EXPECT_EQ(experts->parameters, 4 * 8 * 3 * 32 * 64);
  EXPECT_EQ(experts->bytes, experts->parameters * 2);
  EXPECT_EQ(experts->tensors, 4 * 8 * 3);
}

}  // namespace
}  // namespace gerbil::testing
