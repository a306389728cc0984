// Comparing arrays with references, for EXPECT_TRUE: an AssertionResult says where the worst value
// lies, how large the error is and what was allowed. A NaN, an infinity or a length that differs
// always fails. Pure functions.
//
//   EXPECT_TRUE(close_to_max(got, want, 5e-5, {tokens, vocab})) << "p1.logits";
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "base/span.h"

namespace gerbil::testing {

struct Difference {
  double max_abs = 0;   // largest |got - want|; infinity where a value is not finite
  size_t worst = 0;     // its index
  double max_want = 0;  // largest |want|
  double rms = 0;       // root mean square of got - want
  double rms_want = 0;  // of want

  // 0 where both are 0.
  double relative() const;   // max_abs / max_want
  double rms_ratio() const;  // rms / rms_want
};

// Arrays of one length.
Difference difference(Span<const float> got, Span<const float> want);
Difference difference(Span<const double> got, Span<const double> want);

// max |got - want| <= tolerance * max |want|. `shape` (optional) turns the place into indices.
::testing::AssertionResult close_to_max(Span<const float> got, Span<const float> want,
                                        double tolerance, const std::vector<uint64_t>& shape = {});
::testing::AssertionResult close_to_max(Span<const double> got, Span<const double> want,
                                        double tolerance, const std::vector<uint64_t>& shape = {});

// rms(got - want) <= tolerance * rms(want).
::testing::AssertionResult close_in_rms(Span<const float> got, Span<const float> want,
                                        double tolerance);

// Bit for bit (a NaN equals itself, -0 differs from 0).
::testing::AssertionResult same_bits(Span<const float> got, Span<const float> want);

// Token ids: names the first that differs.
::testing::AssertionResult same_ids(Span<const int32_t> got, Span<const int32_t> want);

}  // namespace gerbil::testing
