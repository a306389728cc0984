// What is kept of a fetched file: ranges, their journal, and the sparse file beside it.
#include "hub/partial_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "hub/content_hash.h"
#include "hub/model_name.h"
#include "hub/range_journal.h"
#include "hub/repo_info.h"
#include "platform/file.h"

namespace gerbil::hub {
namespace {

namespace fs = std::filesystem;

TEST(RangeSet, IsTheSetOfItsBytes) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    RangeSet set, other;
    std::vector<bool> bytes(64), others(64);
    const auto add = [&](RangeSet& to, std::vector<bool>& model) {
      const uint64_t first = random() % 60, size = random() % 8;
      to.add({first, size});
      for (uint64_t i = first; i < std::min<uint64_t>(first + size, 64); ++i) model[i] = true;
      if (first + size > 64) model.resize(64);
    };
    for (int i = 0; i < 8; ++i) add(set, bytes);
    for (int i = 0; i < 4; ++i) add(other, others);
    const RangeSet rest = set.without(other);
    for (uint64_t i = 0; i < 60; ++i) {
      EXPECT_EQ(set.contains({i, 1}), bytes[i]);
      EXPECT_EQ(rest.contains({i, 1}), bytes[i] && !others[i]);
    }
    for (size_t i = 1; i < set.ranges().size(); ++i)
      EXPECT_GT(set.ranges()[i].offset_bytes, set.ranges()[i - 1].end()) << "apart";
    const RangeSet joined = set.coalesced(2, 3);
    EXPECT_LE(joined.size_bytes(), set.size_bytes() + 3);
    EXPECT_EQ(set.without(joined).size_bytes(), 0u);
    uint64_t sum = 0;
    for (const ByteRange& piece : pieces_of(set, 5)) {
      EXPECT_LE(piece.size_bytes, 5u);
      EXPECT_TRUE(set.contains(piece));
      sum += piece.size_bytes;
    }
    EXPECT_EQ(sum, set.size_bytes());
  }
}

TEST(RangeSet, FillsSmallGapsAlone) {
  RangeSet set;
  set.add({0, 100});
  set.add({110, 100});
  set.add({1000, 100});
  EXPECT_EQ(set.coalesced(20, 1000).ranges(), (std::vector<ByteRange>{{0, 210}, {1000, 100}}));
  EXPECT_EQ(set.coalesced(20, 9).ranges(), set.ranges());
  EXPECT_TRUE(set.contains({5, 0}));
  EXPECT_FALSE(set.contains({90, 30}));
}

TEST(RangeJournal, ReadsBackWhatItWrote) {
  std::string text = journal_start(1000, "abc");
  text += journal_line({{0, 100}, 7});
  text += kJournalSeal;
  text += journal_line({{100, 900}, 0xfedcba9876543210});
  const auto journal = parse_journal(text);
  ASSERT_TRUE(journal);
  EXPECT_EQ(journal->size_bytes, 1000u);
  EXPECT_EQ(journal->etag, "abc");
  ASSERT_EQ(journal->parts.size(), 2u);
  EXPECT_EQ(journal->parts[1].range, (ByteRange{100, 900}));
  EXPECT_EQ(journal->parts[1].hash, 0xfedcba9876543210);
  EXPECT_EQ(journal->sealed_parts, 1u);
  EXPECT_EQ(journal->good_bytes, text.size());
  // Cut anywhere, it says no more than it did.
  for (size_t size = 0; size < text.size(); ++size) {
    const auto torn = parse_journal(std::string_view(text).substr(0, size));
    if (size < journal_start(1000, "abc").size()) {
      EXPECT_FALSE(torn) << size;
    } else {
      ASSERT_TRUE(torn) << size;
      EXPECT_LE(torn->parts.size(), 1u);
      EXPECT_LE(torn->good_bytes, size);
    }
  }
}

TEST(RangeJournal, StopsAtALineThatMakesNoSense) {
  for (const char* line :
       {"0 1001 0000000000000000", "1000 1 0000000000000000", "0 0 0000000000000000",
        "18446744073709551615 2 0000000000000000", "0 18446744073709551616 0000000000000000",
        "0 1 000000000000000", "0 1 00000000000000000", "0 1 000000000000000G", "-1 1 0", "",
        "seal", "1 1"}) {
    const std::string start = journal_start(1000, "abc");
    const auto journal = parse_journal(start + line + "\n" + journal_line({{0, 1}, 1}));
    ASSERT_TRUE(journal) << line;
    EXPECT_TRUE(journal->parts.empty()) << line;
    EXPECT_EQ(journal->good_bytes, start.size()) << line;
  }
  for (const char* start :
       {"gerbil ranges 2 10 abc\n", "gerbil ranges 1 x abc\n", "gerbil ranges 1 10 ../abc\n",
        "gerbil ranges 1 10 ..\n", "gerbil ranges 1 10 \n", "gerbil ranges 1 10\n"})
    EXPECT_FALSE(parse_journal(start)) << start;
}

