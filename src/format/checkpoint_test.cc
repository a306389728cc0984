#include "format/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "format/safetensors.h"
#include "format/safetensors_writer.h"
#include "format/shard_index.h"
#include "platform/file.h"

namespace gerbil::format {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::EndsWith;
using testing::Pair;

template <class T>
std::string message_of(const Result<T>& result) {
  return result ? "no error" : result.error().message;
}

class CheckpointTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "gerbil-format-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string path(std::string_view name) const { return platform::join_path(folder_, name); }
  void write_text(std::string_view name, std::string_view text) const {
    std::ofstream(path(name), std::ios::binary) << text;
  }
  // A file with one U8 tensor of one byte per name.
  void write_shard(std::string_view file, const std::vector<std::string>& names) const {
    std::vector<TensorData> tensors;
    for (const std::string& name : names)
      tensors.push_back({{name, tensor::DType::kU8, {1}}, Bytes(&kByte, 1)});
    ASSERT_TRUE(write_safetensors(path(file), tensors, {{"format", "pt"}}));
  }
  void write_index(std::string_view weight_map) const {
    write_text(kShardIndexFile,
               fmt::format(R"({{"metadata":{{"total_size":3}},"weight_map":{}}})", weight_map));
  }

  static constexpr std::byte kByte{42};
  std::string folder_;
};

TEST_F(CheckpointTest, OpensASingleFile) {
  write_shard("model.safetensors", {"a", "b"});
  const auto checkpoint = open_checkpoint(folder_ + "/");
  ASSERT_TRUE(checkpoint) << message_of(checkpoint);
  EXPECT_EQ(checkpoint->tensors.size(), 2u);
  EXPECT_THAT(checkpoint->files, ElementsAre(path("model.safetensors")));
  std::byte value{};
  ASSERT_TRUE(tensor::read_rows(*checkpoint->find("b"), 0, 1, {&value, 1}));
  EXPECT_EQ(value, kByte);
}

TEST_F(CheckpointTest, OpensShardsAndLeavesOtherFilesAlone) {
  write_shard("model-1.safetensors", {"a", "c"});
  write_shard("model-2.safetensors", {"b"});
  write_shard("unrelated.safetensors", {"unrelated"});
  write_index(R"({"a":"model-1.safetensors","b":"model-2.safetensors","c":"model-1.safetensors"})");
  const auto checkpoint = open_checkpoint(folder_);
  ASSERT_TRUE(checkpoint) << message_of(checkpoint);
  EXPECT_EQ(checkpoint->tensors.size(), 3u);
  EXPECT_EQ(checkpoint->find("b")->source->name(), path("model-2.safetensors"));
  EXPECT_THAT(checkpoint->files,
              ElementsAre(path("model-1.safetensors"), path("model-2.safetensors")));
  EXPECT_THAT(checkpoint->metadata, ElementsAre(Pair("format", "pt")));
}

TEST_F(CheckpointTest, ASingleFileWinsOverAnIndexAsInTransformers) {
  write_shard("model.safetensors", {"a"});
  write_index(R"({"a":"model-1.safetensors"})");
  const auto checkpoint = open_checkpoint(folder_);
  ASSERT_TRUE(checkpoint) << message_of(checkpoint);
  EXPECT_THAT(checkpoint->files, ElementsAre(path("model.safetensors")));
}

TEST(Checkpoint, OpensEveryCommittedModel) {
  int models = 0;
  for (const auto& folder : fs::directory_iterator(GERBIL_SOURCE_DIR "/tests/data/models")) {
    const auto checkpoint = open_checkpoint(folder.path().string());
    ASSERT_TRUE(checkpoint) << message_of(checkpoint);
    EXPECT_FALSE(checkpoint->tensors.empty());
    ++models;
  }
  EXPECT_GT(models, 3);
}

TEST_F(CheckpointTest, AFolderWithoutACheckpointSaysWhatIsMissing) {
  const auto checkpoint = open_checkpoint(folder_);
  EXPECT_EQ(message_of(checkpoint),
            folder_ + ": has neither model.safetensors nor model.safetensors.index.json");
  EXPECT_EQ(checkpoint.error().code, ErrorCode::kNotFound);
}

