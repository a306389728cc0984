// Models of a hub by name, from the command line: run, plan, pull, ls, rm; killed, interrupted, two
// at once. The hub is on this machine and serves the demo model.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/expect.h"
#include "cli/process.h"
#include "hub/testing/fake_hub.h"
#include "support/data.h"
#include "support/temp_folder.h"

namespace gerbil::testing {
namespace {

namespace fs = std::filesystem;
using hub::testing::HubReply;
using hub::testing::HubRequest;
using Json = nlohmann::json;

class HubTest : public ::testing::Test {
 protected:
  HubTest() {
    for (const auto& file : fs::directory_iterator(demo_folder())) {
      const std::string name = file.path().filename();
      hub_.add("test/nano", name, read_file(file.path()), name.ends_with(".safetensors"));
    }
    weights_ = read_file(demo_folder() / "model.safetensors");
  }

  std::map<std::string, std::string> environment() const {
    return {{"HF_ENDPOINT", hub_.url()},
            {"HF_HUB_CACHE", cache_.path().string()},
            {"HF_HUB_OFFLINE", "0"},
            {"HF_TOKEN", "secret"},
            {"no_proxy", "*"}};
  }
  std::unique_ptr<Process> launch(std::vector<std::string> arguments) const {
    return std::make_unique<Process>(
        Launch{.arguments = std::move(arguments), .environment = environment()});
  }
  Finished start(std::vector<std::string> arguments) const {
    return launch(std::move(arguments))->wait();
  }
  static std::vector<std::string> ask(const std::string& model) {
    return {"run", model, "What is the capital of Garth?", "--temperature", "0", "--quiet"};
  }
  fs::path repo() const { return cache_ / "models--test--nano"; }
  fs::path snapshot() const { return repo() / "snapshots" / hub_.commit("test/nano"); }

