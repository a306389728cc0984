// attend: scaled dot-product attention over a paged cache.
//
//   inputs   q [rows, heads, d]; k, v [rows, kv_heads, d], or neither: the state is another
//            layer's and only read; f32, any strides
//   state    KV pages of f32, f16 or q8 (int8 codes under f16 scales: q8.h)
//   outputs  o [rows, heads, d] f32, any strides
//
// First every row's k and v are rounded to the cache's type (in q8 by groups of a head's numbers)
// and stored at Batch::index, through the page table of the row's run. Then, for row i and query
// head h, with kv head h / (heads / kv_heads) and every j from max(0, index_i - window + 1) (window
// 0: from 0) to see_until_i,
//
//   o = sum_j p_j v_j,  p = softmax_j(scale * q . k_j)
//
// all in f32 and read back from the cache. see_until may lie behind index, as far as the same step
// or earlier ones have written. Pages outside that range may be kNoPage and are never looked at;
// what a page holds behind see_until may be anything.
//
// A row's result depends on the other rows of a step only in the order of its sums.
#pragma once

namespace gerbil::kernels::attend {

inline constexpr double kTolerance = 1e-5;

}  // namespace gerbil::kernels::attend
