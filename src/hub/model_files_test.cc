#include "hub/model_files.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "format/safetensors_writer.h"
#include "platform/file.h"

namespace gerbil::hub {
namespace {

namespace fs = std::filesystem;

template <class T>
std::string message_of(const Result<T>& result) {
  return result ? "no error" : result.error().message;
}

class ModelFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "gerbil-hub-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string path(std::string_view name) const { return platform::join_path(folder_, name); }
  void write(std::string_view name, std::string_view text) const {
    std::ofstream(path(name), std::ios::binary) << text;
  }
  void write_weights() const {
    const std::byte byte{};
    const format::TensorData tensor{{"t", tensor::DType::kU8, {1}}, Bytes(&byte, 1)};
    ASSERT_TRUE(format::write_safetensors(path("model.safetensors"), {&tensor, 1}));
  }
  std::string error(std::string_view reference) const {
    return message_of(open_model(reference, {}));
  }

  std::string folder_;
};

TEST_F(ModelFilesTest, ReadsTextsAndMapsWeights) {
  write("config.json", "{}");
  write("tokenizer.json", "{\"t\":1}");
  write("chat_template.jinja", "{{ x }}");
  write_weights();
  for (std::string_view end : {"", "/", "//"}) {
    const auto files = open_model(folder_ + std::string(end), {});
    ASSERT_TRUE(files) << message_of(files);
    EXPECT_EQ(files->folder, folder_);
    EXPECT_EQ(files->config, "{}");
    EXPECT_EQ(files->tokenizer, "{\"t\":1}");
    EXPECT_EQ(files->chat_template, "{{ x }}");
    EXPECT_EQ(files->generation_config, std::nullopt);
    EXPECT_EQ(files->checkpoint.tensors.size(), 1u);
    EXPECT_EQ(files->path("config.json"), path("config.json"));
  }
}

TEST_F(ModelFilesTest, DemoIsTheFolderThatTheCallerGives) {
  const auto files =
      open_model("demo", {.demo_folder = GERBIL_SOURCE_DIR "/models/qwen3_5-nano-vl"});
  ASSERT_TRUE(files) << message_of(files);
  EXPECT_TRUE(files->tokenizer && files->tokenizer_config && files->chat_template);
  EXPECT_TRUE(files->generation_config && files->preprocessor_config);
  EXPECT_EQ(files->checkpoint.tensors.size(), 180u);
  EXPECT_EQ(message_of(open_model("demo", {})), "demo: the bundled model is not installed");
  EXPECT_EQ(message_of(open_model("demo", {.demo_folder = path("none")})),
            "\"" + path("none") + "\": there is no such folder");
}

TEST_F(ModelFilesTest, WeightsAreLeftAloneWhenNotAskedFor) {
  write("config.json", "{}");
  const auto files = open_model(folder_, {.weights = false});
  ASSERT_TRUE(files) << message_of(files);
  EXPECT_TRUE(files->checkpoint.tensors.empty());
}

TEST_F(ModelFilesTest, AMissingFolderIsNamed) {
  const auto missing = open_model(path("none"), {});
  EXPECT_EQ(message_of(missing), "\"" + path("none") + "\": there is no such folder");
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(error(""), "no model was named");
  EXPECT_EQ(error("./org/name"), "\"./org/name\": there is no such folder");
  EXPECT_EQ(error("no-such-name"), "\"no-such-name\": there is no such folder");
}

TEST_F(ModelFilesTest, AHubNameWithoutACacheSaysSo) {
  const auto hub = open_model("Qwen/Qwen3-0.6B@v1", {});
  EXPECT_EQ(message_of(hub),
            "Qwen/Qwen3-0.6B@v1: there is no folder of that name, and no cache folder to fetch it "
            "to");
  EXPECT_EQ(hub.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(error("a/b:model.gguf"), "a/b:model.gguf: GGUF files are not in this build");
}

TEST_F(ModelFilesTest, AFileIsNoModel) {
  write("model.safetensors", "");
  write("model.gguf", "");
  EXPECT_EQ(error(path("model.safetensors")),
            path("model.safetensors") + ": is a file; a model is the folder with its config.json");
  EXPECT_EQ(error(path("model.gguf")), path("model.gguf") + ": GGUF files are not in this build");
}

TEST_F(ModelFilesTest, AMissingConfigOrCheckpointIsNamed) {
  EXPECT_EQ(error(folder_), folder_ + ": has no config.json");
  write("config.json", "{}");
  EXPECT_EQ(error(folder_),
            folder_ + ": has neither model.safetensors nor model.safetensors.index.json");
}

TEST_F(ModelFilesTest, WeightsOfAnotherKindAreNamed) {
  write("config.json", "{}");
  write("pytorch_model.bin", "");
  EXPECT_EQ(error(folder_), folder_ +
                                ": has its weights as pickled tensors "
                                "(\"pytorch_model.bin\"); only safetensors are read");
  fs::remove(path("config.json"));
  fs::remove(path("pytorch_model.bin"));
  write("tiny-q4.gguf", "");
  EXPECT_EQ(error(folder_),
            folder_ + ": has its weights as GGUF (\"tiny-q4.gguf\"), which is not in this build");
  write("config.json", "{}");
  write_weights();
  EXPECT_TRUE(open_model(folder_, {})) << "safetensors beside a GGUF file are enough";
}

TEST_F(ModelFilesTest, AConfigThatIsTooLargeIsRefused) {
  write("config.json", std::string((16u << 20) + 1, ' '));
  write_weights();
  EXPECT_EQ(error(folder_),
            path("config.json") + ": has more than 16777216 bytes, the limit for such a file");
}

TEST_F(ModelFilesTest, ABrokenCheckpointIsNamed) {
  write("config.json", "{}");
  write("model.safetensors", "xx");
  EXPECT_EQ(error(folder_),
            path("model.safetensors") + ": 2 bytes are too few for a safetensors file");
}

}  // namespace
}  // namespace gerbil::hub
