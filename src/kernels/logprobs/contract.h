// logprobs: how likely the model found the drawn ids, and which ids it found likeliest.
//
//   inputs   logits [wanted, 1, vocab] f32, as the model gives them: no bias, penalty or
//   temperature
//            ids [wanted] i32, drawn by sample
//   outputs  values [wanted, 1, 1 + kMaxLogprobs] f32: of the drawn id, then of the likeliest
//            likeliest [wanted, 1, kMaxLogprobs] i32: ids by descending logit, among equal ones by
//            ascending id
//
// n = SampleParams::logprobs of Batch::sampling[first_wanted + row]. n < 0: the row is not touched.
// Else the drawn id's value and the first min(n, vocab) of the likeliest and their values are
// written; what follows is 0, and id -1.
//
// value(x) = d(x) - log(sum of exp(d(y)) over all ids), d(x) = x - max, in f32 but for the order of
// the sum, and d = 0 for x = max, whatever it is. A NaN logit counts as -infinity.
#pragma once

namespace gerbil::kernels::logprobs {

inline constexpr double kTolerance = 1e-5;

}  // namespace gerbil::kernels::logprobs