  hub::testing::FakeHub hub_;
  TempFolder cache_;
  std::string weights_;
};

TEST_F(HubTest, RunsAModelByItsNameWithTheBytesItNeeds) {
  const Finished first = start(ask("test/nano"));
  EXPECT_TRUE(succeeded(first));
  EXPECT_EQ(first.output, gerbil(ask("demo")).output);
  const Finished dry = start({"pull", "test/nano", "--dry-run", "--json"});
  EXPECT_EQ(dry.exit_code, 0) << dry.errors;
  const Json report = Json::parse(dry.output);
  EXPECT_EQ(report["missing_bytes"], 0);
  const auto needed = report["needed_bytes"].get<uint64_t>();
  EXPECT_GT(report["skipped_bytes"].get<uint64_t>(), 0u);
  uint64_t sum = 0;
  for (const Json& part : report["needed"]) sum += part["bytes"].get<uint64_t>();
  EXPECT_EQ(sum, needed);
  EXPECT_LT(hub_.body_bytes_sent(), needed + 200'000);  // the tokenizer's and other small files
  EXPECT_FALSE(fs::exists(snapshot() / "model.safetensors"));

  for (const auto& request : hub_.requests())
    EXPECT_EQ(request.has_token(), !request.to_storage) << request.path;

  // Again, and without the hub.
  hub_.forget_requests();
  EXPECT_EQ(start(ask("test/nano")).output, first.output);
  EXPECT_TRUE(hub_.requests().empty());
  // With pictures: the rest, and no more.
  const uint64_t before = hub_.body_bytes_sent();
  const Finished seen = start({"pull", "test/nano", "--vision", "--json"});
  EXPECT_EQ(seen.exit_code, 0) << seen.errors;
  const Json more = Json::parse(seen.output);
  EXPECT_EQ(more["needed_bytes"].get<uint64_t>() - needed, more["missing_bytes"]);
  EXPECT_LT(hub_.body_bytes_sent() - before,
            more["missing_bytes"].get<uint64_t>() + 5'000);  // the hub's answer
}

TEST_F(HubTest, PlansBeforeAnythingBigIsFetched) {
  const Finished plan = start({"plan", "test/nano", "--json", "--quiet"});
  EXPECT_TRUE(succeeded(plan));
  const Json disk = Json::parse(plan.output)["disk"]["needed"];
  EXPECT_LE(disk["missing_bytes"], disk["bytes"]);
  EXPECT_GT(disk["missing_bytes"].get<uint64_t>() + 40'000, disk["bytes"].get<uint64_t>());
  EXPECT_LT(hub_.body_bytes_sent(), 200'000u);
  EXPECT_TRUE(start({"plan", "test/nano"}).output.contains("not fetched yet"));
  const Finished tokens = start({"tokenize", "test/nano", "Hello"});
  EXPECT_EQ(tokens.output, gerbil({"tokenize", "demo", "Hello"}).output);
}

TEST_F(HubTest, PullsListsAndRemoves) {
  const Finished dry = start({"pull", "test/nano", "--dry-run"});
  EXPECT_EQ(dry.exit_code, 0) << dry.errors;
  for (const char* words :
       {"test/nano at ", "needed    embedding", "skipped   vision", "to fetch: "})
    EXPECT_TRUE(dry.output.contains(words)) << dry.output;
  EXPECT_LT(hub_.body_bytes_sent(), 200'000u);
  const Finished all = start({"pull", "test/nano", "--all", "--quiet"});
  EXPECT_TRUE(succeeded(all));
  EXPECT_TRUE(read_file(snapshot() / "model.safetensors") == weights_);
  const Json listed = Json::parse(start({"ls", "--json"}).output);
  ASSERT_EQ(listed["models"].size(), 1u);
  EXPECT_EQ(listed["models"][0]["name"], "test/nano");
  EXPECT_EQ(listed["models"][0]["partial"], false);
  EXPECT_EQ(listed["models"][0]["revisions"][0]["name"], "main");
  EXPECT_TRUE(start({"ls"}).output.contains("1 model, "));
  EXPECT_TRUE(succeeded(start({"rm", "test/nano"})));
  EXPECT_FALSE(fs::exists(repo()));
  EXPECT_TRUE(failed(start({"rm", "test/nano"}), 1, {"test/nano"}));
  EXPECT_TRUE(failed(start({"rm", "../x"}), 1, {"../x"}));
  EXPECT_TRUE(failed(start({"pull", "demo"}), 1, {"demo"}));
  EXPECT_EQ(start({"pull"}).exit_code, 2);
  // A single file.
  EXPECT_TRUE(succeeded(start({"pull", "test/nano:preprocessor_config.json", "--quiet"})));
  EXPECT_TRUE(fs::exists(snapshot() / "preprocessor_config.json"));
  EXPECT_TRUE(failed(start({"pull", "test/nano:none.gguf"}), 1, {"none.gguf"}));
}

TEST_F(HubTest, SaysWhatIsWrong) {
  EXPECT_TRUE(failed(start(ask("test/none")), 1, {"test/none", hub_.url()}));
  auto offline = environment();
  offline["HF_HUB_OFFLINE"] = "1";
  EXPECT_TRUE(failed(gerbil(Launch{.arguments = ask("test/nano"), .environment = offline}), 1,
                     {"test/nano", "switched off"}));
  EXPECT_TRUE(failed(start(ask("test/nano@none")), 1, {"test/nano", "none"}));
}

// Killed at twenty moments, spread over the whole of it: what is there in the end is the same.
TEST_F(HubTest, AKilledPullGoesOnAndEndsWithTheSameBytes) {
  hub_.on_request([](const HubRequest& request, HubReply& reply) {
    if (request.to_storage && request.range) reply.bytes_s = 4'000'000;  // of each connection
  });
  uint32_t state = 12345;
  for (int kill = 0; kill < 20; ++kill) {
    const auto process = launch({"pull", "test/nano", "--all", "--quiet"});
    state = state * 1664525 + 1013904223;
    std::this_thread::sleep_for(std::chrono::milliseconds(state >> 24));  // up to a quarter second
    process->send_signal(SIGKILL);
    process->wait();
  }
  hub_.on_request({});
  EXPECT_TRUE(succeeded(start({"pull", "test/nano", "--all", "--quiet"})));
  EXPECT_TRUE(read_file(snapshot() / "model.safetensors") == weights_);
  for (const auto& file : fs::directory_iterator(repo() / ".gerbil"))
    EXPECT_FALSE(file.path().extension() == ".part") << file.path();
}

TEST_F(HubTest, CtrlCLeavesWhatCanBeGoneOnWith) {
  hub_.on_request([](const HubRequest& request, HubReply& reply) {
    if (request.to_storage && request.range && request.range->first > 0)
      reply.stall_after = 100'000;
  });
  const auto process = launch({"pull", "test/nano", "--quiet"});
  const auto begun = [&] {
    for (const auto& request : hub_.requests())
      if (request.to_storage && request.range && request.range->first > 0) return true;
    return false;
  };
  for (int i = 0; i < 600 && !begun(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  process->send_signal(SIGINT);
  EXPECT_EQ(process->wait().exit_code, 130);
  hub_.on_request({});
  EXPECT_EQ(start(ask("test/nano")).output, gerbil(ask("demo")).output);
}

TEST_F(HubTest, TwoPullsAtOnceFetchItOnce) {
  hub_.on_request([](const HubRequest& request, HubReply& reply) {
    if (request.to_storage && request.range) reply.bytes_s = 8'000'000;
  });
  const auto first = launch({"pull", "test/nano", "--all", "--quiet"});
  const auto second = launch({"pull", "test/nano", "--all", "--quiet"});
  EXPECT_TRUE(succeeded(first->wait()));
  EXPECT_TRUE(succeeded(second->wait()));
  EXPECT_TRUE(read_file(snapshot() / "model.safetensors") == weights_);
  EXPECT_LT(hub_.body_bytes_sent(), weights_.size() + 200'000);
}

}  // namespace
}  // namespace gerbil::testing