TEST(RepoInfo, ReadsTheHubsAnswer) {
  const std::string commit(40, 'a');
  const auto info = parse_repo_info(
      R"({"sha":")" + commit +
          R"(","siblings":[{"rfilename":"b/c.json"},{"rfilename":"a"},{"rfilename":"a"}]})",
      "api");
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(info->commit, commit);
  EXPECT_EQ(info->files, (std::vector<std::string>{"a", "b/c.json"}));
  const auto message_of = [](const std::string& text) {
    const auto bad = parse_repo_info(text, "api");
    return bad ? "no error" : bad.error().message;
  };
  EXPECT_EQ(message_of("[]"), "api: expected a JSON object, found an array of 0");
  EXPECT_EQ(message_of(R"({"sha":"main","siblings":[]})"),
            "api: \"sha\": expected a commit of 40 hex digits, found \"main\"");
}

// The hostile names that a hub or an index may list never lead out of a folder.
TEST(RepoInfo, RefusesNamesThatLeaveTheFolder) {
  for (const char* path : {"../x", "a/../../x", "/etc/passwd", "a//b", "", ".", "..", "a/.", "a/..",
                           "a\\\\..\\\\b", "a\\u0000b", "a\\nb", "a/"}) {
    const auto info = parse_repo_info(
        R"({"sha":")" + std::string(40, 'a') + R"(","siblings":[{"rfilename":")" + path + R"("}]})",
        "api");
    ASSERT_FALSE(info) << path;
    EXPECT_TRUE(info.error().message.contains("would lie outside of the model's folder")) << path;
  }
}

TEST(FileList, ReadsBackWhatItWrote) {
  FileList list;
  list.files["config.json"] = {.etag = "abc", .size_bytes = 12};
  list.files["a folder/b c.json"] = {};
  const std::string text = to_text(list);
  const auto read = parse_file_list(text);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->files.size(), 2u);
  EXPECT_EQ(read->files.find("config.json")->second.etag, "abc");
  EXPECT_EQ(read->files.find("a folder/b c.json")->second.etag, "");
  for (size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(parse_file_list(std::string_view(text).substr(0, size))) << size;
  EXPECT_FALSE(parse_file_list("gerbil files 1\nabc 1 ../x\nend\n"));
  EXPECT_FALSE(parse_file_list("gerbil files 1\na/b 1 x\nend\n"));
}

TEST(ModelName, HasAnOrganisationANameAndMore) {
  const auto name = parse_model_name("Qwen/Qwen3.5-0.8B@refs/pr/1:sub/file.gguf");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->repo(), "Qwen/Qwen3.5-0.8B");
  EXPECT_EQ(name->revision, "refs/pr/1");
  EXPECT_EQ(name->file, "sub/file.gguf");
  EXPECT_EQ(name->text(), "Qwen/Qwen3.5-0.8B@refs/pr/1:sub/file.gguf");
  EXPECT_EQ(parse_model_name("a/b")->text(), "a/b");
  for (const char* text : {"",     "demo",     "a/",     "/b",     "a/b/c",  "./b",     "../b",
                           "a/..", "-a/b",     "a/b-",   "a/b--c", "a/b..c", "a/b@",    "a/b@../x",
                           "a/b:", "a/b:../x", "a/b:/x", "a b/c",  "a/b\n",  "a/b?x=1", "a/b%2e"})
    EXPECT_FALSE(parse_model_name(text)) << text;
  EXPECT_FALSE(is_safe_etag(".."));
  EXPECT_FALSE(is_safe_etag("a/b"));
  EXPECT_FALSE(is_safe_etag(""));
  EXPECT_EQ(percent_encoded("a b/c?", true), "a%20b/c%3F");
  EXPECT_EQ(percent_encoded("a/b", false), "a%2Fb");
}

TEST(ContentHash, KnowsWhatEtagsPromise) {
  const std::string text = "hello\n";
  const Bytes bytes = std::as_bytes(Span<const char>(text));
  // printf 'hello\n' | sha256sum; sha1sum; git hash-object --stdin
  EXPECT_TRUE(
      matches_etag(bytes, "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"));
  EXPECT_TRUE(matches_etag(bytes, "f572d396fae9206628714fb2ce00f72e94f2258f"));
  EXPECT_TRUE(matches_etag(bytes, "ce013625030ba8dba906f756967f9e9ca394464a"));
  EXPECT_TRUE(matches_etag(bytes, "anything"));
  EXPECT_FALSE(matches_etag(bytes, std::string(64, '0')));
  EXPECT_FALSE(matches_etag(bytes, std::string(40, '0')));
  QuickHash pieces;
  pieces.add(bytes.first(2));
  pieces.add(bytes.subspan(2));
  EXPECT_EQ(pieces.value(), quick_hash(bytes));
}

