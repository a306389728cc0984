#include "hub/packed_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "platform/file.h"

namespace gerbil::hub {
namespace {

namespace fs = std::filesystem;
using ::testing::SizeIs;

class PackedCacheTest : public ::testing::Test {
 protected:
  PackedCacheTest() {
    std::string pattern = (fs::temp_directory_path() / "gerbil-cache-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~PackedCacheTest() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }

  static Bytes bytes_of(const std::string& text) {
    return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
  }
  static std::string text_of(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  static std::string read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static void write(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }

  const std::string first_ = std::string(5000, 'a') + "end";
  const std::string second_ = "b";
  const std::vector<PackedBlob> blobs_{{"layers.0.up", bytes_of(first_)},
                                       {"embed", bytes_of(second_)}};
  std::string folder_;
};

TEST_F(PackedCacheTest, AFileHoldsWhatWasWrittenOnBordersOfPages) {
  ASSERT_TRUE(PackedFile::write(path("x"), "who", blobs_));
  const auto file = PackedFile::open(path("x"), "who");
  ASSERT_TRUE(file);
  EXPECT_EQ(text_of(*file->find("layers.0.up")), first_);
  EXPECT_EQ(text_of(*file->find("embed")), second_);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(file->find("embed")->data()) % 4096, 0u);
  EXPECT_FALSE(file->find("layers.0"));
  EXPECT_FALSE(PackedFile::open(path("x"), "whom"));
  EXPECT_FALSE(PackedFile::open(path("y"), "who"));
  EXPECT_FALSE(PackedFile::open(folder_, "who"));
}

TEST_F(PackedCacheTest, AFileCutAnywhereIsNotUsed) {
  ASSERT_TRUE(PackedFile::write(path("x"), "who", blobs_));
  const std::string whole = read(path("x"));
  for (size_t size = 0; size < whole.size(); size += size < 300 ? 1 : 97) {
    write(path("cut"), whole.substr(0, size));
    EXPECT_FALSE(PackedFile::open(path("cut"), "who")) << size;
  }
  write(path("cut"), whole + "x");
  EXPECT_FALSE(PackedFile::open(path("cut"), "who"));
  write(path("cut"), whole);
  EXPECT_TRUE(PackedFile::open(path("cut"), "who"));
}

TEST_F(PackedCacheTest, AFileWithAnotherByteIsNotUsed) {
  ASSERT_TRUE(PackedFile::write(path("x"), "who", blobs_));
  const std::string whole = read(path("x"));
  // The head, the table, and the weights: what lies between them means nothing.
  for (size_t at = 0; at < whole.size(); ++at) {
    const bool means_something = at < 180 || (at >= 4096 && at < 4096 + first_.size()) ||
                                 at >= whole.size() - second_.size();
    if (!means_something || (at > 300 && at % 61 != 0)) continue;
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x20);
    write(path("changed"), changed);
    const auto file = PackedFile::open(path("changed"), "who");
    if (at < 100) {
      EXPECT_FALSE(file) << at;
    }
    if (file) {
      EXPECT_EQ(text_of(*file->find("layers.0.up")), first_) << at;
      EXPECT_EQ(text_of(*file->find("embed")), second_) << at;
    }
  }
}

TEST_F(PackedCacheTest, TwoWritersAtOnceLeaveAWholeFile) {
  const std::string large(300'000, 'x');
  const std::vector<PackedBlob> blobs{{"w", bytes_of(large)}};
  const auto work = [&] {
    for (int i = 0; i < 20; ++i) {
      EXPECT_TRUE(save_packed(folder_, path("m.packed"), "who", blobs, 1 << 20));
      const auto file = PackedFile::open(path("m.packed"), "who");
      ASSERT_TRUE(file);
      EXPECT_EQ(text_of(*file->find("w")), large);
    }
  };
  std::thread other(work);
  work();
  other.join();
  EXPECT_THAT(*platform::list_folder(folder_), SizeIs(1));
}

TEST_F(PackedCacheTest, TheLeastUsedFilesGo) {
  const std::string kilobytes(40'000, 'x');
  const std::vector<PackedBlob> blobs{{"w", bytes_of(kilobytes)}};
  int hours = 0;
  for (const char* name : {"a.packed", "b.packed", "c.packed"}) {
    ASSERT_TRUE(save_packed(folder_, path(name), "who", blobs, 150'000));
    fs::last_write_time(path(name), fs::file_time_type::clock::now() -
                                        std::chrono::hours(name[0] == 'a' ? 1 : 100 - ++hours));
  }
  write(path("other.txt"), "not ours");
  ASSERT_TRUE(save_packed(folder_, path("d.packed"), "who", blobs, 150'000));
  EXPECT_THAT(*platform::list_folder(folder_),
              ::testing::ElementsAre("a.packed", "c.packed", "d.packed", "other.txt"));
  const auto listed = list_cache(folder_);
  ASSERT_TRUE(listed);
  ASSERT_THAT(*listed, SizeIs(3));
  EXPECT_EQ((*listed)[0].name, "d.packed");
  EXPECT_FALSE(save_packed(folder_, path("e.packed"), "who", blobs, 30'000));
  EXPECT_THAT(*clear_cache(folder_), SizeIs(3));
  EXPECT_THAT(*platform::list_folder(folder_), ::testing::ElementsAre("other.txt"));
  EXPECT_THAT(*list_cache(path("none")), SizeIs(0));
}

TEST_F(PackedCacheTest, NamesAreThoseOfTheModelsFolder) {
  const std::string a = packed_path("/c", "/models/Qwen3 0.6B/", "one");
  EXPECT_TRUE(a.starts_with("/c/Qwen3_0.6B-")) << a;
  EXPECT_NE(a, packed_path("/c", "/models/Qwen3 0.6B/", "two"));
}

TEST_F(PackedCacheTest, AnIdentityChangesWithTheFile) {
  format::Checkpoint checkpoint{.files = {path("w")}};
  EXPECT_FALSE(checkpoint_identity(checkpoint));
  write(path("w"), "0123456789");
  const std::string before = *checkpoint_identity(checkpoint);
  EXPECT_EQ(*checkpoint_identity(checkpoint), before);
  write(path("w"), "012345678x");
  EXPECT_NE(*checkpoint_identity(checkpoint), before);
}

}  // namespace
}  // namespace gerbil::hub
