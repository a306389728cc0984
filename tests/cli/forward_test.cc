// gerbil forward: what it writes, read back.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "cli/expect.h"
#include "cli/process.h"
#include "support/compare.h"
#include "support/data.h"
#include "support/safetensors_file.h"
#include "support/temp_folder.h"

namespace gerbil::testing {
namespace {

using Shapes = std::map<std::string, std::vector<uint64_t>>;

Shapes shapes_of(const StoredTensors& tensors) {
  Shapes shapes;
  for (const auto& [name, tensor] : tensors) shapes[name] = tensor.shape;
  return shapes;
}

std::string joined(const std::vector<int32_t>& ids, const std::string& separator) {
  std::string text;
  for (const int32_t id : ids) text += (text.empty() ? "" : separator) + std::to_string(id);
  return text;
}

TEST(ForwardTest, WritesIdsAndLogits) {
  const TempFolder folder;
  const Finished run = gerbil({"forward", model_folder("qwen3-tiny"), "--input-ids", "5,6,7", "-o",
                               folder / "out.safetensors"});
  EXPECT_TRUE(succeeded(run));
  EXPECT_EQ(run.output, "");
  const StoredTensors out = read_safetensors(folder / "out.safetensors");
  EXPECT_EQ(shapes_of(out), (Shapes{{"input_ids", {3}}, {"logits", {3, 320}}}));
  EXPECT_EQ(out.at("input_ids").dtype, "I64");
  EXPECT_EQ(to_ints(out.at("input_ids")), (std::vector<int64_t>{5, 6, 7}));
  EXPECT_EQ(out.at("logits").dtype, "F32");
}

TEST(ForwardTest, TapsAreNamedAndShapedAsDocumented) {
  const TempFolder folder;
  const References refs = References::refs("qwen3_5-tiny");
  const std::string name = refs.cases().front();
  const std::vector<int32_t> ids = refs.ids(name, "input_ids");
  const uint64_t tokens = ids.size();
  const Finished run =
      gerbil({"forward", model_folder("qwen3_5-tiny"), "--input-ids", joined(ids, ","), "--taps",
              "--backend", "reference", "--quiet", "-o", folder / "out.safetensors"});
  EXPECT_TRUE(succeeded(run));
  const StoredTensors out = read_safetensors(folder / "out.safetensors");
  Shapes expected{
      {"input_ids", {tokens}}, {"logits", {tokens, 320}}, {"hidden.final", {tokens, 64}}};
  for (int layer = 0; layer <= 8; ++layer) {
    expected["hidden." + std::to_string(layer)] = {tokens, 64};
  }
  for (const int layer : {0, 1, 2, 4, 5, 6}) {  // the others are full attention
    const std::string suffix = ".layer" + std::to_string(layer);
    const StoredTensor& conv = out.at("conv_state" + suffix);
    expected["conv_state" + suffix] = conv.shape;
    expected["recurrent_state" + suffix] = out.at("recurrent_state" + suffix).shape;
    if (refs.has(name, "conv_state" + suffix)) {
      EXPECT_EQ(conv.shape, refs.shape(name, "conv_state" + suffix));
      EXPECT_TRUE(close_to_max(to_floats(conv), refs.floats(name, "conv_state" + suffix), 5e-5));
    }
  }
  EXPECT_EQ(shapes_of(out), expected);
  EXPECT_TRUE(close_to_max(to_floats(out.at("logits")), refs.floats(name, "logits"), 5e-5,
                           refs.shape(name, "logits")));
}

TEST(ForwardTest, TakesAPromptAsRawText) {
  const TempFolder folder;
  const NanoCase nano = nano_cases("vl").front();
  const Finished run = gerbil(
      {"forward", "demo", "--prompt", nano.prompt, "-o", folder / "out.safetensors", "--quiet"});
  EXPECT_TRUE(succeeded(run));
  const std::vector<int64_t> ids =
      to_ints(read_safetensors(folder / "out.safetensors").at("input_ids"));
  EXPECT_EQ(ids, std::vector<int64_t>(nano.input_ids.begin(), nano.input_ids.end()));
}

TEST(ForwardTest, TakesInputsFromAFileWithOrWithoutABatchDimension) {
  const TempFolder folder;
  const std::vector<int64_t> ids = {9, 8, 7, 6};
  std::vector<std::string> logits;
  for (const std::vector<uint64_t>& shape : {std::vector<uint64_t>{4}, {1, 4}}) {
    write_safetensors(folder / "in.safetensors", {{"input_ids", i64_tensor(shape, ids)}});
    EXPECT_TRUE(succeeded(gerbil({"forward", model_folder("qwen3-tiny"), "--inputs",
                                  folder / "in.safetensors", "-o", folder / "out.safetensors"})));
    const StoredTensors out = read_safetensors(folder / "out.safetensors");
    EXPECT_EQ(to_ints(out.at("input_ids")), ids);
    logits.push_back(out.at("logits").bytes);
  }
  EXPECT_EQ(logits[0], logits[1]);
}

TEST(ForwardTest, BatchAndThreadsChangeNothingBeyondRounding) {
  const TempFolder folder;
  const std::string model = model_folder("qwen3-tiny");
  EXPECT_TRUE(succeeded(
      gerbil({"forward", model, "--input-ids", "1 2 3 4 5", "-o", folder / "a.safetensors"})));
  EXPECT_TRUE(succeeded(gerbil({"forward", model, "--input-ids", "1,2, 3,4,5", "--batch", "1",
                                "--threads", "1", "-o", folder / "b.safetensors"})));
  EXPECT_TRUE(close_to_max(to_floats(read_safetensors(folder / "b.safetensors").at("logits")),
                           to_floats(read_safetensors(folder / "a.safetensors").at("logits")),
                           1e-4));
}

TEST(ForwardTest, AFileThatMayNotGrowIsAnErrorAndLeavesNothing) {
  const TempFolder folder;
  const Finished run =
      gerbil(Launch{.arguments = {"-c", "ulimit -f 1; exec \"$@\"", "sh", GERBIL_PROGRAM, "forward",
                                  model_folder("qwen3-tiny"), "--input-ids", "1,2,3", "-o",
                                  folder / "out.safetensors"},
                    .program = "/bin/sh"});
  EXPECT_TRUE(failed(run, 1, {"out.safetensors", "File too large"}));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(ForwardTest, BadInputsAreErrors) {
  const TempFolder folder;
  const std::string model = model_folder("qwen3-tiny");
  const auto with = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments = {"forward", model, "-o", folder / "out.safetensors"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return gerbil(arguments);
  };
  EXPECT_TRUE(failed(with({"--input-ids", "1,320"}), 1, {"320"}));
  EXPECT_TRUE(failed(with({"--prompt", "Hello"}), 1, {"tokenizer"}));
  EXPECT_TRUE(failed(with({"--prompt", ""}), 1, {"prompt", "empty"}));
  EXPECT_TRUE(failed(with({"--prompt", "a\xc3("}), 1, {"UTF-8"}));
  EXPECT_TRUE(failed(with({"--inputs", folder / "none.safetensors"}), 1, {"none.safetensors"}));
  write_safetensors(folder / "in.safetensors", {{"ids", i64_tensor({1}, {1})}});
  EXPECT_TRUE(failed(with({"--inputs", folder / "in.safetensors"}), 1, {"input_ids"}));
  write_safetensors(folder / "in.safetensors", {{"input_ids", i64_tensor({2, 2}, {1, 2, 3, 4})}});
  EXPECT_TRUE(failed(with({"--inputs", folder / "in.safetensors"}), 1, {"input_ids"}));
  write_safetensors(folder / "in.safetensors",
                    {{"input_ids", i64_tensor({1}, {int64_t{1} << 40})}});
  EXPECT_TRUE(failed(with({"--inputs", folder / "in.safetensors"}), 1, {"input_ids"}));
  write_safetensors(folder / "in.safetensors", {{"input_ids", i64_tensor({0}, {})}});
  EXPECT_TRUE(failed(with({"--inputs", folder / "in.safetensors"}), 1, {}));
  EXPECT_TRUE(
      failed(with({"--input-ids", "1,2,3,4,5", "--context", "4"}), 1, {"context", "5", "4"}));
  EXPECT_TRUE(
      failed(gerbil({"forward", model, "--input-ids", "1", "-o", folder / "none/out.safetensors"}),
             1, {"out.safetensors"}));
  EXPECT_FALSE(std::filesystem::exists(folder / "out.safetensors"));
}

}  // namespace
}  // namespace gerbil::testing