TEST_F(CheckpointTest, AnEmptyFileAndAFolderInTheFilesPlaceAreErrors) {
  write_text("model.safetensors", "");
  EXPECT_EQ(message_of(open_checkpoint(folder_)),
            path("model.safetensors") + ": 0 bytes are too few for a safetensors file");
  fs::remove(path("model.safetensors"));
  fs::create_directory(path("model.safetensors"));
  EXPECT_EQ(message_of(open_checkpoint(folder_)),
            path("model.safetensors") + ": is a folder, not a file");
}

TEST_F(CheckpointTest, NamesAMissingShard) {
  write_shard("model-1.safetensors", {"a"});
  write_index(R"({"a":"model-1.safetensors","b":"model-2.safetensors"})");
  const auto checkpoint = open_checkpoint(folder_);
  EXPECT_EQ(message_of(checkpoint),
            path(kShardIndexFile) + ": the shard \"model-2.safetensors\" is missing");
  EXPECT_EQ(checkpoint.error().code, ErrorCode::kNotFound);
}

TEST_F(CheckpointTest, NamesATruncatedShard) {
  write_shard("model-1.safetensors", {"a"});
  write_shard("model-2.safetensors", {"b"});
  write_index(R"({"a":"model-1.safetensors","b":"model-2.safetensors"})");
  const auto size = fs::file_size(path("model-2.safetensors"));
  fs::resize_file(path("model-2.safetensors"), size - 1);
  EXPECT_EQ(message_of(open_checkpoint(folder_)),
            path("model-2.safetensors") +
                ": tensor \"b\": its bytes 0 to 1 pass the end of the file's 0 bytes of data");
  fs::resize_file(path("model-2.safetensors"), 20);
  EXPECT_THAT(message_of(open_checkpoint(folder_)), EndsWith("but the file has only 20 bytes"));
}

TEST_F(CheckpointTest, EveryTensorLiesInTheShardThatTheIndexNames) {
  write_shard("model-1.safetensors", {"a", "extra"});
  write_index(R"({"a":"model-1.safetensors"})");
  EXPECT_EQ(
      message_of(open_checkpoint(folder_)),
      path("model-1.safetensors") + ": tensor \"extra\" is not in model.safetensors.index.json");
  write_index(R"({"a":"model-1.safetensors","extra":"model-1.safetensors",)"
              R"("gone":"model-1.safetensors"})");
  EXPECT_EQ(message_of(open_checkpoint(folder_)),
            path("model-1.safetensors") +
                ": tensor \"gone\" is missing, model.safetensors.index.json places it there");
}

TEST_F(CheckpointTest, ATensorInTwoShardsIsAnError) {
  write_shard("model-1.safetensors", {"a", "b"});
  write_shard("model-2.safetensors", {"b"});
  write_index(R"({"a":"model-1.safetensors","b":"model-2.safetensors"})");
  EXPECT_EQ(message_of(open_checkpoint(folder_)),
            path("model-1.safetensors") +
                ": tensor \"b\" is placed in \"model-2.safetensors\" by "
                "model.safetensors.index.json");
}

TEST_F(CheckpointTest, AShardMayBeALink) {
  write_shard("blob", {"a"});
  fs::create_symlink(path("blob"), path("model-1.safetensors"));
  write_index(R"({"a":"model-1.safetensors"})");
  EXPECT_TRUE(open_checkpoint(folder_));
}

TEST(ShardIndex, NeverNamesAFileOutsideItsFolder) {
  for (std::string_view name :
       {"../model.safetensors", "/etc/model.safetensors", "sub/model.safetensors",
        "..\\\\model.safetensors", "C:model.safetensors", "a\\u0000.safetensors", "..", ".", "",
        ".safetensors", ".hidden.safetensors", "config.json", "a\\n.safetensors"}) {
    const auto index =
        parse_shard_index(fmt::format(R"({{"weight_map":{{"w":"{}"}}}})", name), "i.json");
    ASSERT_FALSE(index) << name;
    EXPECT_TRUE(
        index.error().message.starts_with("i.json: tensor \"w\": expected the name of a "
                                          ".safetensors file in the same folder, found "))
        << index.error().message;
  }
}

