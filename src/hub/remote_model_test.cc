// A hub's model from its name to the bytes that are needed, against a hub that misbehaves.
#include "hub/remote_model.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "format/safetensors_writer.h"
#include "hub/model_files.h"
#include "hub/testing/fake_hub.h"

namespace gerbil::hub {
namespace {

namespace fs = std::filesystem;
using testing::FakeHub;
using testing::HubReply;
using testing::HubRequest;

constexpr uint64_t kTextBytes = 900'000, kVisionBytes = 300'000;

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class RemoteModelTest : public ::testing::Test {
 protected:
  RemoteModelTest() {
    static std::atomic<int> counter = 0;
    folder_ = fs::path(::testing::TempDir()) /
              fmt::format("gerbil_remote_{}_{}", ::getpid(), counter.fetch_add(1));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    weights_ = checkpoint({"text.0", "vision.0", "text.1"}, 1);
    hub_.add("org/name", "config.json", "{}");
    hub_.add("org/name", "tokenizer.json", "{\"large\": true}", true);
    hub_.add("org/name", "additional_chat_templates/tool_use.jinja", "template");
    hub_.add("org/name", "README.md", "not fetched");
    hub_.add("org/name", "model.safetensors", weights_, true);
    access_.endpoint = hub_.url() + "/";
    access_.cache_folder = cache();
    access_.http.first_wait_s = 0.001;
    access_.http.longest_wait_s = 0.002;
  }
  ~RemoteModelTest() override { fs::remove_all(folder_); }

  std::string cache() const { return (folder_ / "hub").string(); }
  fs::path repo() const { return folder_ / "hub/models--org--name"; }

  // A checkpoint of these tensors.
  std::string checkpoint(const std::vector<std::string>& names, uint32_t seed) const {
    std::vector<format::TensorData> tensors;
    std::vector<std::vector<std::byte>> bytes;
    bytes.reserve(names.size());
    std::mt19937 random(seed);
    for (const std::string& name : names) {
      auto& data = bytes.emplace_back(name.starts_with("text") ? kTextBytes : kVisionBytes);
      for (std::byte& byte : data) byte = static_cast<std::byte>(random());
      tensors.push_back({{name, tensor::DType::kU8, tensor::Shape{data.size()}}, data});
    }
    const std::string path = (folder_ / "made.safetensors").string();
    if (!format::write_safetensors(path, tensors, {})) throw std::runtime_error("not written");
    return read(path);
  }

  Result<ModelFiles> open(const std::string& name = "org/name", bool refresh = false) const {
    return open_model(name, {.hub = access_, .refresh = refresh});
  }
  ModelFiles opened(const std::string& name = "org/name") const {
    auto files = open(name);
    if (!files) throw std::runtime_error(files.error().message);
    return *std::move(files);
  }
  std::string message_of(const std::string& name = "org/name") const {
    const auto files = open(name);
    return files ? "no error" : files.error().message;
  }
  static std::vector<tensor::TensorRef> tensors(const ModelFiles& files, std::string_view begins) {
    std::vector<tensor::TensorRef> found;
    for (const auto& [name, ref] : files.checkpoint.tensors)
      if (name.starts_with(begins)) found.push_back(ref);
    return found;
  }
  static Status fetch(ModelFiles& files, std::string_view begins) {
    return fetch_weights(files, tensors(files, begins));
  }
  // Every tensor that begins so reads as the hub has it.
  void expect_right(const ModelFiles& files, std::string_view begins) const {
    for (const tensor::TensorRef& ref : tensors(files, begins)) {
      std::vector<std::byte> out(ref.size_bytes);
      const Status status = ref.source->read(ref.offset_bytes, out);
      ASSERT_TRUE(status) << status.error().message;
      EXPECT_EQ(std::memcmp(out.data(), weights_.data() + ref.offset_bytes, out.size()), 0);
    }
  }

  fs::path folder_;
  FakeHub hub_;
  HubAccess access_;
  std::string weights_;
};

TEST_F(RemoteModelTest, FetchesSmallFilesAndHeadersThenWhatIsNeeded) {
  ModelFiles files = opened();
  EXPECT_EQ(files.config, "{}");
  EXPECT_EQ(files.tokenizer, "{\"large\": true}");
  ASSERT_EQ(files.additional_chat_templates.size(), 1u);
  EXPECT_EQ(files.checkpoint.tensors.size(), 3u);
  EXPECT_LT(hub_.body_bytes_sent(), 40'000u);
  const auto text = tensors(files, "text");
  std::vector<std::byte> one(1);
  const Status early = text[1].source->read(text[1].offset_bytes, one);
  ASSERT_FALSE(early);
  EXPECT_TRUE(early.error().message.contains("were not fetched")) << early.error().message;

  uint64_t done = 0, total = 0;
  access_.on_progress = [&](uint64_t so_far, uint64_t all) { done = so_far, total = all; };
  files = opened();
  const uint64_t before = hub_.body_bytes_sent();
  ASSERT_TRUE(fetch(files, "text"));
  expect_right(files, "text");
  const uint64_t sent = hub_.body_bytes_sent() - before;
  EXPECT_LE(sent, 2 * kTextBytes);
  EXPECT_GE(sent, 2 * kTextBytes - 40'000);
  EXPECT_EQ(done, total);
  EXPECT_EQ(total, sent);
  EXPECT_FALSE(
      tensors(files, "vision")[0].source->view(tensors(files, "vision")[0].offset_bytes, 1));
}

TEST_F(RemoteModelTest, TheCacheIsThatOfTheHubsOwnClient) {
  ModelFiles files = opened();
  ASSERT_TRUE(fetch(files, "text"));
  const std::string commit = hub_.commit("org/name");
  EXPECT_EQ(read(repo() / "refs/main"), commit);
  EXPECT_EQ(files.folder, (repo() / "snapshots" / commit).string());
  EXPECT_EQ(fs::read_symlink(repo() / "snapshots" / commit / "config.json"),
            "../../blobs/" + hub_.etag("org/name", "config.json"));
  EXPECT_EQ(
      fs::read_symlink(repo() / "snapshots" / commit / "additional_chat_templates/tool_use.jinja"),
      "../../../blobs/" + hub_.etag("org/name", "additional_chat_templates/tool_use.jinja"));
  EXPECT_TRUE(fs::exists(repo() / "blobs" / hub_.etag("org/name", "tokenizer.json")));
  // What is there in parts is nobody else's.
  const std::string etag = hub_.etag("org/name", "model.safetensors");
  EXPECT_FALSE(fs::exists(repo() / "blobs" / etag));
  EXPECT_FALSE(fs::exists(repo() / "snapshots" / commit / "model.safetensors"));
  EXPECT_FALSE(fs::exists(repo() / "snapshots" / commit / "README.md"));
  // The rest makes it whole.
  ASSERT_TRUE(fetch(files, ""));
  expect_right(files, "");
  EXPECT_TRUE(read(repo() / "blobs" / etag) == weights_);
  EXPECT_TRUE(read(repo() / "snapshots" / commit / "model.safetensors") == weights_);
  for (const auto& file : fs::directory_iterator(repo() / ".gerbil"))
    EXPECT_FALSE(file.path().string().contains(etag)) << file.path();
  EXPECT_EQ(
      files.checkpoint.files,
      std::vector<std::string>{(repo() / "snapshots" / commit / "model.safetensors").string()});
}

TEST_F(RemoteModelTest, WhatIsThereIsNeverAskedForAgain) {
  {
    ModelFiles files = opened();
    ASSERT_TRUE(fetch(files, "text"));
  }
  hub_.forget_requests();
  ModelFiles again = opened();
  ASSERT_TRUE(fetch(again, "text"));
  expect_right(again, "text");
  EXPECT_TRUE(hub_.requests().empty());
  access_.offline = true;
  again = opened("org/name@" + hub_.commit("org/name"));
  ASSERT_TRUE(fetch(again, "text"));
  const Status vision = fetch(again, "vision");
  ASSERT_FALSE(vision);
  EXPECT_TRUE(vision.error().message.contains("300000 bytes of the needed weights are not in "))
      << vision.error().message;
  access_.offline = false;
  // Later, pictures are wanted: just their bytes come.
  const uint64_t before = hub_.body_bytes_sent();
  ModelFiles seen = opened();
  ASSERT_TRUE(fetch(seen, "vision"));
  expect_right(seen, "");
  EXPECT_EQ(hub_.body_bytes_sent() - before, kVisionBytes);
}

TEST_F(RemoteModelTest, AnotherClientsSnapshotIsUsedAsItIs) {
  const std::string commit(40, 'c');
  const fs::path snapshot = repo() / "snapshots" / commit;
  fs::create_directories(snapshot);
  fs::create_directories(repo() / "refs");
  fs::create_directories(repo() / "blobs");
  std::ofstream(repo() / "blobs/config") << "{}";
  std::ofstream(repo() / "blobs/weights") << weights_;
  fs::create_symlink("../../blobs/config", snapshot / "config.json");
  fs::create_symlink("../../blobs/weights", snapshot / "model.safetensors");
  std::ofstream(repo() / "refs/main") << commit;
  ModelFiles files = opened();
  ASSERT_TRUE(fetch(files, ""));
  expect_right(files, "");
  EXPECT_TRUE(hub_.requests().empty());
  // A file of it is missing: the same commit is asked for, not a newer one.
  fs::remove(snapshot / "model.safetensors");
  EXPECT_EQ(message_of(), fmt::format("org/name: has no revision \"main\" on {}", hub_.url()));
  EXPECT_TRUE(hub_.requests().back().path.ends_with("/revision/" + commit));
}

TEST_F(RemoteModelTest, PullingAsksWhetherTheRevisionHasMoved) {
  ModelFiles files = opened();
  ASSERT_TRUE(fetch(files, ""));
  const std::string old = hub_.commit("org/name");
  hub_.add("org/name", "config.json", "{\"new\": 1}");
  EXPECT_EQ(opened().config, "{}");
  hub_.forget_requests();
  const uint64_t before = hub_.body_bytes_sent();
  const auto moved = open("org/name", true);
  ASSERT_TRUE(moved) << moved.error().message;
  EXPECT_EQ(moved->config, "{\"new\": 1}");
  EXPECT_LT(hub_.body_bytes_sent() - before, 2000u) << "the weights are the same blob";
  EXPECT_EQ(opened().config, "{\"new\": 1}");
  EXPECT_EQ(opened("org/name@" + old).config, "{}");
}

TEST_F(RemoteModelTest, ShardsAreFetchedByTheirIndex) {
  const std::string other = checkpoint({"text.2"}, 2);
  hub_.add("org/shards", "config.json", "{}");
  hub_.add("org/shards", "a.safetensors", weights_, true);
  hub_.add("org/shards", "b.safetensors", other, true);
  hub_.add("org/shards", "model.safetensors.index.json",
           R"({"weight_map":{"text.0":"a.safetensors","vision.0":"a.safetensors",)"
           R"("text.1":"a.safetensors","text.2":"b.safetensors"}})");
  ModelFiles files = opened("org/shards");
  EXPECT_EQ(files.checkpoint.tensors.size(), 4u);
  ASSERT_TRUE(fetch(files, "text"));
  std::vector<std::byte> out(kTextBytes);
  const tensor::TensorRef& ref = *files.checkpoint.find("text.2");
  ASSERT_TRUE(ref.source->read(ref.offset_bytes, out));
  EXPECT_EQ(std::memcmp(out.data(), other.data() + ref.offset_bytes, out.size()), 0);
  // Names that an index has no right to.
  hub_.add("org/shards", "model.safetensors.index.json",
           R"({"weight_map":{"text.0":"../../../a.safetensors"}})");
  const auto hostile = open("org/shards", true);
  ASSERT_FALSE(hostile);
  EXPECT_TRUE(hostile.error().message.contains("in the same folder")) << hostile.error().message;
}

TEST_F(RemoteModelTest, ResumesAfterAnyEndWithIdenticalBytes) {
  std::mt19937 random(7);
  access_.http.attempts = 1;
  for (int round = 0; round < 20; ++round) {
    fs::remove_all(cache());
    const auto budget = std::make_shared<std::atomic<int64_t>>(random() % 2'200'000);
    hub_.on_request([=](const HubRequest& request, HubReply& reply) {
      if (!request.range) return;
      // What the hub sends before it fails is spent over all connections.
      const int64_t left = budget->fetch_sub(static_cast<int64_t>(reply.size));
      if (left < static_cast<int64_t>(reply.size))
        reply.drop_after = static_cast<uint64_t>(std::max<int64_t>(left, 0));
    });
    const uint64_t before = hub_.body_bytes_sent();
    int failures = 0;
    for (;; ++failures) {
      ASSERT_LT(failures, 50);
      auto files = open();
      const Status status = files ? fetch(*files, "") : std::unexpected(files.error());
      if (status) break;
      *budget += 400'000;
    }
    EXPECT_TRUE(read(opened().path("model.safetensors")) == weights_);
    // Nothing came twice but what was on its way when it was cut (the server had sent it).
    EXPECT_LE(hub_.body_bytes_sent() - before, weights_.size() + (failures + 1) * 700'000u);
  }
}

TEST_F(RemoteModelTest, TwoAtOnceFetchItOnce) {
  hub_.on_request([](const HubRequest& request, HubReply& reply) {
    if (request.to_storage && request.range) reply.bytes_s = 20'000'000;
  });
  std::atomic<int> notes = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&, i] {
      HubAccess access = access_;
      access.on_note = [&](std::string_view) { ++notes; };
      auto files = open_model("org/name", {.hub = access});
      ASSERT_TRUE(files) << files.error().message;
      const Status status = fetch(*files, i % 2 ? "text" : "");
      ASSERT_TRUE(status) << status.error().message;
      expect_right(*files, "text");
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(hub_.body_bytes_sent(), weights_.size() + 10'000);
  EXPECT_TRUE(read(opened().path("model.safetensors")) == weights_);
}

TEST_F(RemoteModelTest, AServerWithoutRangesServesToo) {
  hub_.on_request([](const HubRequest& request, HubReply& reply) {
    if (!request.range || reply.status != 206) return;
    reply.status = 200;
    reply.first = 0;
    reply.size = reply.body->size();
    reply.headers.erase("Content-Range");
  });
  ModelFiles files = opened();
  ASSERT_TRUE(fetch(files, "text"));
  expect_right(files, "");
  EXPECT_TRUE(read(files.path("model.safetensors")) == weights_) << "it came whole";
}

TEST_F(RemoteModelTest, WhatTheBytesAreNotIsNotPublished) {
  hub_.on_request([](const HubRequest& request, HubReply& reply) {
    if (!request.path.ends_with("config.json")) return;
    reply.body = std::make_shared<const std::string>("[]");
  });
  EXPECT_TRUE(message_of().contains("its bytes are not those that the server promises"))
      << message_of();
  hub_.on_request([&](const HubRequest& request, HubReply& reply) {
    if (!request.range || reply.status != 206) return;
    std::string other = *reply.body;
    other.back() = static_cast<char>(~other.back());
    reply.body = std::make_shared<const std::string>(std::move(other));
  });
  ModelFiles files = opened();
  const Status status = fetch(files, "");
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kCorrupt);
  EXPECT_TRUE(status.error().message.contains("not those that the hub promises"));
  hub_.on_request({});
  ModelFiles again = opened();
  ASSERT_TRUE(fetch(again, ""));
  expect_right(again, "");
}

TEST_F(RemoteModelTest, AnETagIsNoPath) {
  for (const char* etag : {"../../../../evil", "/etc/passwd", "", ".", "..", "a b"}) {
    hub_.on_request([=](const HubRequest& request, HubReply& reply) {
      if (request.path.ends_with("config.json")) reply.headers["ETag"] = etag;
    });
    EXPECT_TRUE(message_of().contains("no usable ETag")) << message_of();
    hub_.on_request([=](const HubRequest& request, HubReply& reply) {
      if (request.path.ends_with("model.safetensors")) reply.headers["X-Linked-Etag"] = etag;
    });
    EXPECT_TRUE(message_of().contains("no usable ETag")) << message_of();
    fs::remove_all(cache());
  }
}

TEST_F(RemoteModelTest, ErrorsSayWhatTheUserCanDo) {
  EXPECT_EQ(message_of("org/none"), "org/none: is no folder, and there is no such model on " +
                                        hub_.url() + ", or it wants a token and none was given");
  EXPECT_EQ(message_of("org/name@v9"), "org/name: has no revision \"v9\" on " + hub_.url());
  access_.token = "secret";
  hub_.on_request([](const HubRequest&, HubReply& reply) { reply.set_text(401, "no"); });
  EXPECT_TRUE(message_of().ends_with(", or the token does not open it")) << message_of();
  hub_.on_request([](const HubRequest&, HubReply& reply) {
    reply.set_text(403, "no");
    reply.headers["X-Error-Code"] = "GatedRepo";
  });
  EXPECT_EQ(message_of(), "org/name: is open only to those who accepted its terms at " +
                              hub_.url() + "/org/name, with the token of such an account");
  access_.offline = true;
  EXPECT_EQ(message_of(),
            "org/name: is not in " + cache() + " as a whole, and fetching is switched off");
}

TEST_F(RemoteModelTest, IsListedAndRemoved) {
  ModelFiles files = opened();
  ASSERT_TRUE(fetch(files, "text"));
  fs::create_directories(folder_ / "hub/models--other--model/snapshots");
  fs::create_directories(folder_ / "hub/datasets--a--b");
  const auto repos = list_repos(cache());
  ASSERT_TRUE(repos);
  ASSERT_EQ(repos->size(), 2u);
  EXPECT_EQ((*repos)[0].repo, "org/name");
  EXPECT_TRUE((*repos)[0].partial);
  ASSERT_EQ((*repos)[0].revisions.size(), 1u);
  EXPECT_EQ((*repos)[0].revisions[0].name, "main");
  EXPECT_GE((*repos)[0].bytes_on_disk, 2 * kTextBytes);
  EXPECT_LT((*repos)[0].bytes_on_disk, 2 * kTextBytes + 200'000) << "holes take no place";
  ASSERT_TRUE(remove_repo(cache(), "org/name"));
  EXPECT_FALSE(fs::exists(repo()));
  EXPECT_EQ(remove_repo(cache(), "org/name").error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(list_repos(cache() + "/none")->empty());
}

}  // namespace
}  // namespace gerbil::hub
