#include "model/testing/test_model.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "base/json.h"

namespace gerbil::model::testing {

TestConfig TestConfig::with(std::string_view key, std::string_view value) const {
  TestConfig copy = *this;
  auto& members = copy.members_;
  const auto member =
      std::find_if(members.begin(), members.end(), [&](const auto& m) { return m.first == key; });
  if (value.empty()) {
    if (member == members.end()) throw std::runtime_error("no member " + std::string(key));
    members.erase(member);
  } else if (member == members.end()) {
    members.emplace_back(key, value);
  } else {
    member->second = value;
  }
  return copy;
}

std::string TestConfig::text() const {
  std::string text = "{";
  for (const auto& [key, value] : members_)
    text += fmt::format("{}\"{}\": {}", text.size() > 1 ? ", " : "", key, value);
  return text + "}";
}

TestConfig qwen3_config() {
  return {
      {"architectures", R"(["Qwen3ForCausalLM"])"},
      {"attention_bias", "false"},
      {"eos_token_id", "2"},
      {"head_dim", "32"},
      {"hidden_act", "\"silu\""},
      {"hidden_size", "64"},
      {"intermediate_size", "160"},
      {"max_position_embeddings", "4096"},
      {"model_type", "\"qwen3\""},
      {"num_attention_heads", "4"},
      {"num_hidden_layers", "3"},
      {"num_key_value_heads", "2"},
      {"rms_norm_eps", "1e-06"},
      {"rope_parameters", R"({"rope_theta": 1000000.0, "rope_type": "default"})"},
      {"tie_word_embeddings", "true"},
      {"vocab_size", "320"},
  };
}

TestConfig qwen2_config() {
  return qwen3_config()
      .with("architectures", R"(["Qwen2ForCausalLM"])")
      .with("model_type", "\"qwen2\"")
      .with("attention_bias", "")
      .with("head_dim", "");
}

TestConfig qwen3_5_text_config() {
  return {
      {"attention_bias", "false"},
      {"eos_token_id", "300"},
      {"head_dim", "64"},
      {"hidden_act", "\"silu\""},
      {"hidden_size", "64"},
      {"intermediate_size", "128"},
      {"linear_conv_kernel_dim", "4"},
      {"linear_key_head_dim", "32"},
      {"linear_num_key_heads", "2"},
      {"linear_num_value_heads", "4"},
      {"linear_value_head_dim", "32"},
      {"max_position_embeddings", "4096"},
      {"model_type", "\"qwen3_5_text\""},
      {"num_attention_heads", "4"},
      {"num_hidden_layers", "8"},
      {"num_key_value_heads", "2"},
      {"rms_norm_eps", "1e-06"},
      {"rope_parameters",
       R"({"mrope_interleaved": true, "mrope_section": [3, 3, 2], "partial_rotary_factor": 0.25,)"
       R"( "rope_theta": 10000000.0, "rope_type": "default"})"},
      {"tie_word_embeddings", "true"},
      {"vocab_size", "320"},
  };
}

TestConfig qwen3_moe_config() {
  return qwen3_config()
      .with("architectures", R"(["Qwen3MoeForCausalLM"])")
      .with("model_type", "\"qwen3_moe\"")
      .with("num_experts", "8")
      .with("num_experts_per_tok", "3")
      .with("moe_intermediate_size", "24");
}

TestConfig qwen3_5_moe_text_config() {
  return qwen3_5_text_config()
      .with("intermediate_size", "")
      .with("model_type", "\"qwen3_5_moe_text\"")
      .with("num_experts", "8")
      .with("num_experts_per_tok", "2")
      .with("moe_intermediate_size", "32")
      .with("shared_expert_intermediate_size", "48");
}

TestConfig multimodal_config(const TestConfig& text) {
  return {
      {"architectures", R"(["Qwen3_5ForConditionalGeneration"])"},
      {"image_token_id", "303"},
      {"model_type", "\"qwen3_5\""},
      {"text_config", text.text()},
      {"tie_word_embeddings", "true"},
      {"video_token_id", "304"},
      {"vision_config", R"({"depth": 2})"},
  };
}

static Result<ModelConfigPtr> parse_config_text(std::string_view config, const LogSink& log) {
  GERBIL_TRY(const json::Value root, json::parse(config, "config.json"));
  GERBIL_TRY(const json::Fields fields, json::Fields::of(root, "config.json"));
  GERBIL_TRY(const Family* family, find_family(fields));
  return family->parse_config({fields, family->architecture, log});
}

Result<ModelConfigPtr> parse_config(const TestConfig& config, std::vector<std::string>* notes) {
  LogSink log;
  if (notes != nullptr) log = [notes](std::string_view line) { notes->emplace_back(line); };
  return parse_config_text(config.text(), log);
}

Fixture open_fixture(const std::string& folder, std::string_view config_file) {
  std::ifstream file(fmt::format("{}/{}", folder, config_file), std::ios::binary);
  if (!file) throw std::runtime_error("no " + std::string(config_file) + " in " + folder);
  Fixture fixture;
  fixture.config.assign(std::istreambuf_iterator<char>(file), {});
  auto checkpoint = format::open_checkpoint(folder);
  if (!checkpoint) throw std::runtime_error(checkpoint.error().message);
  fixture.checkpoint = *std::move(checkpoint);
  return fixture;
}

// Each tensor costs a load of all before it.
constexpr int64_t kMostAskedExperts = 64;

// Tensor after tensor, as they are missed or misshapen. The builder says which shape it expects:
// "expected shape [2, 3], found".
format::Checkpoint asked_checkpoint(std::string_view config, int64_t max_layers) {
  static const auto kSource =
      std::make_shared<const tensor::MemorySource>("asked.safetensors", std::vector<std::byte>());
  format::Checkpoint checkpoint{.files = {"asked.safetensors"}};
  const auto parsed = parse_config_text(config, {});
  if (!parsed || (*parsed)->layer_count() > max_layers ||
      (*parsed)->layer_count() * (*parsed)->experts.count > kMostAskedExperts)
    return checkpoint;
  for (int tries = 0; tries < 1000; ++tries) {
    const auto model = load_model(config, "config.json", checkpoint);
    const auto graph =
        model ? build_text_graph(*model) : Result<graph::Graph>(std::unexpected(model.error()));
    if (graph) break;
    const std::string& message = graph.error().message;
    const size_t name = message.find("tensor \"");
    if (name == std::string::npos) break;
    const size_t begin = name + std::string_view("tensor \"").size();
    tensor::Shape shape;
    size_t at = message.find("expected shape [");
    if (at != std::string::npos) {
      at += std::string_view("expected shape [").size();
      for (size_t end = at; message[at - 1] != ']'; at = end + 1) {
        end = message.find_first_of(",]", at);
        shape.append(std::stoull(message.substr(at, end - at)));
      }
    }
    const tensor::DType dtype = tensor::DType::kBF16;
    checkpoint.tensors[message.substr(begin, message.find('"', begin) - begin)] = {
        kSource, 0, shape.size_bytes(dtype).value_or(0), dtype, shape};
  }
  return checkpoint;
}

tensor::TensorRef make_tensor(tensor::Shape shape, tensor::DType dtype) {
  const uint64_t size = shape.size_bytes(dtype).value();
  return {std::make_shared<tensor::MemorySource>("extra.safetensors", std::vector<std::byte>(size)),
          0, size, dtype, shape};
}

}  // namespace gerbil::model::testing
