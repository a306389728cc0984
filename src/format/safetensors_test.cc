#include "format/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gerbil::format {
namespace {

using testing::ElementsAre;
using testing::Pair;

std::vector<std::byte> file_of(std::string_view header, size_t data_bytes) {
  std::vector<std::byte> bytes;
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<std::byte>(header.size() >> (8 * i)));
  for (char c : header) bytes.push_back(static_cast<std::byte>(c));
  for (size_t i = 0; i < data_bytes; ++i) bytes.push_back(static_cast<std::byte>(i));
  return bytes;
}

Result<SafetensorsHeader> parsed(std::string_view header, size_t data_bytes) {
  const auto file = file_of(header, data_bytes);
  return parse_safetensors_header(file, file.size(), "f");
}

Error error_of(std::string_view header, size_t data_bytes) {
  auto result = parsed(header, data_bytes);
  return result ? Error{ErrorCode::kInternal, "no error"} : result.error();
}

std::string message_of(std::string_view header, size_t data_bytes) {
  return error_of(header, data_bytes).message;
}

// {"t": {"dtype": ..., ...}}
std::string one(std::string_view dtype, std::string_view shape, std::string_view offsets) {
  return fmt::format(R"({{"t":{{"dtype":"{}","shape":{},"data_offsets":{}}}}})", dtype, shape,
                     offsets);
}

std::string two(std::string_view offsets_a, std::string_view offsets_b) {
  return fmt::format(R"({{"a":{{"dtype":"U8","shape":[4],"data_offsets":{}}},)"
                     R"("b":{{"dtype":"U8","shape":[4],"data_offsets":{}}}}})",
                     offsets_a, offsets_b);
}

TEST(Safetensors, ReadsTensorsAndMetadata) {
  const std::string header =
      R"({"__metadata__":{"format":"pt"},)"
      R"("second":{"dtype":"BF16","shape":[2,3],"data_offsets":[4,16]},)"
      R"("first":{"dtype":"F32","shape":[],"data_offsets":[0,4],"note":"other keys are ignored"},)"
      R"("empty":{"dtype":"I64","shape":[0,7],"data_offsets":[4,4]}}   )";
  const auto source = std::make_shared<tensor::MemorySource>("m", file_of(header, 16));
  const auto checkpoint = open_safetensors(source);
  ASSERT_TRUE(checkpoint) << checkpoint.error().message;
  EXPECT_THAT(checkpoint->metadata, ElementsAre(Pair("format", "pt")));
  EXPECT_THAT(checkpoint->files, ElementsAre("m"));
  ASSERT_EQ(checkpoint->tensors.size(), 3u);
  const tensor::TensorRef* second = checkpoint->find("second");
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->dtype, tensor::DType::kBF16);
  EXPECT_EQ(second->shape, (tensor::Shape{2, 3}));
  EXPECT_EQ(second->offset_bytes, 8 + header.size() + 4);
  EXPECT_EQ(second->size_bytes, 12u);
  EXPECT_EQ(checkpoint->find("first")->shape.rank(), 0u);
  EXPECT_EQ(checkpoint->find("empty")->size_bytes, 0u);
  EXPECT_EQ(checkpoint->find("third"), nullptr);
  std::byte row[6];
  ASSERT_TRUE(tensor::read_rows(*second, 1, 1, row));
  EXPECT_EQ(row[0], std::byte{10});
}

TEST(Safetensors, AFileWithoutTensorsIsWellFormed) {
  EXPECT_TRUE(parsed("{}", 0));
  EXPECT_TRUE(parsed(R"({"__metadata__":null})", 0));
  EXPECT_EQ(message_of("{}", 3), "f: the last 3 bytes belong to no tensor");
}

TEST(Safetensors, SaysHowManyBytesToFetchForTheHeader) {
  const auto file = file_of("{}", 0);
  EXPECT_EQ(*safetensors_header_bytes(file, file.size(), "f"), 10u);
}

TEST(Safetensors, RefusesAHeaderThatTheFileCannotHold) {
  const auto error = [](std::vector<std::byte> bytes) {
    return parse_safetensors_header(bytes, bytes.size(), "f").error().message;
  };
  EXPECT_EQ(error({}), "f: 0 bytes are too few for a safetensors file");
  EXPECT_EQ(error(std::vector<std::byte>(7)), "f: 7 bytes are too few for a safetensors file");
  auto file = file_of("{}", 0);
  file[0] = std::byte{3};
  EXPECT_EQ(error(file), "f: a header of 3 bytes, but the file has only 10 bytes");
  file[3] = std::byte{6};  // 6 << 24 is 100,663,296
  EXPECT_EQ(error(file),
            "f: a header of 100663299 bytes, more than the format's limit of 100000000");
  for (int i = 0; i < 8; ++i) file[i] = std::byte{255};
  EXPECT_EQ(error(file),
            "f: a header of 18446744073709551615 bytes, more than the format's limit "
            "of 100000000");
}

