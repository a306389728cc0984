// What the model room's tests share: configs to be changed key by key, and in-memory checkpoints
// made from the committed fixtures. Failures throw std::runtime_error: a test without its data
// fails.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "format/checkpoint.h"
#include "model/model.h"

namespace gerbil::model::testing {

// A JSON object as (key, JSON value) pairs.
class TestConfig {
 public:
  TestConfig(std::initializer_list<std::pair<std::string, std::string>> members)
      : members_(members) {}

  // A copy with one member set or added; an empty value removes it (it must be there).
  TestConfig with(std::string_view key, std::string_view value) const;
  std::string text() const;

 private:
  std::vector<std::pair<std::string, std::string>> members_;
};

// The configs of the fixtures qwen3-tiny, qwen2-tiny and qwen3_5-tiny (of the last: text_config).
TestConfig qwen3_config();
TestConfig qwen2_config();
TestConfig qwen3_5_text_config();
// The same with experts: of Qwen3MoeForCausalLM, and a text_config.
TestConfig qwen3_moe_config();
TestConfig qwen3_5_moe_text_config();
// A config of Qwen3_5ForConditionalGeneration around it.
TestConfig multimodal_config(const TestConfig& text);

// Parses as load_model does, without a checkpoint. Notes are appended to `notes` where given.
Result<ModelConfigPtr> parse_config(const TestConfig& config,
                                    std::vector<std::string>* notes = nullptr);

struct Fixture {
  std::string config;  // the text of config.json
  format::Checkpoint checkpoint;
};
Fixture open_fixture(const std::string& folder, std::string_view config_file = "config.json");

// A checkpoint without bytes, asked.safetensors, that has every tensor a config asks for; whatever
// the config is, and empty where it has more layers than `max_layers`, or many experts.
format::Checkpoint asked_checkpoint(std::string_view config, int64_t max_layers);

// A tensor of zeros.
tensor::TensorRef make_tensor(tensor::Shape shape, tensor::DType dtype = tensor::DType::kBF16);

// "no error", or the message.
template <class T>
std::string message_of(const Result<T>& result) {
  return result ? "no error" : result.error().message;
}

}  // namespace gerbil::model::testing
