// Quantised weights that are kept for the next run: taken where they are whole and of this
// checkpoint, made anew where they are not; trouble with the cache never stops a run.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/expect.h"
#include "cli/process.h"
#include "support/checkpoint_copy.h"
#include "support/data.h"
#include "support/temp_folder.h"

namespace gerbil::testing {
namespace {

namespace fs = std::filesystem;

class CacheTest : public ::testing::Test {
 protected:
  Finished start(std::vector<std::string> arguments) const {
    return gerbil_in(cache_.path().string(), std::move(arguments));
  }
  static Finished gerbil_in(const std::string& cache, std::vector<std::string> arguments) {
    return Process({.arguments = std::move(arguments), .environment = {{"GERBIL_CACHE", cache}}})
        .wait();
  }
  Finished answer(const fs::path& model = demo_folder()) const { return start(words(model)); }
  static std::vector<std::string> words(const fs::path& model) {
    return {"run",           model, "What is the capital of Garth?", "--quant", "q4", "--quiet",
            "--temperature", "0"};
  }
  std::vector<fs::path> files() const {
    std::vector<fs::path> all;
    for (const auto& file : fs::directory_iterator(cache_.path())) all.push_back(file.path());
    return all;
  }

  TempFolder cache_;
};

TEST_F(CacheTest, TheSecondRunTakesWhatTheFirstMade) {
  const Finished first = answer();
  EXPECT_TRUE(succeeded(first));
  ASSERT_EQ(files().size(), 1u);
  const std::string bytes = read_file(files()[0]);
  // What is not used would be written again: another file then.
  const auto inode = [&] {
    struct stat status{};
    EXPECT_EQ(::stat(files()[0].c_str(), &status), 0);
    return status.st_ino;
  };
  const auto before = inode();
  const Finished second = answer();
  EXPECT_TRUE(succeeded(second));
  EXPECT_EQ(second.output, first.output);
  EXPECT_EQ(inode(), before);
  EXPECT_EQ(read_file(files()[0]), bytes);
  EXPECT_EQ(gerbil(words(demo_folder())).output, first.output);
}

// One that was made without the vision tower gets it, and serves runs without a picture too.
TEST_F(CacheTest, TheVisionTowerIsKeptBesideTheText) {
  const auto inode = [&] {
    struct stat status{};
    EXPECT_EQ(::stat(files()[0].c_str(), &status), 0);
    return status.st_ino;
  };
  const Finished text = answer();
  EXPECT_TRUE(succeeded(text));
  const auto text_size = fs::file_size(files()[0]);
  auto looks = words(demo_folder());
  looks.emplace_back("--image");
  looks.push_back((data_folder() / "nano/vl_seen_media/images/c023_0.png").string());
  const Finished first = start(looks);
  EXPECT_TRUE(succeeded(first));
  ASSERT_EQ(files().size(), 1u);
  EXPECT_GT(fs::file_size(files()[0]), text_size);
  const auto before = inode();
  const Finished second = start(looks);
  EXPECT_TRUE(succeeded(second));
  EXPECT_EQ(second.output, first.output);
  EXPECT_EQ(answer().output, text.output);
  EXPECT_EQ(inode(), before);
}

TEST_F(CacheTest, AnotherChoiceOrCheckpointHasItsOwnFile) {
  EXPECT_TRUE(succeeded(answer()));
  auto q8 = words(demo_folder());
  q8[4] = "q8";
  EXPECT_TRUE(succeeded(start(q8)));
  EXPECT_EQ(files().size(), 2u);
  CheckpointCopy copy(demo_folder());
  const Finished same = answer(copy.path());
  EXPECT_EQ(files().size(), 3u);
  copy.scale_tensor("model.language_model.layers.0.mlp.down_proj.weight", -1.0f);
  const Finished other = answer(copy.path());
  EXPECT_EQ(files().size(), 4u);
  EXPECT_NE(other.output, same.output);
  auto stored = words(demo_folder());
  stored[4] = "stored";
  EXPECT_TRUE(succeeded(start(stored)));
  EXPECT_EQ(files().size(), 4u);
}

TEST_F(CacheTest, WhatIsTornOrForeignIsMadeAnew) {
  const Finished first = answer();
  const std::string whole = read_file(files()[0]);
  for (const size_t size : {size_t{0}, size_t{20}, whole.size() / 2, whole.size() - 1}) {
    fs::resize_file(files()[0], size);
    const Finished again = answer();
    EXPECT_TRUE(succeeded(again));
    EXPECT_EQ(again.output, first.output);
    EXPECT_EQ(read_file(files()[0]), whole) << size;
  }
  write_file(files()[0], "something else");
  EXPECT_EQ(answer().output, first.output);
  EXPECT_EQ(read_file(files()[0]), whole);
}

TEST_F(CacheTest, NoCacheKeepsAndTakesNothing) {
  auto arguments = words(demo_folder());
  arguments.emplace_back("--no-cache");
  EXPECT_TRUE(succeeded(start(arguments)));
  EXPECT_TRUE(files().empty());
  EXPECT_TRUE(succeeded(answer()));
  write_file(files()[0], "something else");
  EXPECT_TRUE(succeeded(start(arguments)));
  EXPECT_EQ(read_file(files()[0]), "something else");
}

TEST_F(CacheTest, AFolderThatCannotBeWrittenIsANote) {
  auto arguments = words(demo_folder());
  std::erase(arguments, "--quiet");
  const Finished run = gerbil_in("/proc/gerbil", arguments);
  EXPECT_EQ(run.exit_code, 0) << run.errors;
  EXPECT_EQ(run.output, answer().output);
  EXPECT_TRUE(run.errors.contains("gerbil: note: packed weights are not kept: /proc/gerbil: "))
      << run.errors;
}

TEST_F(CacheTest, AFullDiskIsANoteAndLeavesNothing) {
  // Files of at most 200 blocks: the cache's needs more.
  const std::string command = "ulimit -f 200; exec \"$0\" \"$@\"";
  auto arguments = words(demo_folder());
  std::erase(arguments, "--quiet");
  arguments.insert(arguments.begin(), {"-c", command, GERBIL_PROGRAM});
  const Finished run = Process({.arguments = arguments,
                                .environment = {{"GERBIL_CACHE", cache_.path().string()}},
                                .program = "/bin/sh"})
                           .wait();
  EXPECT_EQ(run.exit_code, 0) << run.errors;
  EXPECT_TRUE(run.errors.contains("gerbil: note: packed weights are not kept: ")) << run.errors;
  EXPECT_TRUE(files().empty());
  EXPECT_EQ(run.output, answer().output);
}

TEST_F(CacheTest, AKillAtAnyMomentLeavesNothingThatIsUsed) {
  const std::string want = gerbil(words(demo_folder())).output;
  for (int milliseconds = 0; milliseconds < 120; milliseconds += 6) {
    {
      Process process({.arguments = words(demo_folder()),
                       .environment = {{"GERBIL_CACHE", cache_.path().string()}}});
      std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
      process.send_signal(SIGKILL);
      process.wait();
    }
    EXPECT_EQ(answer().output, want) << milliseconds;
    EXPECT_LE(files().size(), 1u + static_cast<size_t>(milliseconds));
    for (const fs::path& file : files()) fs::remove(file);
  }
}

TEST_F(CacheTest, CtrlCAtAnyMomentOfLoadingLeavesNothingHalfWritten) {
  answer();
  ASSERT_EQ(files().size(), 1u);
  const std::string whole = read_file(files().front());
  fs::remove(files().front());
  for (int milliseconds = 0; milliseconds < 120; milliseconds += 8) {
    SCOPED_TRACE(milliseconds);
    Process process({.arguments = words(demo_folder()),
                     .environment = {{"GERBIL_CACHE", cache_.path().string()}}});
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    process.send_signal(SIGINT);
    const Finished run = process.wait();
    // Before the program is up the default does the same; 0: it was done already.
    EXPECT_TRUE(run.exit_code == 130 || run.exit_code == 0 || run.signal == SIGINT)
        << run.exit_code << " " << run.signal;
    EXPECT_EQ(run.errors, "");
    // Either in its place or, for the moment before, under a name that nobody reads.
    EXPECT_LE(files().size(), 1u);
    for (const fs::path& file : files()) {
      EXPECT_EQ(read_file(file), whole) << file;
      fs::remove(file);
    }
  }
}

TEST_F(CacheTest, TwoProcessesAtOnceMakeOneFile) {
  const std::string want = gerbil(words(demo_folder())).output;
  for (int round = 0; round < 4; ++round) {
    const auto launch = [&] {
      return std::make_unique<Process>(
          Launch{.arguments = words(demo_folder()),
                 .environment = {{"GERBIL_CACHE", cache_.path().string()}}});
    };
    const auto first = launch(), second = launch(), third = launch();
    for (Process* process : {first.get(), second.get(), third.get()}) {
      const Finished run = process->wait();
      EXPECT_TRUE(succeeded(run));
      EXPECT_EQ(run.output, want);
    }
    ASSERT_EQ(files().size(), 1u);
    EXPECT_EQ(answer().output, want);
    fs::remove(files()[0]);
  }
}

TEST_F(CacheTest, IsListedAndCleared) {
  EXPECT_TRUE(start({"cache", "ls"}).output.contains("holds 0 files, "));
  EXPECT_TRUE(succeeded(answer()));
  write_file(cache_ / "other", "not ours");
  const Finished listed = start({"cache", "ls", "--json"});
  EXPECT_TRUE(succeeded(listed));
  const auto json = nlohmann::json::parse(listed.output);
  ASSERT_EQ(json["files"].size(), 1u) << listed.output;
  EXPECT_EQ(json["folder"], cache_.path().string());
  const std::string name = json["files"][0]["name"];
  EXPECT_TRUE(name.starts_with("qwen3_5-nano-vl-")) << name;
  EXPECT_EQ(json["files"][0]["bytes"], fs::file_size(cache_ / name));
  EXPECT_TRUE(start({"cache", "ls"}).output.contains(name));
  const Finished cleared = start({"cache", "clear"});
  EXPECT_TRUE(succeeded(cleared));
  EXPECT_TRUE(cleared.output.contains("removed 1 file, ")) << cleared.output;
  ASSERT_EQ(files().size(), 1u);
  EXPECT_EQ(files()[0].filename(), "other");
  EXPECT_EQ(start({"cache"}).exit_code, 2);
  EXPECT_EQ(start({"cache", "rm"}).exit_code, 2);
}

}  // namespace
}  // namespace gerbil::testing
