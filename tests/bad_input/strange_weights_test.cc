// Weights that no training makes: NaN, infinite, zero and huge ones. Nothing says that they are
// wrong (a file is a file), but whatever they lead to is an answer of ids that exist.
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "gerbil/gerbil.h"
#include "support/checkpoint_copy.h"
#include "support/data.h"

namespace gerbil::testing {
namespace {

constexpr uint16_t kNan = 0x7fc0;  // in BF16
constexpr uint16_t kInfinity = 0x7f80;
constexpr uint16_t kHuge = 0x7f7f;
constexpr uint16_t kZero = 0;

// Every value of a tensor becomes the BF16 number `bits`, the same in F32.
void fill(StoredTensor& tensor, uint16_t bits) {
  const size_t size = tensor.dtype == "F32" ? 4 : 2;
  for (size_t at = 0; at + size <= tensor.bytes.size(); at += size) {
    std::memset(&tensor.bytes[at], 0, size);
    std::memcpy(&tensor.bytes[at + size - 2], &bits, 2);
  }
}

void expect_an_answer(const std::string& folder, Backend backend) {
  const auto engine =
      Engine::load({.model = folder, .backend = backend, .threads = 1, .context = 64});
  ASSERT_TRUE(engine) << engine.error().message;
  const Sampling greedy{.temperature = 0};
  const Sampling drawn{.temperature = 1, .top_k = 5, .top_p = 0.5, .min_p = 0.1, .seed = 1};
  for (const Sampling& sampling : {greedy, drawn, Sampling{.temperature = 1, .seed = 1}}) {
    const auto session = (*engine)->new_session();
    ASSERT_TRUE(session);
    const auto answer = (*session)->generate(
        {.prompt = TokenIds{{5, 6, 7}}, .max_tokens = 4, .sampling = sampling});
    ASSERT_TRUE(answer) << answer.error().message;
    for (const int32_t id : answer->token_ids) {
      EXPECT_GE(id, 0);
      EXPECT_LT(id, (*engine)->info().vocab_size);
    }
  }
}

class StrangeWeightsTest : public ::testing::TestWithParam<const char*> {};

TEST_P(StrangeWeightsTest, LeadToIdsOfTheVocabulary) {
  for (const uint16_t bits : {kNan, kInfinity, kHuge, kZero}) {
    SCOPED_TRACE(bits);
    CheckpointCopy copy(model_folder(GetParam()));
    copy.edit_tensors("model.safetensors", [&](StoredTensors& tensors) {
      for (auto& [name, tensor] : tensors) fill(tensor, bits);
    });
    expect_an_answer(copy.path(), Backend::kReference);
    expect_an_answer(copy.path(), Backend::kCpu);
  }
}

TEST_P(StrangeWeightsTest, OneTensorAtATime) {
  const CheckpointCopy original(model_folder(GetParam()));
  const StoredTensors tensors = read_safetensors(original.path() / "model.safetensors");
  for (const auto& [name, tensor] : tensors) {
    if (name.contains(".layers.") && !name.contains(".layers.0.") && !name.contains(".layers.3."))
      continue;
    SCOPED_TRACE(name);
    CheckpointCopy copy(model_folder(GetParam()));
    StoredTensor changed = tensor;
    fill(changed, kNan);
    copy.set_tensor(name, changed);
    expect_an_answer(copy.path(), Backend::kCpu);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, StrangeWeightsTest,
                         ::testing::Values("qwen2-tiny", "qwen3-tiny", "qwen3_5-text-tiny"),
                         [](const auto& model) {
                           std::string name = model.param;
                           std::erase_if(name, [](char c) { return c == '-' || c == '_'; });
                           return name;
                         });

}  // namespace
}  // namespace gerbil::testing
