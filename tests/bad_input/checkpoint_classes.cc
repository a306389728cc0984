// What a checkpoint's folder can have wrong.
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "bad_input/bad_input.h"
#include "support/safetensors_file.h"

namespace gerbil::testing {
namespace {

using Json = nlohmann::json;

constexpr const char* kTiny = "qwen3-tiny";
constexpr const char* kHybrid = "qwen3_5-text-tiny";  // with Gated DeltaNet
constexpr const char* kMultimodal = "qwen3_5-tiny";
constexpr const char* kWindow = "qwen3-window-tiny";
constexpr const char* kUntied = "qwen3-tiny-untied";
constexpr const char* kSharded = "qwen3-tiny-sharded";
constexpr const char* kExperts = "qwen3_moe-tiny";

constexpr const char* kConfig = "config.json";
constexpr const char* kGeneration = "generation_config.json";
constexpr const char* kWeights = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";
constexpr const char* kShard = "model-00002-of-00002.safetensors";
constexpr const char* kNorm = "model.norm.weight";

Change removes_tensor(std::string name) {
  return [=](CheckpointCopy& copy) { copy.remove_tensor(name); };
}

Change adds_tensor(std::string name, std::vector<uint64_t> shape = {1}) {
  uint64_t elements = 1;
  for (uint64_t dim : shape) elements *= dim;
  return [=](CheckpointCopy& copy) {
    copy.add_tensor(name, f32_tensor(shape, std::vector<float>(elements)));
  };
}

Change reshapes(std::string name, std::vector<uint64_t> shape) {
  return [=](CheckpointCopy& copy) { copy.reshape_tensor(name, shape); };
}

// Another type of as many bytes an element.
Change retypes(std::string name, std::string dtype) {
  return [=](CheckpointCopy& copy) {
    StoredTensor tensor = copy.tensor(name);
    tensor.dtype = dtype;
    copy.set_tensor(name, tensor);
  };
}

Change config(std::string key, const Json& value) { return sets(kConfig, {key}, value); }

// One tensor's entry in a header.
std::string entry(std::string_view name, std::string_view shape, std::string_view offsets,
                  std::string_view dtype = "F32") {
  return std::string("\"")
      .append(name)
      .append("\":{\"dtype\":\"")
      .append(dtype)
      .append("\",\"shape\":")
      .append(shape)
      .append(",\"data_offsets\":")
      .append(offsets)
      .append("}");
}

std::string deep(std::string_view open, size_t levels, std::string_view close) {
  std::string text;
  for (size_t i = 0; i < levels; ++i) text += open;
  for (size_t i = 0; i < levels; ++i) text += close;
  return text;
}

// A file of a terabyte that takes no place on the disk, its first bytes as they were.
Change grows_to_a_terabyte(std::string file) {
  return [=](CheckpointCopy& copy) {
    std::filesystem::resize_file(copy.path() / file, uint64_t{1} << 40);
  };
}

// ---- which tensors there are, their shapes and types

std::vector<BadInput> tensors() {
  const std::string layer = "model.layers.0.";
  return {
      {"MissingTensor", kTiny, removes_tensor(kNorm), loads(),
       R"(@/model.safetensors: tensor "model.norm.weight" is missing)"},
      {"MissingPartOfQkv", kTiny, removes_tensor(layer + "self_attn.k_proj.weight"), loads(),
       R"(@/model.safetensors: tensor "model.layers.0.self_attn.k_proj.weight" is missing)"},
      {"MissingConvolution", kHybrid, removes_tensor(layer + "linear_attn.conv1d.weight"), loads(),
       R"(@/model.safetensors: tensor "model.layers.0.linear_attn.conv1d.weight" is missing)"},
      {"MissingALog", kHybrid, removes_tensor(layer + "linear_attn.A_log"), loads(),
       R"(@/model.safetensors: tensor "model.layers.0.linear_attn.A_log" is missing)"},
      {"MissingHeadWhereUntied", kUntied, removes_tensor("lm_head.weight"), loads(),
       R"(@/model.safetensors: tensor "lm_head.weight" is missing)"},
      {"TiedByMistake", kTiny, config("tie_word_embeddings", false), loads(),
       R"(@/model.safetensors: tensor "lm_head.weight" is missing)"},
      {"OnlySomeBiases", kTiny, adds_tensor(layer + "self_attn.k_proj.bias", {64}), loads(),
       R"(@/model.safetensors: tensor "model.layers.0.self_attn.q_proj.bias" is missing)"},
      {"MissingBias", "qwen2-tiny", removes_tensor(layer + "self_attn.v_proj.bias"), loads(),
       R"(@/model.safetensors: tensor "model.layers.0.self_attn.v_proj.bias" is missing)"},
      {"ExtraTensor", kTiny, adds_tensor("model.surprise.weight"), loads(),
       R"(@/model.safetensors: tensor "model.surprise.weight" is not known to Qwen3ForCausalLM)"},
      {"ExtraTensorWithALongName", kTiny, adds_tensor(std::string(5000, 'x')), loads(),
       "@/model.safetensors: tensor \"" + std::string(120, 'x') +
           "...\" is not known to Qwen3ForCausalLM"},
      {"ExtraLayer", kTiny, adds_tensor("model.layers.3.input_layernorm.weight", {64}), loads(),
       R"(@/model.safetensors: tensor "model.layers.3.input_layernorm.weight" is of layer 3, )"
       "but the config says that num_hidden_layers is 3"},
      {"LayerOfAnotherKind", kHybrid, adds_tensor(layer + "self_attn.q_norm.weight", {64}), loads(),
       R"(@/model.safetensors: tensor "model.layers.0.self_attn.q_norm.weight" does not belong in )"
       "layer 0, which the config says is linear_attention"},
      {"VisionInATextModel", kTiny, adds_tensor("model.visual.patch_embed.proj.weight"), loads(),
       R"(@/model.safetensors: tensor "model.visual.patch_embed.proj.weight" is not known to )"
       "Qwen3ForCausalLM"},
      {"MisshapenNorm", kTiny, reshapes(kNorm, {8, 8}), loads(),
       R"(@/model.safetensors: tensor "model.norm.weight": expected shape [64], found [8, 8])"},
      {"MisshapenEmbedding", kTiny, reshapes("model.embed_tokens.weight", {64, 320}), loads(),
       R"(@/model.safetensors: tensor "model.embed_tokens.weight": expected shape [320, 64], )"
       "found [64, 320]"},
      {"MisshapenHead", kUntied, reshapes("lm_head.weight", {640, 32}), loads(),
       R"(@/model.safetensors: tensor "lm_head.weight": expected shape [320, 64], )"
       "found [640, 32]"},
      {"MisshapenProjection", kTiny, reshapes(layer + "self_attn.q_proj.weight", {64, 128}),
       loads(),
       R"(@/model.safetensors: tensor "model.layers.0.self_attn.q_proj.weight": )"
       "expected shape [128, 64], found [64, 128] (in layers.0.attention)"},
      {"MisshapenConvolution", kHybrid, reshapes(layer + "linear_attn.conv1d.weight", {256, 4}),
       loads(),
       R"(@/model.safetensors: tensor "model.layers.0.linear_attn.conv1d.weight": )"
       "expected shape [256, 1, 4], found [256, 4] (in layers.0.delta)"},
      {"FlatTensor", kTiny, reshapes(layer + "mlp.down_proj.weight", {10240}), loads(),
       R"(@/model.safetensors: tensor "model.layers.0.mlp.down_proj.weight": )"
       "expected shape [64, 160], found [10240] (in layers.0.mlp)"},
      {"IntegerTensor", kTiny, retypes(kNorm, "I16"), loads(),
       R"(@/model.safetensors: tensor "model.norm.weight": expected F32, F16 or BF16, found I16)"},
      {"Float8Tensor", kTiny,
       [](CheckpointCopy& copy) {
         copy.set_tensor(kNorm, {"F8_E4M3", {64}, std::string(64, '\0')});
       },
       loads(),
       R"(@/model.safetensors: tensor "model.norm.weight": expected F32, F16 or BF16, )"
       "found F8_E4M3"},
      {"DoubleTensor", kTiny,
       [](CheckpointCopy& copy) { copy.set_tensor(kNorm, {"F64", {64}, std::string(512, '\0')}); },
       loads(),
       R"(@/model.safetensors: tensor "model.norm.weight": expected F32, F16 or BF16, found F64)"},
  };
}

// ---- the bytes of a safetensors file

std::vector<BadInput> safetensors() {
  const std::string norm = "@/model.safetensors: tensor \"model.norm.weight\": ";
  const auto one = [](std::string_view shape, std::string_view offsets,
                      std::string_view dtype = "F32") {
    return header("{" + entry(kNorm, shape, offsets, dtype) + "}", "1234");
  };
  return {
      {"EmptyFile", kTiny, writes(kWeights, ""), loads(),
       "@/model.safetensors: 0 bytes are too few for a safetensors file"},
      {"HeaderLongerThanTheFile", kTiny, writes(kWeights, safetensors_bytes("{}", "", 3)), loads(),
       "@/model.safetensors: a header of 3 bytes, but the file has only 10 bytes"},
      {"HeaderOfAllBytesThereAre", kTiny, writes(kWeights, safetensors_bytes("{}", "", ~0ull)),
       loads(),
       "@/model.safetensors: a header of 18446744073709551615 bytes, more than the format's limit "
       "of 100000000"},
      {"HeaderNoJson", kTiny, header("{\"a\""), loads(),
       "@/model.safetensors: header: not valid JSON: expected \":\" where the text ends, line 1, "
       "column 5 (byte 4)"},
      {"HeaderNoUtf8", kTiny, header("{\"\xff\":1}"), loads(),
       "@/model.safetensors: header: not valid JSON: not valid UTF-8, line 1, column 3 (byte 2)"},
      {"DeepHeader", kTiny, header(deep("{\"a\":", 100'000, "}")), loads(),
       "@/model.safetensors: header: JSON nested more than 64 deep"},
      {"DuplicateTensor", kTiny,
       header("{" + entry("a", "[1]", "[0,4]") + "," + entry("a", "[1]", "[4,8]") + "}",
              "12345678"),
       loads(), "@/model.safetensors: header: the key \"a\" twice"},
      {"OverlappingOffsets", kTiny,
       header("{" + entry("a", "[1]", "[0,4]") + "," + entry("b", "[1]", "[2,6]") + "}", "123456"),
       loads(), R"(@/model.safetensors: tensor "b": its bytes overlap those of "a")"},
      {"OffsetsBeyondTheFile", kTiny, one("[2]", "[0,8]"), loads(),
       norm + "its bytes 0 to 8 pass the end of the file's 4 bytes of data"},
      {"OffsetsBackwards", kTiny, one("[1]", "[4,0]"), loads(),
       norm + "expected 0 <= begin <= end in \"data_offsets\", found [4, 0]"},
      {"OffsetsNegative", kTiny, one("[1]", "[-4,0]"), loads(),
       norm + "expected 0 <= begin <= end in \"data_offsets\", found [-4, 0]"},
      {"OffsetsOfAnotherSize", kTiny, one("[2]", "[0,4]"), loads(),
       norm + "shape [2] of F32 takes 8 bytes, its data_offsets hold 4"},
      {"BytesOfNoTensor", kTiny, header("{}", "1234"), loads(),
       "@/model.safetensors: the last 4 bytes belong to no tensor"},
      {"HugeDimensions", kTiny, one("[1000000000000000000,1000000000000000000]", "[0,4]"), loads(),
       norm + "shape [1000000000000000000, 1000000000000000000] of F32 has more bytes than 64 "
              "bits can count"},
      {"DimensionsThatWrapAround", kTiny, one("[4611686018427387905]", "[0,4]"), loads(),
       norm + "shape [4611686018427387905] of F32 has more bytes than 64 bits can count"},
      {"NegativeDimension", kTiny, one("[-1]", "[0,4]"), loads(),
       norm + "expected a size of at least 0 in \"shape\", found -1"},
      {"NineDimensions", kTiny, one("[1,1,1,1,1,1,1,1,1]", "[0,4]"), loads(),
       norm + "9 dimensions, at most 8 are understood"},
      {"UnknownType", kTiny, one("[1]", "[0,4]", "F4"), loads(), norm + "unknown dtype \"F4\""},
      {"TruncatedFile", kTiny, cuts(kWeights, 100'000), loads(),
       R"(@/model.safetensors: tensor "model.layers.0.mlp.up_proj.weight": its bytes 82048 to )"
       "102528 pass the end of the file's 96360 bytes of data"},
      {"GrownFile", kTiny, grows_to_a_terabyte(kWeights), loads(),
       "@/model.safetensors: the last 1099511250120 bytes belong to no tensor"},
  };
}

// ---- shards

std::vector<BadInput> shards() {
  const auto index = [](std::string_view text) { return writes(kIndex, text); };
  return {
      {"TruncatedShard", kSharded, cuts(kShard, 10'000), loads(),
       R"(@/model-00002-of-00002.safetensors: tensor "model.layers.1.mlp.down_proj.weight": its )"
       "bytes 128 to 20608 pass the end of the file's 8336 bytes of data"},
      {"MissingShard", kSharded, removes(kShard), loads(),
       R"(@/model.safetensors.index.json: the shard "model-00002-of-00002.safetensors" is missing)"},
      {"ShardsExchanged", kSharded,
       [](CheckpointCopy& copy) {
         const std::filesystem::path first = copy.path() / "model-00001-of-00002.safetensors";
         std::filesystem::rename(first, copy.path() / "x");
         std::filesystem::rename(copy.path() / kShard, first);
         std::filesystem::rename(copy.path() / "x", copy.path() / kShard);
       },
       loads(),
       R"(@/model-00001-of-00002.safetensors: tensor "model.layers.1.input_layernorm.weight" is )"
       R"(placed in "model-00002-of-00002.safetensors" by model.safetensors.index.json)"},
      {"IndexNoJson", kSharded, index(""), loads(),
       "@/model.safetensors.index.json: not valid JSON: expected a value where the text ends, "
       "line 1, column 1 (byte 0)"},
      {"IndexWithoutMap", kSharded, index("{}"), loads(),
       R"(@/model.safetensors.index.json: "weight_map": expected an object, but it is missing)"},
      {"IndexWithoutTensors", kSharded, index(R"({"weight_map":{}})"), loads(),
       R"(@/model.safetensors.index.json: "weight_map" names no tensor)"},
      {"DuplicateKeyInIndex", kSharded,
       index(R"({"weight_map":{"a":"x.safetensors","a":"x.safetensors"}})"), loads(),
       R"(@/model.safetensors.index.json: the key "a" twice)"},
      {"DeepIndex", kSharded, index(deep("[", 100'000, "]")), loads(),
       "@/model.safetensors.index.json: JSON nested more than 64 deep"},
      {"IndexOutOfItsFolder", kSharded, index(R"({"weight_map":{"a":"../x.safetensors"}})"),
       loads(),
       R"(@/model.safetensors.index.json: tensor "a": expected the name of a .safetensors file in )"
       R"(the same folder, found "../x.safetensors")"},
  };
}

// ---- config.json (every field with every kind of value: sweep_test.cc)

std::vector<BadInput> configs() {
  return {
      {"NoConfig", kTiny, removes(kConfig), loads(), "@: has no config.json"},
      {"ConfigNoJson", kTiny, writes(kConfig, "{"), loads(),
       "@/config.json: not valid JSON: expected a key in quotes or \"}\" where the text ends, "
       "line 1, column 2 (byte 1)"},
      {"ConfigNoObject", kTiny, writes(kConfig, "[]"), loads(),
       "@/config.json: expected a JSON object, found an array of 0"},
      {"ConfigNotANumber", kTiny, writes(kConfig, R"({"rms_norm_eps": NaN})"), loads(),
       "@/config.json: not valid JSON: expected a value at line 1, column 18 (byte 17)"},
      {"DuplicateKeyInConfig", kTiny, writes(kConfig, R"({"vocab_size": 1, "vocab_size": 2})"),
       loads(), R"(@/config.json: the key "vocab_size" twice)"},
      {"DeepConfig", kTiny, writes(kConfig, deep("[", 100'000, "]")), loads(),
       "@/config.json: JSON nested more than 32 deep"},
      {"UnknownArchitecture", kTiny, config("architectures", {"LlamaForCausalLM"}), loads(),
       R"(@/config.json: architecture "LlamaForCausalLM" is not known to this build (known: )"
       "Qwen2ForCausalLM, Qwen3ForCausalLM, Qwen3MoeForCausalLM, Qwen3_5ForCausalLM, "
       "Qwen3_5ForConditionalGeneration, Qwen3_5MoeForCausalLM, "
       "Qwen3_5MoeForConditionalGeneration)"},
      {"NoArchitecture", kTiny, writes(kConfig, "{}"), loads(),
       R"(@/config.json: "model_type": expected a string, but it is missing)"},
      {"UnknownHiddenAct", kTiny, config("hidden_act", "relu2"), loads(),
       R"(@/config.json: "hidden_act": expected "silu", found "relu2")"},
      {"UnknownHiddenActWithin", kMultimodal, sets(kConfig, {"text_config", "hidden_act"}, "gelu"),
       loads(), R"(@/config.json: "text_config.hidden_act": expected "silu", found "gelu")"},
      {"QuantisedWeights", kTiny, config("quantization_config", {{"quant_method", "awq"}}), loads(),
       R"(@/config.json: "quantization_config": weights quantised by "awq" are not in this build)"},
      {"HugeHiddenSize", kTiny, config("hidden_size", 1'000'000'000'000'000'000), loads(),
       R"(@/config.json: "hidden_size": expected an integer from 1 to 131072, found )"
       "1000000000000000000"},
      {"NoExperts", kExperts, config("num_local_experts", 0), loads(),
       R"(@/config.json: "num_local_experts": expected an integer from 1 to 4096, found 0)"},
      {"HugeNumberOfExperts", kExperts, config("num_local_experts", 1'000'000'000), loads(),
       R"(@/config.json: "num_local_experts": expected an integer from 1 to 4096, )"
       "found 1000000000"},
      {"MoreExpertsThanStored", kExperts, config("num_local_experts", 4096), loads(),
       R"(@/model.safetensors: tensor "model.layers.0.mlp.experts.8.gate_proj.weight" is missing)"},
      {"FewerExpertsThanStored", kExperts, config("num_local_experts", 7), loads(),
       R"(@/model.safetensors: tensor "model.layers.0.mlp.experts.7.down_proj.weight" is of expert )"
       "7, but the config says that there are 7"},
      {"MoreChosenThanExperts", kExperts, config("num_experts_per_tok", 9), loads(),
       R"(@/config.json: "num_experts_per_tok": expected an integer from 1 to 8 (the experts), )"
       "found 9"},
      {"ExpertOfAnotherShape", kExperts,
       reshapes("model.layers.1.mlp.experts.5.up_proj.weight", {48, 32}), loads(),
       R"(@/model.safetensors: tensor "model.layers.1.mlp.experts.5.up_proj.weight": expected )"
       "shape [24, 64], found [48, 32] (in layers.1.mlp)"},
      {"HugeVocabulary", kTiny, config("vocab_size", 1'000'000'000), loads(),
       R"(@/config.json: "vocab_size": expected an integer from 1 to 8388608, found 1000000000)"},
      {"HugeContext", kTiny, config("max_position_embeddings", 1'000'000'000'000), loads(),
       R"(@/config.json: "max_position_embeddings": expected an integer from 1 to 1073741824, )"
       "found 1000000000000"},
      {"NegativeLayers", kTiny, config("num_hidden_layers", -3), loads(),
       R"(@/config.json: "num_hidden_layers": expected an integer from 1 to 1024, found -3)"},
      {"MoreLayersThanStored", kHybrid,
       [](CheckpointCopy& copy) {
         copy.edit_config([](Json& all) {
           all.erase("layer_types");
           all["num_hidden_layers"] = 1024;
         });
       },
       loads(),
       R"(@/model.safetensors: tensor "model.layers.4.input_layernorm.weight" is missing)"},
      {"LayerTypesTooShort", kTiny, config("layer_types", {"full_attention"}), loads(),
       R"(@/config.json: "layer_types": expected 3 entries (num_hidden_layers), found an array of 1)"},
      {"UnknownLayerType", kTiny,
       config("layer_types", {"full_attention", "full_attention", "mamba"}), loads(),
       R"(@/config.json: "layer_types[2]": expected "full_attention" or "sliding_attention", )"
       R"(found "mamba")"},
      {"HeadsThatDoNotDivide", kTiny, config("num_key_value_heads", 3), loads(),
       R"(@/config.json: "num_key_value_heads": expected a divisor of 4 (num_attention_heads), )"
       "found 3"},
      {"UnknownRotaryType", kTiny, sets(kConfig, {"rope_parameters", "rope_type"}, "yarn"), loads(),
       R"(@/config.json: "rope_parameters.rope_type": expected "default", found "yarn")"},
      {"RotaryBaseContradictsItself", kTiny, config("rope_theta", 1e4), loads(),
       R"(@/config.json: "rope_theta": expected 1000000, as elsewhere in the file, found 10000.0)"},
      {"SectionsOfNoRotaryDimension", kHybrid,
       sets(kConfig, {"rope_parameters", "mrope_section"}, {1000, 1000, 1000}), loads(),
       R"(@/config.json: "mrope_section": expected three integers with a sum of at most 8 (half of )"
       "the rotary dimension), found [1000, 1000, 1000]"},
      {"NoWindow", kWindow, config("sliding_window", nullptr), loads(),
       R"(@/config.json: "sliding_window": expected an integer from 1 to 1073741824, found null)"},
      {"SettingOfAnotherModel", kTiny, config("final_logit_softcapping", 30), loads(),
       R"(@/config.json: "final_logit_softcapping": Qwen3ForCausalLM does not know this setting, )"
       "which changes the result; found 30"},
      {"SettingThatThisBuildLacks", kHybrid, config("attn_output_gate", false), loads(),
       R"(@/config.json: "attn_output_gate": expected true, found false)"},
      {"PictureTokenBeyondTheVocabulary", kMultimodal, config("image_token_id", 320), loads(),
       R"(@/config.json: "image_token_id": expected an integer from 0 to 319, found 320)"},
      {"GenerationConfigNoJson", kTiny, writes(kGeneration, "{"), loads(),
       "@: generation_config.json: not valid JSON: expected a key in quotes or \"}\" where the "
       "text ends, line 1, column 2 (byte 1)"},
      {"DuplicateKeyInGenerationConfig", kTiny, writes(kGeneration, R"({"a":1,"a":1})"), loads(),
       R"(@: generation_config.json: the key "a" twice)"},
      {"NegativeStopToken", kTiny, sets(kGeneration, {"eos_token_id"}, {2, -1}), loads(),
       R"(@: generation_config.json: "eos_token_id[1]": expected an integer from 0 to 2147483647, )"
       "found -1"},
      {"TemperatureNoNumber", kTiny,
       writes(kGeneration, R"({"do_sample": true, "temperature": "hot"})"), loads(),
       R"(@: generation_config.json: "temperature": expected a number from 0 to 100, found "hot")"},
      {"TopPOutOfRange", kTiny, writes(kGeneration, R"({"do_sample": true, "top_p": 1.5})"),
       loads(), R"(@: generation_config.json: "top_p": expected a number from 0 to 1, found 1.5)"},
  };
}

// ---- what stands where a file should

std::vector<BadInput> places() {
  return {
      {"NoWeights", kTiny, removes(kWeights), loads(),
       "@: has neither model.safetensors nor model.safetensors.index.json"},
      {"NoFolder", kTiny, [](CheckpointCopy& copy) { std::filesystem::remove_all(copy.path()); },
       loads(), "\"@\": there is no such folder"},
      {"FolderForWeights", kTiny, folder_at(kWeights), loads(),
       "@/model.safetensors: is a folder, not a file"},
      {"FolderForConfig", kTiny, folder_at(kConfig), loads(),
       "@/config.json: is a folder, not a file"},
      {"PipeForWeights", kTiny, pipe_at(kWeights), loads(),
       "@/model.safetensors: is not a regular file"},
      {"PipeForShard", kSharded, pipe_at(kShard), loads(),
       "@/model-00002-of-00002.safetensors: is not a regular file"},
      {"PipeForConfig", kTiny, pipe_at(kConfig), loads(), "@/config.json: is not a regular file"},
      {"PipeForIndex", kSharded, pipe_at(kIndex), loads(),
       "@/model.safetensors.index.json: is not a regular file"},
      {"PipeForTokenizer", "demo", pipe_at("tokenizer.json"), encodes("Hi"),
       "@/tokenizer.json: is not a regular file"},
      {"DeviceForTokenizer", "demo", link_at("tokenizer.json", "/dev/zero"), encodes("Hi"),
       "@/tokenizer.json: is not a regular file"},
      {"LinkToItself", kTiny, link_at(kWeights, kWeights), loads(),
       "@/model.safetensors: cannot be opened: Too many levels of symbolic links"},
      {"LinkToNowhere", kTiny, link_at(kConfig, "../blobs/gone"), loads(),
       "@/config.json: cannot be opened: No such file or directory"},
      {"LinkToNowhereForAnOptionalFile", kTiny, link_at(kGeneration, "../blobs/gone"), loads(),
       "@/generation_config.json: cannot be opened: No such file or directory"},
      {"ConfigBeyondItsLimit", kTiny, grows_to_a_terabyte(kConfig), loads(),
       "@/config.json: has more than 16777216 bytes, the limit for such a file"},
  };
}

}  // namespace

std::vector<BadInput> broken_checkpoints() {
  std::vector<BadInput> all;
  for (const auto& part : {tensors(), safetensors(), shards(), configs(), places()})
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace gerbil::testing