TEST(ShardIndex, RefusesWhatIsNoIndex) {
  const auto error = [](std::string_view text) {
    return message_of(parse_shard_index(text, "i.json"));
  };
  EXPECT_EQ(error("[]"), "i.json: expected a JSON object, found an array of 0");
  EXPECT_EQ(error("{}"), "i.json: \"weight_map\": expected an object, but it is missing");
  EXPECT_EQ(error(R"({"weight_map":{}})"), "i.json: \"weight_map\" names no tensor");
  EXPECT_EQ(error(R"({"weight_map":{"w":1}})"),
            "i.json: tensor \"w\": expected the name of a .safetensors file in the same folder, "
            "found 1");
  EXPECT_EQ(error(R"({"weight_map":{"w":"a.safetensors","w":"b.safetensors"}})"),
            "i.json: the key \"w\" twice");
  EXPECT_EQ(error(R"({"weight_map":{"w":"a.safetensors")"),
            "i.json: not valid JSON: expected \",\" or \"}\" where the text ends, line 1, column "
            "35 (byte 34)");
}

TEST_F(CheckpointTest, TheWritersFilesReadBack) {
  const float values[6] = {1, 2, 3, 4, 5, 6};
  const Bytes bytes = std::as_bytes(std::span(values));
  auto writer = SafetensorsWriter::create(
      path("out"), {{"logits", tensor::DType::kF32, {2, 3}}, {"none", tensor::DType::kI64, {0}}},
      {{"made_by", "a \"test\""}});
  ASSERT_TRUE(writer) << message_of(writer);
  ASSERT_TRUE(writer->write(bytes.first(5)));
  ASSERT_TRUE(writer->write(bytes.subspan(5)));
  ASSERT_TRUE(writer->finish());
  const auto checkpoint = open_safetensors(path("out"));
  ASSERT_TRUE(checkpoint) << message_of(checkpoint);
  EXPECT_THAT(checkpoint->metadata, ElementsAre(Pair("made_by", "a \"test\"")));
  const tensor::TensorRef& logits = *checkpoint->find("logits");
  EXPECT_EQ(logits.offset_bytes % 8, 0u) << "the header is padded";
  float read[6];
  ASSERT_TRUE(tensor::read_rows_f32(logits, 0, 2, read));
  EXPECT_THAT(read, ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_EQ(checkpoint->find("none")->shape, (tensor::Shape{0}));
}

TEST_F(CheckpointTest, AWriterThatIsDroppedLeavesNoFile) {
  {
    auto writer = SafetensorsWriter::create(path("out"), {{"t", tensor::DType::kU8, {2}}});
    ASSERT_TRUE(writer->write(Bytes(&kByte, 1)));
    EXPECT_EQ(message_of(writer->finish()), path("out") + ": its tensors still lack 1 bytes");
    const std::byte more[2] = {};
    EXPECT_EQ(message_of(writer->write(more)),
              path("out") + ": 2 bytes to write, but its tensors lack only 1");
  }
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(CheckpointTest, AWriterRefusesWhatNoFileCanHold) {
  EXPECT_EQ(message_of(SafetensorsWriter::create(
                path("out"), {{"t", tensor::DType::kU8, {1}}, {"t", tensor::DType::kU8, {1}}})),
            path("out") + ": two tensors named \"t\"");
  EXPECT_EQ(message_of(SafetensorsWriter::create(
                path("out"), {{"t", tensor::DType::kF32, {uint64_t{1} << 40, 1u << 30}}})),
            path("out") + ": tensor \"t\" is too large");
  const TensorData wrong{{"t", tensor::DType::kF32, {2}}, Bytes(&kByte, 1)};
  EXPECT_EQ(message_of(write_safetensors(path("out"), {&wrong, 1})),
            path("out") + ": tensor \"t\": 1 bytes do not fill shape [2] of F32");
  EXPECT_TRUE(fs::is_empty(folder_));
}

}  // namespace
}  // namespace gerbil::format