class PartialFileTest : public ::testing::Test {
 protected:
  PartialFileTest() {
    folder_ = ::testing::TempDir() + "gerbil_partial_" + std::to_string(::getpid());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    for (size_t i = 0; i < bytes_.size(); ++i) bytes_[i] = static_cast<std::byte>(i * 31 >> 3);
  }
  ~PartialFileTest() override { fs::remove_all(folder_); }

  PartialFile open(uint64_t size = 10'000) {
    auto file = PartialFile::open(folder_, "etag", size);
    if (!file) throw std::runtime_error(file.error().message);
    return *std::move(file);
  }
  Status put(PartialFile& file, ByteRange range) {
    const Bytes part = Bytes(bytes_).subspan(range.offset_bytes, range.size_bytes);
    GERBIL_CHECK_OK(file.write(range.offset_bytes, part));
    return file.note(range, quick_hash(part));
  }
  std::string path(const std::string& ending) const { return folder_ + "/etag" + ending; }

  std::string folder_;
  std::vector<std::byte> bytes_ = std::vector<std::byte>(10'000);
};

TEST_F(PartialFileTest, KeepsWhatWasNotedAndReadsNothingElse) {
  {
    PartialFile file = open();
    ASSERT_TRUE(put(file, {100, 500}));
    ASSERT_TRUE(file.seal());
    ASSERT_TRUE(put(file, {2000, 1000}));  // killed before the next seal
  }
  const auto found = PartialFile::find(folder_, "etag");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->have().ranges(), (std::vector<ByteRange>{{100, 500}}));
  PartialFile file = open();
  EXPECT_EQ(file.have().ranges(), (std::vector<ByteRange>{{100, 500}, {2000, 1000}}));
  const auto source = file.source("model.safetensors");
  ASSERT_TRUE(source);
  std::vector<std::byte> out(500);
  ASSERT_TRUE((*source)->read(100, out));
  EXPECT_TRUE(std::ranges::equal(out, Bytes(bytes_).subspan(100, 500)));
  const Status rest = (*source)->read(101, out);
  ASSERT_FALSE(rest);
  EXPECT_EQ(rest.error().message,
            "model.safetensors: its 500 bytes from byte 101 on were not fetched");
  EXPECT_FALSE((*source)->view(0, 1));
  EXPECT_FALSE((*source)->view(~uint64_t{0}, 2));
  // What comes later is seen too.
  ASSERT_TRUE(put(file, {600, 1}));
  EXPECT_TRUE((*source)->read(101, out));
}

TEST_F(PartialFileTest, WhatIsNotOnTheDiskDoesNotCount) {
  {
    PartialFile file = open();
    ASSERT_TRUE(put(file, {100, 500}));
    ASSERT_TRUE(put(file, {5000, 500}));
    // As after a loss of power: the journal was on the disk, these bytes were not.
    const std::vector<std::byte> zeros(10);
    ASSERT_TRUE(file.write(5100, zeros));
  }
  EXPECT_EQ(open().have().ranges(), (std::vector<ByteRange>{{100, 500}}));
  EXPECT_EQ(open().have().ranges(), (std::vector<ByteRange>{{100, 500}})) << "nor later";
}

TEST_F(PartialFileTest, IsBegunAnewWhereItIsNotThatFile) {
  {
    PartialFile file = open();
    ASSERT_TRUE(put(file, {100, 500}));
    ASSERT_TRUE(file.seal());
  }
  EXPECT_EQ(open(9'000).have().size_bytes(), 0u);
  fs::resize_file(path(".part"), 20);
  EXPECT_FALSE(*PartialFile::find(folder_, "etag"));
  EXPECT_EQ(open(9'000).size_bytes(), 9'000u);
  EXPECT_EQ(fs::file_size(path(".part")), 9'000u);
  fs::remove(path(".part"));
  fs::create_symlink("/etc/passwd", path(".part"));
  EXPECT_FALSE(PartialFile::open(folder_, "etag", 10)) << "links are not followed";
}

TEST_F(PartialFileTest, IsPublishedWholeAndRightAlone) {
  const std::string blob = folder_ + "/blob";
  {
    PartialFile file = open();
    ASSERT_TRUE(put(file, {0, 10'000}));
    EXPECT_TRUE(file.whole());
    ASSERT_TRUE(file.publish(blob));
  }
  EXPECT_EQ(fs::file_size(blob), 10'000u);
  EXPECT_FALSE(fs::exists(path(".part")));
  EXPECT_FALSE(fs::exists(path(".ranges")));
  fs::remove(blob);
  const std::string sha(64, '0');
  auto wrong = PartialFile::open(folder_, sha, 100);
  ASSERT_TRUE(wrong);
  ASSERT_TRUE(put(*wrong, {0, 100}));
  const Status status = wrong->publish(blob);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kCorrupt);
  EXPECT_FALSE(fs::exists(blob));
  EXPECT_FALSE(fs::exists(folder_ + "/" + sha + ".part")) << "the next pull begins anew";
}

}  // namespace
}  // namespace gerbil::hub
