// What loading takes: the packed weights and little beside them; what is mapped of the checkpoint
// is given back as it is used up.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "gerbil/gerbil.h"
#include "support/checkpoint_copy.h"
#include "support/data.h"
#include "support/temp_folder.h"

namespace gerbil::testing {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint64_t kHidden = 768, kInner = 3072, kHeads = 24, kHeadDim = 32, kLayers = 4;

// Qwen3 of 38 million parameters: 76 MB in BF16, and 21 MB at q4.
struct MiddleModel {
  CheckpointCopy files;

  MiddleModel() : files(model_folder("qwen3-tiny")) {
    files.edit_config([](nlohmann::json& config) {
      config["hidden_size"] = kHidden;
      config["intermediate_size"] = kInner;
      config["num_attention_heads"] = kHeads;
      config["num_key_value_heads"] = kHeads;
      config["num_hidden_layers"] = kLayers;
      config["layer_types"] = std::vector<std::string>(kLayers, "full_attention");
    });
    std::minstd_rand random(1);
    const auto tensor = [&](std::vector<uint64_t> shape) {
      StoredTensor made{.dtype = "BF16", .shape = shape, .bytes = {}};
      uint64_t count = 1;
      for (const uint64_t size : shape) count *= size;
      made.bytes.resize(2 * count);
      // Small numbers of both signs: 2^-6 to 2^-5.
      for (uint64_t i = 0; i < count; ++i) {
        const uint32_t bits = random();
        made.bytes[2 * i] = static_cast<char>(bits >> 8);
        made.bytes[2 * i + 1] = static_cast<char>((bits & 1) != 0 ? 0xbc : 0x3c);
      }
      return made;
    };
    files.edit_tensors("model.safetensors", [&](StoredTensors& tensors) {
      tensors.clear();
      tensors["model.embed_tokens.weight"] = tensor({320, kHidden});
      tensors["model.norm.weight"] = tensor({kHidden});
      for (uint64_t i = 0; i < kLayers; ++i) {
        const std::string layer = "model.layers." + std::to_string(i) + ".";
        for (const char* norm : {"input_layernorm", "post_attention_layernorm"})
          tensors[layer + norm + ".weight"] = tensor({kHidden});
        for (const char* norm : {"q_norm", "k_norm"})
          tensors[layer + "self_attn." + norm + ".weight"] = tensor({kHeadDim});
        for (const char* name : {"q_proj", "k_proj", "v_proj", "o_proj"})
          tensors[layer + "self_attn." + name + ".weight"] = tensor({kHidden, kHidden});
        for (const char* name : {"gate_proj", "up_proj"})
          tensors[layer + "mlp." + name + ".weight"] = tensor({kInner, kHidden});
        tensors[layer + "mlp.down_proj.weight"] = tensor({kHidden, kInner});
      }
    });
  }
};

// The most that the process took while it lives, above what it took before; looked at every
// half millisecond.
class PeakMemory {
 public:
  PeakMemory() : before_(process_memory()), thread_([this] { watch(); }) {}
  ~PeakMemory() { stop(); }
  PeakMemory(const PeakMemory&) = delete;
  PeakMemory& operator=(const PeakMemory&) = delete;

  void stop() {
    done_ = true;
    if (thread_.joinable()) thread_.join();
  }
  // After stop().
  uint64_t anonymous() const { return anonymous_ - std::min(anonymous_, before_.anonymous_bytes); }
  uint64_t mapped() const {
    const uint64_t before = before_.resident_bytes - before_.anonymous_bytes;
    return mapped_ - std::min(mapped_, before);
  }

 private:
  void watch() {
    while (!done_) {
      const ProcessMemory now = process_memory();
      anonymous_ = std::max(anonymous_, now.anonymous_bytes);
      mapped_ =
          std::max(mapped_, now.resident_bytes - std::min(now.resident_bytes, now.anonymous_bytes));
      std::this_thread::sleep_for(std::chrono::microseconds(500));
    }
  }

  ProcessMemory before_;
  uint64_t anonymous_ = 0;
  uint64_t mapped_ = 0;
  std::atomic<bool> done_{false};
  std::thread thread_;
};

TEST(LoadMemoryTest, IsThePackedModelAndLittleMore) {
  if (process_memory().anonymous_bytes == 0) GTEST_SKIP() << "the system does not say";
  const MiddleModel model;
  const TempFolder cache;
  const LoadOptions options{.model = model.files.path().string(),
                            .quant = Quant::kQ4,
                            .threads = 2,
                            .batch = 64,
                            .context = 256,
                            .cache_folder = cache.path().string()};
  const auto planned = plan(options);
  ASSERT_TRUE(planned) << planned.error().message;
  for (const char* start : {"first", "second"}) {
    SCOPED_TRACE(start);
    PeakMemory peak;
    const auto engine = Engine::load(options);
    peak.stop();
    ASSERT_TRUE(engine) << engine.error().message;
    const uint64_t packed = (*engine)->info().weight_bytes;
    EXPECT_GT(packed, 20 * kMiB);
    RecordProperty(std::string(start) + "_anonymous", std::to_string(peak.anonymous()));
    RecordProperty(std::string(start) + "_mapped", std::to_string(peak.mapped()));
    // Of the 76 MB that are stored a few slices at a time are mapped and decoded.
    EXPECT_LE(peak.anonymous(), packed + planned->step_bytes + 16 * kMiB);
    if (start == std::string("first")) {
      EXPECT_LE(peak.mapped(), 32 * kMiB);
    } else {
      EXPECT_LE(peak.anonymous(), planned->step_bytes + 16 * kMiB);  // the weights are mapped
      EXPECT_LE(peak.mapped(), packed + 16 * kMiB);
    }
  }
}

}  // namespace
}  // namespace gerbil::testing
