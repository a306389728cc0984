// Weights that no training makes: NaN, infinite, zero and huge ones. Nothing says that they are
// wrong (a file is a file), but whatever they lead to is an answer of ids that exist; only where
// they would be quantised must they be finite.
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

void expect_an_answer(const std::string& folder, Backend backend, Quant quant = Quant::kStored,
                      Kv kv = Kv::kF16) {
  const auto engine = Engine::load(
      {.model = folder, .backend = backend, .quant = quant, .kv = kv, .threads = 1, .context = 64});
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
    for (const Kv kv : {Kv::kF16, Kv::kQ8}) {
      expect_an_answer(copy.path(), Backend::kReference, Quant::kStored, kv);
      expect_an_answer(copy.path(), Backend::kCpu, Quant::kStored, kv);
    }
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

// What cannot be quantised is said, with the tensor and the place; huge numbers can.
TEST(StrangeWeightsToQuantise, AreNamedWhereTheyAreNotFinite) {
  const std::string tensor = "model.layers.1.mlp.down_proj.weight";
  for (const auto& [bits, found] : {std::pair{kNan, "found nan"}, {kInfinity, "found inf"}}) {
    CheckpointCopy copy(model_folder("qwen3-nano"));
    StoredTensor changed = copy.tensor(tensor);
    ASSERT_EQ(changed.dtype, "BF16");
    const uint64_t columns = changed.shape[1];
    std::memcpy(&changed.bytes[2 * (5 * columns + 7)], &bits, 2);
    copy.set_tensor(tensor, changed);
    for (const Quant quant : {Quant::kQ8, Quant::kQ6, Quant::kQ4}) {
      const auto engine = Engine::load({.model = copy.path(), .quant = quant, .threads = 2});
      ASSERT_FALSE(engine);
      EXPECT_EQ(engine.error().code, ErrorCode::kCorrupt);
      for (const std::string& part :
           {std::string("model.safetensors: tensor \"" + tensor + "\": expected finite numbers, "),
            std::string(found), std::string("in row 5, column 7")})
        EXPECT_NE(engine.error().message.find(part), std::string::npos) << engine.error().message;
    }
  }
}

TEST(StrangeWeightsToQuantise, AnswerWhereTheyAreHuge) {
  CheckpointCopy copy(model_folder("qwen3-nano"));
  copy.edit_tensors("model.safetensors", [&](StoredTensors& tensors) {
    for (auto& [name, tensor] : tensors) fill(tensor, kHuge);
  });
  for (const Backend backend : {Backend::kReference, Backend::kCpu})
    expect_an_answer(copy.path(), backend, Quant::kQ4);
  const auto engine = Engine::load({.model = copy.path(), .quant = Quant::kF16, .threads = 1});
  ASSERT_FALSE(engine);
  EXPECT_NE(engine.error().message.find("expected numbers that f16 holds"), std::string::npos)
      << engine.error().message;
}

}  // namespace
}  // namespace gerbil::testing
