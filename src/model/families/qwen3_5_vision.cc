#include "model/families/qwen3_5_vision.h"

#include <cmath>

namespace gerbil::model {
namespace {

using enum Where;
using graph::Scope;
using graph::Value;

// ---- names

constexpr NameRow kNames[] = {
    {"patch_embed", kVision, {"patch_embed.proj.weight"}},
    {"patch_embed.bias", kVision, {"patch_embed.proj.bias"}},
    {"positions", kVision, {"pos_embed.weight"}},
    {"norm1", kVisionBlocks, {"norm1.weight"}},
    {"norm1.bias", kVisionBlocks, {"norm1.bias"}},
    {"attention.qkv", kVisionBlocks, {"attn.qkv.weight"}},
    {"attention.qkv.bias", kVisionBlocks, {"attn.qkv.bias"}},
    {"attention.out", kVisionBlocks, {"attn.proj.weight"}},
    {"attention.out.bias", kVisionBlocks, {"attn.proj.bias"}},
    {"norm2", kVisionBlocks, {"norm2.weight"}},
    {"norm2.bias", kVisionBlocks, {"norm2.bias"}},
    {"mlp.up", kVisionBlocks, {"mlp.linear_fc1.weight"}},
    {"mlp.up.bias", kVisionBlocks, {"mlp.linear_fc1.bias"}},
    {"mlp.down", kVisionBlocks, {"mlp.linear_fc2.weight"}},
    {"mlp.down.bias", kVisionBlocks, {"mlp.linear_fc2.bias"}},
    {"merger.norm", kVision, {"merger.norm.weight"}},
    {"merger.norm.bias", kVision, {"merger.norm.bias"}},
    {"merger.up", kVision, {"merger.linear_fc1.weight"}},
    {"merger.up.bias", kVision, {"merger.linear_fc1.bias"}},
    {"merger.down", kVision, {"merger.linear_fc2.weight"}},
    {"merger.down.bias", kVision, {"merger.linear_fc2.bias"}},
};

// ---- config

constexpr std::string_view kKeys[] = {
    "deepstack_visual_indexes",
    "depth",
    "hidden_act",
    "hidden_size",
    "in_channels",
    "intermediate_size",
    "model_type",
    "num_attention_heads",
    "num_heads",
    "num_position_embeddings",
    "out_hidden_size",
    "patch_size",
    "rope_parameters",
    "spatial_merge_size",
    "temporal_patch_size",
};

constexpr json::IntegerRange kSides{1, 128};

// One number, or a list of equal ones: [16, 16].
Result<int64_t> read_side(const json::Fields& vision, std::string_view key) {
  const json::Value* value = vision.find(key);
  if (value == nullptr || value->array() == nullptr) return vision.integer(key, kSides);
  GERBIL_TRY(const auto sides, vision.integers(key, kSides, 3));
  for (const int64_t side : sides)
    if (side != sides.front()) return vision.expected(key, "equal sides", ErrorCode::kUnsupported);
  if (sides.empty()) return vision.expected(key, "a number, or a list of equal ones");
  return sides.front();
}

Status read_rope(const json::Fields& vision, VisionConfig& c) {
  c.rope_theta = 10000;
  GERBIL_TRY(const auto rope, vision.optional_object("rope_parameters"));
  if (!rope) return {};
  GERBIL_TRY(const std::string type, rope->string_or("rope_type", "axial"));
  if (type != "axial") return rope->expected("rope_type", "\"axial\"", ErrorCode::kUnsupported);
  GERBIL_TRY(c.rope_theta, rope->number_or("rope_theta", c.rope_theta, {1, 1e12}));
  for (const json::Member& member : rope->object().members())
    if (member.key != "rope_type" && member.key != "rope_theta" && !member.value.is_null())
      return rope->expected(member.key, "no such setting", ErrorCode::kUnsupported);
  return {};
}

Status read_table(const json::Fields& vision, VisionConfig& c) {
  GERBIL_TRY(const int64_t entries, vision.integer("num_position_embeddings", {1, 1 << 24}));
  c.table_side = std::llround(std::sqrt(static_cast<double>(entries)));
  if (c.table_side * c.table_side != entries)
    return vision.expected("num_position_embeddings", "the square of a number");
  return {};
}

Result<VisionConfig> parse(const ConfigInput& input, const ModelConfig& text) {
  GERBIL_TRY(const json::Fields vision, input.root.object("vision_config"));
  GERBIL_CHECK_OK(check_keys(vision, kKeys, input));
  if (vision.has("deepstack_visual_indexes")) {
    GERBIL_TRY(const auto layers, vision.integers("deepstack_visual_indexes"));
    if (!layers.empty())
      return vision.expected("deepstack_visual_indexes", "an empty list", ErrorCode::kUnsupported);
  }
  GERBIL_TRY(const std::string act, vision.string_or("hidden_act", "gelu_pytorch_tanh"));
  if (act != "gelu_pytorch_tanh")
    return vision.expected("hidden_act", "\"gelu_pytorch_tanh\"", ErrorCode::kUnsupported);

  VisionConfig c;
  GERBIL_TRY(c.depth, vision.integer("depth", {1, kMaxLayers}));
  GERBIL_TRY(c.hidden, vision.integer("hidden_size", {1, kMaxHidden}));
  const std::string_view heads = vision.has("num_heads") ? "num_heads" : "num_attention_heads";
  GERBIL_TRY(c.heads, read_divisor(vision, heads, c.hidden, "hidden_size"));
  if (c.head_dim() % 4 != 0 || c.head_dim() > kMaxHeadDim)
    return vision.expected(heads, "heads of a multiple of 4 numbers");
  GERBIL_TRY(c.intermediate, vision.integer("intermediate_size", {1, kMaxWidth}));
  GERBIL_TRY(c.out_hidden, vision.integer("out_hidden_size", {1, kMaxHidden}));
  if (c.out_hidden != text.hidden)
    return vision.expected("out_hidden_size",
                           fmt::format("{}, the text's hidden_size", text.hidden));
  GERBIL_TRY(c.channels, vision.integer_or("in_channels", 3));
  if (c.channels != 3) return vision.expected("in_channels", "3", ErrorCode::kUnsupported);
  GERBIL_TRY(c.patch_size, read_side(vision, "patch_size"));
  GERBIL_TRY(c.temporal_patch_size, read_side(vision, "temporal_patch_size"));
  GERBIL_TRY(c.merge_size, vision.integer("spatial_merge_size", {1, 16}));
  GERBIL_CHECK_OK(read_table(vision, c));
  GERBIL_CHECK_OK(read_rope(vision, c));
  return c;
}

// ---- graph

constexpr float kEps = 1e-6F;  // a constant of the model

Value attention(Scope s, Value x, const VisionConfig& c, const graph::RopeSpec& rope) {
  const Value qkv = s.linear("qkv", x, 3 * c.hidden);
  const auto heads_of = [&](int64_t number) {
    return s.reshape(s.slice_dims(qkv, number * c.hidden, c.hidden), c.heads, c.head_dim());
  };
  const Value q = s.rope(heads_of(0), rope);
  const Value k = s.rope(heads_of(1), rope);
  const float scale = 1 / std::sqrt(static_cast<float>(c.head_dim()));
  const Value o = s.attend_groups(q, k, heads_of(2), scale);
  return s.linear("out", s.merge_heads(o), c.hidden);
}

void build(Scope root, const VisionConfig& c) {
  const auto size = [](int64_t n) { return static_cast<uint64_t>(n); };
  const graph::RopeSpec rope = graph::make_axial_rope(c.head_dim(), c.rope_theta);
  const Scope s = root / "vision";
  const Value patches =
      s.patches(c.patch_numbers(), {.merge_side = c.merge_size, .table_side = c.table_side});
  Value x = s.linear("patch_embed", patches,
                     tensor::Shape{size(c.hidden), size(c.channels), size(c.temporal_patch_size),
                                   size(c.patch_size), size(c.patch_size)});
  root.tap("vis.patch_embed", x);
  x = s.add(x, s.interpolate("positions", c.hidden));
  root.tap("vis.block0_in", x);
  for (int64_t i = 0; i < c.depth; ++i) {
    const Scope b = s / fmt::format("blocks.{}", i);
    const Value normed = b.layer_norm("norm1", x, kEps);
    x = b.add(x, attention(b / "attention", normed, c, rope));
    const Value mlp_in = b.layer_norm("norm2", x, kEps);
    const Value inner = b.gelu(b.linear("mlp.up", mlp_in, c.intermediate), true);
    x = b.add(x, b.linear("mlp.down", inner, c.hidden));
    root.tap(fmt::format("vis.block{}", i), x);
  }
  const Scope m = s / "merger";
  const Value squares = m.merge_rows(m.layer_norm("norm", x, kEps));
  const Value inner = m.gelu(m.linear("up", squares, c.merged() * c.hidden), false);
  root.tap("vis.merger", m.linear("down", inner, c.out_hidden));
}

constexpr VisionFamily kFamily{"model.visual", kNames, parse, build};

}  // namespace

const VisionFamily* qwen3_5_vision() { return &kFamily; }

}  // namespace gerbil::model
