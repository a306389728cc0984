#include "platform/file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "platform/mapped_file.h"

namespace gerbil::platform {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

template <class T>
std::string message_of(const Result<T>& result) {
  return result ? "no error" : result.error().message;
}

Bytes bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

class FileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "gerbil-file-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string path(std::string_view name) const { return join_path(folder_, name); }
  std::string write(std::string_view name, std::string_view text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }

  std::string folder_;
};

TEST_F(FileTest, JoinsPaths) {
  EXPECT_EQ(join_path("a", "b"), "a/b");
  EXPECT_EQ(join_path("a/", "b"), "a/b");
  EXPECT_EQ(join_path("", "b"), "b");
}

TEST_F(FileTest, TellsKindsApart) {
  write("file", "");
  EXPECT_EQ(file_kind(path("file")), FileKind::kFile);
  EXPECT_EQ(file_kind(folder_ + "/"), FileKind::kFolder);
  EXPECT_EQ(file_kind(path("none")), FileKind::kNone);
  EXPECT_EQ(file_kind(path("file") + "/below"), FileKind::kNone);
  EXPECT_EQ(file_kind("/dev/null"), FileKind::kOther);
  EXPECT_EQ(file_kind(path("file") + std::string("\0x", 2)), FileKind::kNone);
  fs::create_symlink("nowhere", path("dangling"));
  EXPECT_EQ(file_kind(path("dangling")), FileKind::kUnknown);
  fs::create_symlink("loop", path("loop"));
  EXPECT_EQ(file_kind(path("loop")), FileKind::kUnknown);
  EXPECT_EQ(file_kind(path(std::string(300, 'x'))), FileKind::kUnknown);
}

TEST_F(FileTest, ReadsAWholeFileUpToItsLimit) {
  const std::string text(200000, 'x');
  write("text", text);
  EXPECT_EQ(*read_text_file(path("text"), text.size()), text);
  EXPECT_EQ(message_of(read_text_file(path("text"), text.size() - 1)),
            path("text") + ": has more than 199999 bytes, the limit for such a file");
  EXPECT_EQ(*read_text_file(write("empty", ""), 0), "");
}

TEST_F(FileTest, ErrorsNameThePath) {
  const auto missing = read_text_file(path("none"), 10);
  EXPECT_EQ(message_of(missing), path("none") + ": cannot be opened: No such file or directory");
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(message_of(read_text_file(folder_, 10)), folder_ + ": is a folder, not a file");
  EXPECT_EQ(message_of(read_text_file(std::string("a\0b", 3), 10)),
            "\"a\\u0000b\": a path cannot hold a NUL byte");
  EXPECT_THAT(message_of(list_folder(path("none"))), HasSubstr("cannot be listed"));
}

TEST_F(FileTest, NothingButRegularFilesIsRead) {
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(message_of(read_text_file(path("pipe"), 10)), path("pipe") + ": is not a regular file");
  EXPECT_EQ(message_of(MappedFile::open(path("pipe"))), path("pipe") + ": is not a regular file");
  EXPECT_EQ(message_of(read_text_file("/dev/zero", 10)), "/dev/zero: is not a regular file");
  fs::create_symlink("loop", path("loop"));
  EXPECT_EQ(message_of(read_text_file(path("loop"), 10)),
            path("loop") + ": cannot be opened: Too many levels of symbolic links");
  fs::create_symlink("nowhere", path("dangling"));
  EXPECT_EQ(message_of(MappedFile::open(path("dangling"))),
            path("dangling") + ": cannot be opened: No such file or directory");
}

TEST_F(FileTest, ListsNamesInOrder) {
  write("b", "");
  write("a", "");
  fs::create_directory(path("c"));
  EXPECT_THAT(*list_folder(folder_), ElementsAre("a", "b", "c"));
}

TEST_F(FileTest, AnAtomicFileAppearsOnlyWhenCommitted) {
  {
    auto file = AtomicFile::create(path("out"));
    ASSERT_TRUE(file) << message_of(file);
    ASSERT_TRUE(file->write(bytes_of("one ")));
    ASSERT_TRUE(file->write({}));
    ASSERT_TRUE(file->write(bytes_of("two")));
    EXPECT_FALSE(is_file(path("out")));
    ASSERT_TRUE(file->commit());
  }
  EXPECT_EQ(*read_text_file(path("out"), 100), "one two");
  EXPECT_THAT(*list_folder(folder_), ElementsAre("out"));
}

TEST_F(FileTest, AnAtomicFileGoesWithItsProcess) {
#ifdef O_TMPFILE
  const int probe = ::open(folder_.c_str(), O_WRONLY | O_TMPFILE, 0600);
  if (probe < 0) GTEST_SKIP() << "the file system names every file";
  ::close(probe);
#endif
  write("out", "old");
  const pid_t child = ::fork();
  if (child == 0) {
    auto file = AtomicFile::create(path("out"));
    ::_exit(file && file->write(bytes_of("new")) ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(*read_text_file(path("out"), 100), "old");
  EXPECT_THAT(*list_folder(folder_), ElementsAre("out"));
}

TEST_F(FileTest, ADroppedAtomicFileLeavesTheOldOne) {
  write("out", "old");
  {
    auto file = AtomicFile::create(path("out"));
    ASSERT_TRUE(file->write(bytes_of("new")));
    AtomicFile moved = *std::move(file);
    ASSERT_TRUE(moved.write(bytes_of("er")));
  }
  EXPECT_EQ(*read_text_file(path("out"), 100), "old");
  EXPECT_THAT(*list_folder(folder_), ElementsAre("out"));
}

TEST_F(FileTest, AnAtomicFileReplacesWhatALinkLeadsTo) {
  write("real", "old");
  fs::create_symlink(path("real"), path("link"));
  auto file = AtomicFile::create(path("link"));
  ASSERT_TRUE(file->write(bytes_of("new")));
  ASSERT_TRUE(file->commit());
  EXPECT_EQ(*read_text_file(path("real"), 100), "new");
  EXPECT_TRUE(fs::is_symlink(path("link")));
}

TEST_F(FileTest, AnAtomicFileRefusesPlacesThatHoldNoFile) {
  EXPECT_EQ(message_of(AtomicFile::create(folder_)), folder_ + ": is a folder, not a file");
  EXPECT_EQ(message_of(AtomicFile::create("/dev/null")), "/dev/null: is not a regular file");
  EXPECT_EQ(message_of(AtomicFile::create(path("none/out"))),
            path("none/out") + ": cannot be written: No such file or directory");
}

TEST_F(FileTest, MapsAFile) {
  const auto file = MappedFile::open(write("data", "some bytes"));
  ASSERT_TRUE(file) << message_of(file);
  EXPECT_TRUE(std::ranges::equal(file->bytes(), bytes_of("some bytes")));
  EXPECT_EQ(file->path(), path("data"));
  const auto empty = MappedFile::open(write("empty", ""));
  ASSERT_TRUE(empty) << message_of(empty);
  EXPECT_TRUE(empty->bytes().empty());
}

TEST_F(FileTest, MapsOnlyRegularFiles) {
  EXPECT_EQ(message_of(MappedFile::open(folder_)), folder_ + ": is a folder, not a file");
  EXPECT_EQ(message_of(MappedFile::open("/dev/null")), "/dev/null: is not a regular file");
  EXPECT_EQ(message_of(MappedFile::open(path("none"))),
            path("none") + ": cannot be opened: No such file or directory");
  EXPECT_EQ(message_of(MappedFile::open("")), "an empty path where a file was expected");
}

}  // namespace
}  // namespace gerbil::platform
