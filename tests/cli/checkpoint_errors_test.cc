// Checkpoints that are broken in every way a download, a disk or a stranger breaks them: the
// program says on one line what is wrong and where.
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/expect.h"
#include "cli/process.h"
#include "support/checkpoint_copy.h"
#include "support/data.h"
#include "support/safetensors_file.h"

namespace gerbil::testing {
namespace {

using Json = nlohmann::json;

constexpr const char* kWeights = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";
constexpr const char* kShard = "model-00002-of-00002.safetensors";
constexpr const char* kNorm = "model.norm.weight";

struct Broken {
  std::string name;
  std::function<void(CheckpointCopy&)> break_it;
  std::vector<std::string> words;  // of the error
  std::string model = "qwen3-tiny";
};

std::string header_of(std::string_view dtype, std::string_view shape, std::string_view offsets) {
  return std::string("{\"model.norm.weight\":{\"dtype\":\"")
      .append(dtype)
      .append("\",\"shape\":")
      .append(shape)
      .append(",\"data_offsets\":")
      .append(offsets)
      .append("}}");
}

std::function<void(CheckpointCopy&)> weights(std::string bytes) {
  return [bytes = std::move(bytes)](CheckpointCopy& copy) { copy.write(kWeights, bytes); };
}

std::function<void(CheckpointCopy&)> config(std::string key, Json value) {
  return [=](CheckpointCopy& copy) { copy.edit_config([&](Json& all) { all[key] = value; }); };
}

std::vector<Broken> all_broken() {
  const std::string two = R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                          R"("b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}})";
  const std::string twice = R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                            R"("a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})";
  return {
      {"MissingTensor", [](CheckpointCopy& c) { c.remove_tensor(kNorm); }, {kNorm}},
      {"ExtraTensor",
       [](CheckpointCopy& c) { c.add_tensor("model.surprise.weight", f32_tensor({1}, {1})); },
       {"model.surprise.weight"}},
      {"MisshapenTensor",
       [](CheckpointCopy& c) { c.reshape_tensor(kNorm, {8, 8}); },
       {kNorm, "64"}},
      {"UnknownArchitecture",
       config("architectures", Json::array({"LlamaForCausalLM"})),
       {"config.json", "LlamaForCausalLM"}},
      {"UnknownHiddenAct", config("hidden_act", "relu2"), {"config.json", "hidden_act", "relu2"}},
      {"OverlappingOffsets", weights(safetensors_bytes(two, "123456")), {kWeights, "\"b\""}},
      {"OffsetsOutOfRange",
       weights(safetensors_bytes(header_of("F32", "[64]", "[0,256]"), "123456")),
       {kWeights, kNorm}},
      {"HeaderLongerThanTheFile",
       weights(safetensors_bytes("{}", "", uint64_t{1} << 62)),
       {kWeights, "header"}},
      {"HugeDimensions",
       weights(safetensors_bytes(
           header_of("F32", "[1000000000000000000,1000000000000000000]", "[0,8]"), "12345678")),
       {kWeights, kNorm}},
      {"DuplicateTensor", weights(safetensors_bytes(twice, "12345678")), {kWeights, "\"a\""}},
      {"DeepHeader", weights(safetensors_bytes(std::string(100'000, '['), "")), {kWeights}},
      {"TruncatedFile", [](CheckpointCopy& c) { c.truncate(kWeights, 100'000); }, {kWeights}},
      {"EmptyFile", weights(""), {kWeights}},
      {"NoWeights", [](CheckpointCopy& c) { c.remove(kWeights); }, {}},
      {"TruncatedShard",
       [](CheckpointCopy& c) { c.truncate(kShard, 10'000); },
       {kShard},
       "qwen3-tiny-sharded"},
      {"MissingShard", [](CheckpointCopy& c) { c.remove(kShard); }, {kShard}, "qwen3-tiny-sharded"},
      {"IndexOutOfItsFolder",
       [](CheckpointCopy& c) {
         c.edit_json(kIndex, [](Json& index) { index["weight_map"][kNorm] = "../x.safetensors"; });
       },
       {kIndex, "../x.safetensors"},
       "qwen3-tiny-sharded"},
      {"NoConfig", [](CheckpointCopy& c) { c.remove("config.json"); }, {"config.json"}},
      {"ConfigNoJson", [](CheckpointCopy& c) { c.write("config.json", "{"); }, {"config.json"}},
      {"DuplicateConfigKey",
       [](CheckpointCopy& c) {
         c.write("config.json", R"({"hidden_size": 64, "hidden_size": 128})");
       },
       {"config.json", "hidden_size"}},
      {"DeepConfig",
       [](CheckpointCopy& c) { c.write("config.json", std::string(100'000, '[')); },
       {"config.json"}},
      {"HugeConfigValue",
       config("hidden_size", int64_t{1'000'000'000'000'000'000}),
       {"config.json", "hidden_size"}},
      {"NegativeConfigValue",
       config("num_hidden_layers", -3),
       {"config.json", "num_hidden_layers"}},
  };
}

class CheckpointErrorsTest : public ::testing::TestWithParam<Broken> {};

TEST_P(CheckpointErrorsTest, IsOneClearLine) {
  CheckpointCopy copy(model_folder(GetParam().model));
  GetParam().break_it(copy);
  const TempFolder folder;
  const Finished run =
      gerbil({"forward", copy.path(), "--input-ids", "1,2,3", "-o", folder / "out.safetensors"});
  EXPECT_TRUE(failed(run, 1, GetParam().words));
  EXPECT_LT(run.errors.size(), 600u) << run.errors;
}

INSTANTIATE_TEST_SUITE_P(All, CheckpointErrorsTest, ::testing::ValuesIn(all_broken()),
                         [](const auto& broken) { return broken.param.name; });

TEST(CheckpointErrorsTest, ALoadErrorComesWithoutNotes) {
  CheckpointCopy copy(demo_folder());
  copy.write("tokenizer.json", "{\"model\": ");
  EXPECT_TRUE(failed(gerbil({"run", copy.path(), "Hello"}), 1, {"tokenizer.json"}));
}

TEST(CheckpointErrorsTest, AFileCutWhileItIsInUseEndsWithOneLine) {
  CheckpointCopy copy(demo_folder());
  // A hot answer that goes on until the context ends.
  Process process(
      {.arguments = {"run", copy.path(), "Hi", "--quiet", "--temperature", "100", "--seed", "1",
                     "--max-tokens", "100000", "--threads", "8", "--quant", "stored"}});
  process.read_until([](const std::string& output) { return output.size() > 20; });
  copy.truncate(kWeights, 0);
  const Finished run = process.wait();
  EXPECT_EQ(run.exit_code, 1) << "signal " << run.signal;
  EXPECT_EQ(run.errors,
            "gerbil: error: a file of the model became shorter or unreadable while it was in "
            "use\n");
}

TEST(CheckpointErrorsTest, NoSuchModel) {
  EXPECT_TRUE(failed(gerbil({"run", "/no/such/folder", "Hello"}), 1, {"/no/such/folder"}));
  EXPECT_TRUE(failed(gerbil({"run", "Qwen/Qwen3-0.6B", "Hello"}), 1, {"Qwen/Qwen3-0.6B"}));
  EXPECT_TRUE(failed(gerbil({"run", "", "Hello"}), 1, {}));
}

}  // namespace
}  // namespace gerbil::testing