TEST(Safetensors, RefusesAHeaderThatIsNoJsonObject) {
  EXPECT_EQ(message_of("", 0),
            "f: header: not valid JSON: expected a value where the text ends, "
            "line 1, column 1 (byte 0)");
  EXPECT_EQ(message_of("[]", 0), "f: header: expected a JSON object, found an array of 0");
  EXPECT_EQ(message_of("{\"\xff\":1}", 0),
            "f: header: not valid JSON: not valid UTF-8, line 1, column 3 (byte 2)");
  EXPECT_EQ(message_of("{\"a\":" + std::string(100000, '[') + std::string(100000, ']') + "}", 0),
            "f: header: JSON nested more than 64 deep");
}

TEST(Safetensors, RefusesDuplicateKeys) {
  EXPECT_EQ(message_of(R"({"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                       R"("t":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
                       2),
            "f: header: the key \"t\" twice");
  EXPECT_EQ(message_of(R"({"t":{"dtype":"U8","shape":[1],"shape":[1],"data_offsets":[0,1]}})", 1),
            "f: header: the key \"shape\" twice");
}

TEST(Safetensors, RefusesAMisshapenEntry) {
  EXPECT_EQ(message_of(R"({"t":7})", 0), "f: tensor \"t\": expected an object, found 7");
  EXPECT_EQ(message_of(R"({"t":{"shape":[1],"data_offsets":[0,1]}})", 1),
            "f: tensor \"t\": expected a string as \"dtype\", but it is missing");
  EXPECT_EQ(message_of(one("U8", "4", "[0,4]"), 4),
            "f: tensor \"t\": expected an array as \"shape\", found 4");
  EXPECT_EQ(message_of(one("U8", "[-4]", "[0,4]"), 4),
            "f: tensor \"t\": expected a size of at least 0 in \"shape\", found -4");
  EXPECT_EQ(message_of(one("U8", "[4.0]", "[0,4]"), 4),
            "f: tensor \"t\": expected a size of at least 0 in \"shape\", found 4.0");
  EXPECT_EQ(message_of(one("U8", "[4]", "[0]"), 4),
            "f: tensor \"t\": expected [begin, end] as \"data_offsets\", found an array of 1");
  EXPECT_EQ(message_of(one("U8", "[4]", "[4,0]"), 4),
            "f: tensor \"t\": expected 0 <= begin <= end in \"data_offsets\", found [4, 0]");
  EXPECT_EQ(message_of(one("U8", "[4]", "[-1,3]"), 4),
            "f: tensor \"t\": expected 0 <= begin <= end in \"data_offsets\", found [-1, 3]");
  EXPECT_EQ(message_of(R"({"__metadata__":{"a":1}})", 0),
            "f: __metadata__: expected a string for \"a\", found 1");
  EXPECT_EQ(message_of(R"({"__metadata__":[]})", 0),
            "f: __metadata__: expected an object of strings, found an array of 0");
}

TEST(Safetensors, NamesWhatItDoesNotKnow) {
  const Error dtype = error_of(one("F4", "[2]", "[0,1]"), 1);
  EXPECT_EQ(dtype.message, "f: tensor \"t\": unknown dtype \"F4\"");
  EXPECT_EQ(dtype.code, ErrorCode::kUnsupported);
  EXPECT_TRUE(parsed(one("U8", "[1,1,1,1,1,1,1,1]", "[0,1]"), 1));
  const Error rank = error_of(one("U8", "[1,1,1,1,1,1,1,1,1]", "[0,1]"), 1);
  EXPECT_EQ(rank.message, "f: tensor \"t\": 9 dimensions, at most 8 are understood");
  EXPECT_EQ(rank.code, ErrorCode::kUnsupported);
}

TEST(Safetensors, RefusesOffsetsThatDoNotMatchTheShape) {
  EXPECT_EQ(message_of(one("F32", "[2,3]", "[0,20]"), 20),
            "f: tensor \"t\": shape [2, 3] of F32 takes 24 bytes, its data_offsets hold 20");
  EXPECT_EQ(message_of(one("F32", "[0]", "[0,4]"), 4),
            "f: tensor \"t\": shape [0] of F32 takes 0 bytes, its data_offsets hold 4");
}

