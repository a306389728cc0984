// sample: one id per row of logits.
//
//   inputs   logits [wanted, 1, vocab] f32
//   outputs  id [wanted] i32, drawn with Batch::sampling[first_wanted + row]
//
// A NaN logit counts as -infinity. The largest logit is never removed; where all are -infinity the
// answer is id 0. "First" and "order" below mean by descending logit, and among equal logits by
// ascending id.
//
//   0. The row's logits are adjusted, in f32, each operation rounded: Bias::bias is added; then,
//   for
//      each id of SampleParams::seen, x becomes x * repetition_penalty where x < 0, else
//      x / repetition_penalty (transformers' RepetitionPenaltyLogitsProcessor, from prompt and
//      answer alike); then, where the answer has drawn it n > 0 times, x - frequency_penalty * n,
//      and then
//      - presence_penalty (OpenAI's and vLLM's). Bias comes first, as sequence_bias does there.
//      A row whose own token is kFromStep: that id counts as drawn once more than `seen` says. So a
//      step needs no id of the step in flight on the host, and a device may keep its own copy of
//      `seen`, which only grows and counts up.
//
// All of the following reads the adjusted logits. temperature <= 0: the first id. Otherwise the
// filters are those of Hugging Face's transformers, in its order (temperature, top_k, top_p, min_p:
// generation/utils.py and logits_process.py), on numbers that are the same on every backend: the
// weights of ids are integers, so that sums do not depend on their order (draw.h has each step as
// code).
//
//   1. x_max is the largest logit. An id's weight is 2^31 * 2^-d, d = (x_max - x) * (log2(e) /
//      temperature): the quotient is rounded to f32 once per row, the difference and the product
//      once each; the power is draw.h's fixed-point polynomial. d >= 32 and x = -infinity have
//      weight 0; x = x_max has d = 0.
//   2. top_k > 0 keeps the ids whose logit is at least the k-th largest (so ties can keep more).
//   3. top_p < 1 keeps, in order, the ids before which the weights add up to less than
//      floor(the sum of step 2's weights * floor(top_p * 2^32) / 2^32), at least the first.
//   4. min_p > 0 keeps the ids whose weight is at least min_p * 2^31, at least the first.
//   5. u is the first word of Philox4x32-10 with the key (seed low, seed high) and the counter
//      (position low, position high, 0, 0). The drawn id is the first whose cumulative weight, its
//      own included, is more than floor(sum of the kept weights * u / 2^32).
//
// An id depends on its row's logits and parameters only.
#pragma once
