// Every field that the families read from config.json with every kind of value, and every stored
// tensor gone, of another type or another shape: a load either works, where the table says that it
// may, or fails with one line that names the file and the field or tensor.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bad_input/bad_input.h"
#include "support/data.h"

namespace gerbil::testing {
namespace {

using Json = nlohmann::json;

constexpr const char* kWeights = "model.safetensors";

// No member, where a field is tried with it.
const Json kMissing = "(missing)";

const std::vector<Json>& absurd_values() {
  static const std::vector<Json> kValues = {kMissing,
                                            nullptr,
                                            true,
                                            false,
                                            0,
                                            -1,
                                            1,
                                            7,
                                            0.5,
                                            1'000'000'000,
                                            1e18,
                                            1e30,
                                            1e-300,
                                            INT64_MAX,
                                            UINT64_MAX,
                                            "",
                                            "x",
                                            Json::array(),
                                            Json::array({1, 2}),
                                            Json::object(),
                                            Json::array({"x"}),
                                            Json::parse(R"({"a": 1})")};
  return kValues;
}

struct Field {
  std::string name;
  std::vector<Json> fine = {};  // of the absurd values, those that a load accepts
};

const std::vector<Field>& common_fields() {
  static const std::vector<Field> kFields = {
      {"vocab_size"},
      {"hidden_size"},
      {"intermediate_size"},
      {"num_hidden_layers"},
      {"num_attention_heads"},
      {"hidden_act", {kMissing, nullptr}},
      {"rms_norm_eps", {kMissing, nullptr, 1, 0.5}},
      {"max_position_embeddings", {kMissing, nullptr, 1, 7, 1'000'000'000}},
      {"tie_word_embeddings", {kMissing, nullptr, true}},
      {"eos_token_id",
       {kMissing, nullptr, 0, 1, 7, 1'000'000'000, Json::array(), Json::array({1, 2})}},
      {"rope_parameters"},
      {"rope_theta", {kMissing, nullptr}},
      {"rope_scaling", {kMissing, nullptr, Json::object()}},
      {"quantization_config", {kMissing, nullptr, false, Json::array(), Json::object()}},
      {"num_experts", {kMissing, nullptr, false, 0, Json::array(), Json::object()}},
  };
  return kFields;
}

const std::vector<Field>& qwen3_fields() {
  static const std::vector<Field> kFields = {
      {"architectures", {kMissing, nullptr}},
      {"head_dim"},
      {"num_key_value_heads"},
      {"layer_types", {kMissing, nullptr}},
      {"use_sliding_window", {kMissing, nullptr, true, false}},
      {"partial_rotary_factor", {kMissing, nullptr, 1}},
  };
  return kFields;
}

const std::vector<Field>& window_fields() {
  static const std::vector<Field> kFields = {
      {"sliding_window", {1, 7, 1'000'000'000}},
      {"use_sliding_window", {true}},
      {"max_window_layers", absurd_values()},  // layer_types says it too, and decides
  };
  return kFields;
}

const std::vector<Field>& qwen3_5_fields() {
  static const std::vector<Field> kFields = {
      {"head_dim"},
      {"num_key_value_heads"},
      {"layer_types", {kMissing, nullptr}},
      {"linear_num_key_heads"},
      {"linear_num_value_heads"},
      {"linear_key_head_dim"},
      {"linear_value_head_dim"},
      {"linear_conv_kernel_dim"},
      {"attn_output_gate", {kMissing, nullptr, true}},
      {"output_gate_type", {kMissing, nullptr}},
      {"partial_rotary_factor", {kMissing, nullptr}},
  };
  return kFields;
}

void put(Json& object, const std::string& key, const Json& value) {
  if (value == kMissing) {
    object.erase(key);
  } else {
    object[key] = value;
  }
}

// One line that names a file of the folder.
void expect_clear(const Status& outcome, const std::string& folder) {
  const std::string& line = outcome.error().message;
  EXPECT_TRUE(line.starts_with(folder + "/config.json: ") ||
              line.starts_with(folder + "/model.safetensors: tensor \""))
      << line;
  EXPECT_NE(outcome.error().code, ErrorCode::kInternal) << line;
  EXPECT_EQ(std::ranges::count(line, '\n'), 0) << line;
  EXPECT_LT(line.size(), 400u) << line;
}

void sweep(const std::string& model, const std::vector<Field>& fields) {
  CheckpointCopy copy(model_folder(model));
  const std::string folder = copy.path().string();
  const Json whole = Json::parse(read_file(copy.path() / "config.json"));
  for (const Field& field : fields) {
    for (const Json& value : absurd_values()) {
      SCOPED_TRACE(model + ": " + field.name + " = " + value.dump());
      Json config = whole;
      put(config, field.name, value);
      copy.write("config.json", config.dump());
      const Status outcome = loads()(folder);
      const bool fine = std::ranges::find(field.fine, value) != field.fine.end();
      EXPECT_EQ(outcome.has_value(), fine) << (outcome ? "no error" : outcome.error().message);
      if (!outcome) expect_clear(outcome, folder);
    }
  }
}

TEST(SweepTest, EveryFieldOfQwen3) {
  sweep("qwen3-tiny", common_fields());
  sweep("qwen3-tiny", qwen3_fields());
  sweep("qwen3-window-tiny", window_fields());
}

TEST(SweepTest, EveryFieldOfQwen3_5) { sweep("qwen3_5-text-tiny", qwen3_5_fields()); }

// Of the top level and of the first layer of each kind.
bool is_tried(std::string_view name) {
  return !name.contains(".layers.") || name.contains(".layers.0.") || name.contains(".layers.3.");
}

class TensorSweepTest : public ::testing::TestWithParam<const char*> {
 protected:
  std::string message(const std::string& tensor, const StoredTensor* changed) {
    StoredTensors tensors = tensors_;
    if (changed == nullptr) {
      tensors.erase(tensor);
    } else {
      tensors[tensor] = *changed;
    }
    write_safetensors(copy_.path() / kWeights, tensors);
    const Status outcome = loads()(copy_.path().string());
    return outcome ? "no error" : outcome.error().message;
  }

  std::string place(const std::string& tensor) const {
    return (copy_.path() / kWeights).string() + ": tensor \"" + tensor + "\"";
  }

  CheckpointCopy copy_{model_folder(GetParam())};
  StoredTensors tensors_ = read_safetensors(copy_.path() / kWeights);
};

TEST_P(TensorSweepTest, EveryTensorIsMissed) {
  for (const auto& [name, tensor] : tensors_) {
    if (!is_tried(name)) continue;
    EXPECT_EQ(message(name, nullptr), place(name) + " is missing");
  }
}

TEST_P(TensorSweepTest, EveryTensorIsOfARealType) {
  for (const auto& [name, tensor] : tensors_) {
    if (!is_tried(name)) continue;
    StoredTensor integers = tensor;
    integers.dtype = tensor.dtype == "F32" ? "I32" : "U16";
    EXPECT_EQ(message(name, &integers),
              place(name) + ": expected F32, F16 or BF16, found " + integers.dtype);
  }
}

TEST_P(TensorSweepTest, EveryTensorHasItsShape) {
  for (const auto& [name, tensor] : tensors_) {
    if (!is_tried(name)) continue;
    StoredTensor deeper = tensor;
    deeper.shape.push_back(1);
    StoredTensor shorter = tensor;
    shorter.bytes.resize(tensor.bytes.size() - tensor.bytes.size() / tensor.shape[0]);
    --shorter.shape[0];
    StoredTensor empty = tensor;
    empty.bytes.clear();
    empty.shape[0] = 0;
    for (const StoredTensor* changed : {&deeper, &shorter, &empty})
      EXPECT_TRUE(message(name, changed).starts_with(place(name) + ": expected shape ["))
          << message(name, changed);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, TensorSweepTest,
                         ::testing::Values("qwen2-tiny", "qwen3-tiny-untied", "qwen3_5-text-tiny"),
                         [](const auto& model) {
                           std::string name = model.param;
                           std::erase_if(name, [](char c) { return c == '-' || c == '_'; });
                           return name;
                         });

}  // namespace
}  // namespace gerbil::testing