TEST(Safetensors, RefusesSizesThatOverflow) {
  const std::string huge = "1000000000000000000";
  EXPECT_EQ(message_of(one("F32", fmt::format("[{0},{0}]", huge), "[0,4]"), 4),
            fmt::format("f: tensor \"t\": shape [{0}, {0}] of F32 has more bytes than 64 bits can "
                        "count",
                        huge));
  // 2^62 * 16 wraps around to nothing; an empty tensor may not hide it either.
  EXPECT_EQ(message_of(one("F32", "[4611686018427387904,16]", "[0,0]"), 0),
            "f: tensor \"t\": shape [4611686018427387904, 16] of F32 has more bytes than 64 bits "
            "can count");
  EXPECT_EQ(message_of(one("U8", fmt::format("[0,{0},{0}]", huge), "[0,0]"), 0),
            fmt::format("f: tensor \"t\": shape [0, {0}, {0}] of U8 has more bytes than 64 bits "
                        "can count",
                        huge));
  EXPECT_EQ(message_of(one("U8", "[1e18]", "[0,1]"), 1),
            "f: tensor \"t\": expected a size of at least 0 in \"shape\", found 1e+18");
  EXPECT_EQ(message_of(one("U8", fmt::format("[{}]", huge), "[0,1]"), 1),
            fmt::format("f: tensor \"t\": shape [{0}] of U8 takes {0} bytes, its data_offsets hold "
                        "1",
                        huge));
}

TEST(Safetensors, RefusesOffsetsOutsideTheFile) {
  EXPECT_EQ(message_of(one("U8", "[8]", "[0,8]"), 7),
            "f: tensor \"t\": its bytes 0 to 8 pass the end of the file's 7 bytes of data");
  EXPECT_EQ(message_of(one("U8", "[1]", "[9223372036854775806,9223372036854775807]"), 1),
            "f: tensor \"t\": its bytes 9223372036854775806 to 9223372036854775807 pass the end "
            "of the file's 1 bytes of data");
  EXPECT_EQ(message_of(one("U8", "[1]", "[0,18446744073709551616]"), 1),
            "f: tensor \"t\": expected 0 <= begin <= end in \"data_offsets\", found [0, "
            "1.8446744073709552e+19]");
}

TEST(Safetensors, RefusesOverlapsGapsAndRests) {
  EXPECT_TRUE(parsed(two("[4,8]", "[0,4]"), 8)) << "any order";
  EXPECT_EQ(message_of(two("[0,4]", "[3,7]"), 7),
            "f: tensor \"b\": its bytes overlap those of \"a\"");
  EXPECT_EQ(message_of(two("[0,4]", "[0,4]"), 4),
            "f: tensor \"b\": its bytes overlap those of \"a\"");
  EXPECT_EQ(message_of(two("[0,4]", "[5,9]"), 9),
            "f: the 1 bytes before tensor \"b\" belong to no tensor");
  EXPECT_EQ(message_of(two("[2,6]", "[6,10]"), 10),
            "f: the 2 bytes before tensor \"a\" belong to no tensor");
  EXPECT_EQ(message_of(two("[0,4]", "[4,8]"), 9), "f: the last 1 bytes belong to no tensor");
}

TEST(Safetensors, EveryTruncationIsAnError) {
  const auto file = file_of(two("[0,4]", "[4,8]"), 8);
  for (size_t size = 0; size < file.size(); ++size) {
    const auto source = std::make_shared<tensor::MemorySource>(
        "f", std::vector<std::byte>(file.begin(), file.begin() + static_cast<ptrdiff_t>(size)));
    const auto checkpoint = open_safetensors(source);
    ASSERT_FALSE(checkpoint) << size;
    EXPECT_EQ(checkpoint.error().code, ErrorCode::kCorrupt);
  }
}

// A source that has no view, as a download has none.
class ReadOnlySource final : public tensor::ByteSource {
 public:
  explicit ReadOnlySource(std::vector<std::byte> bytes) : memory_("r", std::move(bytes)) {}
  uint64_t size_bytes() const override { return memory_.size_bytes(); }
  const std::string& name() const override { return memory_.name(); }
  std::optional<Bytes> view(uint64_t, uint64_t) const override { return std::nullopt; }
  Status read(uint64_t offset_bytes, Span<std::byte> out) const override {
    return memory_.read(offset_bytes, out);
  }

 private:
  tensor::MemorySource memory_;
};

TEST(Safetensors, OpensASourceThatIsNotMapped) {
  const auto checkpoint =
      open_safetensors(std::make_shared<ReadOnlySource>(file_of(two("[0,4]", "[4,8]"), 8)));
  ASSERT_TRUE(checkpoint) << checkpoint.error().message;
  EXPECT_EQ(checkpoint->tensors.size(), 2u);
}

}  // namespace
}  // namespace gerbil::format
