// The operations of the graph: one plain struct each, holding attributes only (operands are in
// graph::Node).
//
// Every value is [rows, heads, dim]: rows is symbolic (tokens of the step, wanted rows, ...), heads
// and dim are constants, a plain vector per row has heads = 1. Norms work over dim. All arithmetic
// is f32. Fused operations come last; passes/decompose.h gives each one's meaning in the others.
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>
#include <variant>

namespace gerbil::graph {

// ---- inputs of a step
// ids [rows] -> rows of the table weight[vocab, dim]; a row whose id is kSoft comes from
// Batch::soft instead.
struct Embed {};

// ---- matrices
// x [rows, in] -> x W^T (+ bias): weights W [out, in] and perhaps bias [out].
struct Linear {};

// ---- norms, over dim
// y = x * rsqrt(mean(x^2) + eps) * w; without a weight: no w.
struct RmsNorm {
  float eps;
};
// y = x * rsqrt(sum(x^2) + eps) * scale.
struct L2Norm {
  float eps;
  float scale;
};
// y = (x - mean(x)) * rsqrt(var(x) + eps) * w + b: weights w and b.
struct LayerNorm {
  float eps;
};

// ---- elementwise, equal shapes
struct Add {};
struct Mul {};
struct Silu {};  // x * sigmoid(x)
struct Sigmoid {};
// x * Phi(x), the normal distribution's; with `tanh` the approximation of it by that.
struct Gelu {
  bool tanh;
};

// ---- views: no work, no memory
// Heads [head, head + heads) and dims [dim, dim + dims) of the input.
struct Slice {
  int64_t head, heads;
  int64_t dim, dims;
};
// The same heads * dim numbers of a row under other (heads, dim); the input's row has no gaps.
struct Reshape {
  int64_t heads, dim;
};

// ---- positions and memory
// Rotates the pairs (i, i + rotary_dim / 2) of the first rotary_dim entries; inputs x and a rope
// table (rope.h).
struct Rope {
  int64_t rotary_dim;
};
// Writes k, v at Batch::index, then softmax(scale * q k^T) v over the indices j with
// max(0, i - window + 1) <= j <= see_until (window 0: from 0). Query head h reads kv head h /
// (heads / kv_heads). Inputs q [rows, heads, d], k, v [rows, kv_heads, d] and a KV state; without k
// and v the state is another layer's.
struct Attend {
  float scale;
  int64_t window;
};
// Depthwise causal convolution y_t[c] = sum_j w[c, j] x_{t - kernel + 1 + j}[c], weight [channels,
// kernel]; the state [channels, kernel] holds the last `kernel` inputs, oldest first, zeros before
// the sequence.
struct Conv1d {
  int64_t kernel;
  bool silu;  // set by the fuse pass: silu of the result
};
// Step sizes of the gated delta rule: inputs a, b [rows, 1, heads], weights a_log, dt_bias [heads];
// outputs log decay g = -exp(a_log) * softplus(a + dt_bias) and beta = sigmoid(b).
struct DeltaGate {};
// Gated delta rule (Gated DeltaNet, arXiv 2412.06464), per value head h with key head h / (v_heads
// / k_heads): S <- e^g S;  S <- S + k (beta (v - S^T k))^T;  o = S^T q. Inputs q, k [rows, k_heads,
// dk], v [rows, v_heads, dv], g, beta [rows, 1, v_heads]; state [v_heads, dk, dv].
struct DeltaRule {};

// ---- experts
// y = x times one number a row: inputs x and s [rows, 1, 1].
struct ScaleRows {};
// Chooses top_k experts a row: input logits [rows, 1, experts]; outputs ids [rows, 1, top_k] i32,
// by descending logit, ties to the lower id, and weights [rows, 1, top_k], their probabilities
// (softmax over all experts), normalised: divided by their sum.
struct Route {
  int64_t top_k;
  bool normalise;
};
// y = sum over s of w[s] * down_e(silu(gate_e x) * up_e x), e = ids[s]: inputs x [rows, 1, in], ids
// and w of a Route; weights gate and up [experts, 2 * inner, in] (gate's rows first) and down
// [experts, out, inner].
struct Experts {};

// ---- pictures: over the patches of the step (batch.h)
// A learned table stretched over each group of patches: y = sum over i of factors[i] *
// table[ids[i]], inputs the step's table ids and factors [patches, 1, 4], weight table [side^2,
// dim].
struct Interpolate {};
// softmax(scale * q k^T) v over all patches of a row's own group: inputs q, k, v [patches, heads,
// d].
struct AttendGroups {
  float scale;
};
// `count` patches that follow each other become one row: [patches, 1, dim] -> [merged, 1, count *
// dim].
struct MergeRows {
  int64_t count;
};

// ---- results
// Rows Batch::wanted of the input: [rows] -> [wanted].
struct GatherRows {};
// logits [wanted, vocab] and Batch::sampling -> ids [wanted].
struct Sample {};
// logits and the ids drawn from them -> log softmax of the drawn id and of the likeliest [wanted, 1
// + kMaxLogprobs], and the likeliest ids [wanted, kMaxLogprobs]; see kernels/logprobs.
struct Logprobs {};

// ---- fused; their norms always have a weight
// inputs x, y; outputs s = x + y and rms_norm(s).
struct AddRmsNorm {
  float eps;
};
// rms_norm, then rope: inputs x, rope table.
struct RmsNormRope {
  float eps;
  int64_t rotary_dim;
};
struct SiluMul {};     // silu(a) * b
struct SigmoidMul {};  // a * sigmoid(b)
// rms_norm(x) * silu(z): inputs x, z.
struct GatedRmsNorm {
  float eps;
};

using Op = std::variant<Embed, Linear, RmsNorm, L2Norm, LayerNorm, Add, Mul, Silu, Sigmoid, Gelu,
                        Slice, Reshape, Rope, Attend, Conv1d, DeltaGate, DeltaRule, ScaleRows,
                        Route, Experts, Interpolate, AttendGroups, MergeRows, GatherRows, Sample,
                        Logprobs, AddRmsNorm, RmsNormRope, SiluMul, SigmoidMul, GatedRmsNorm>;

// Index of an operation in Op; kOpKindOf<Linear> names it at compile time.
using OpKind = uint8_t;
inline constexpr size_t kOpKinds = std::variant_size_v<Op>;

namespace detail {
template <class T, class... Ts>
constexpr OpKind kind_of(std::type_identity<std::variant<Ts...>>) {
  OpKind kind = 0;
  OpKind index = 0;
  ((std::is_same_v<T, Ts> ? void(kind = index++) : void(++index)), ...);
  return kind;
}
}  // namespace detail
template <class T>
inline constexpr OpKind kOpKindOf = detail::kind_of<T>(std::type_identity<Op>{});

inline OpKind kind_of(const Op& op) { return static_cast<OpKind>(op.index()); }

// A step's answers: kept to its end, though no node reads them.
inline bool is_answer(const Op& op) {
  return std::holds_alternative<Sample>(op) || std::holds_alternative<Logprobs>(op);
}

// "rms_norm": also the name of the kernel's folder.
std::string_view op_name(OpKind kind);
inline std::string_view op_name(const Op& op) { return op_name(kind_of(op)); }

}  // namespace gerbil::graph
