#include "support/compare.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <string>

namespace gerbil::testing {
namespace {

using ::testing::AssertionFailure;
using ::testing::AssertionResult;
using ::testing::AssertionSuccess;

double ratio(double error, double size) {
  if (error == 0) return 0;
  return size == 0 ? std::numeric_limits<double>::infinity() : error / size;
}

template <class Value>
Difference measure(Span<const Value> got, Span<const Value> want) {
  Difference result;
  double squares = 0;
  double want_squares = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    const double wanted = want[i];
    double error = std::abs(got[i] - wanted);
    if (!std::isfinite(error)) error = std::numeric_limits<double>::infinity();
    if (error > result.max_abs) {
      result.max_abs = error;
      result.worst = i;
    }
    result.max_want = std::max(result.max_want, std::abs(wanted));
    squares += error * error;
    want_squares += wanted * wanted;
  }
  if (!want.empty()) {
    result.rms = std::sqrt(squares / static_cast<double>(want.size()));
    result.rms_want = std::sqrt(want_squares / static_cast<double>(want.size()));
  }
  return result;
}

std::string place(size_t index, const std::vector<uint64_t>& shape) {
  std::vector<uint64_t> indices(shape.size());
  uint64_t rest = index;
  for (size_t axis = shape.size(); axis-- > 0;) {
    if (shape[axis] == 0) return fmt::format("[{}]", index);
    indices[axis] = rest % shape[axis];
    rest /= shape[axis];
  }
  if (shape.empty() || rest != 0) return fmt::format("[{}]", index);
  return fmt::format("[{}]", fmt::join(indices, ", "));
}

AssertionResult other_length(size_t got, size_t want) {
  return AssertionFailure() << fmt::format("{} values instead of {}", got, want);
}

template <class Value>
AssertionResult check_max(Span<const Value> got, Span<const Value> want, double tolerance,
                          const std::vector<uint64_t>& shape) {
  if (got.size() != want.size()) return other_length(got.size(), want.size());
  const Difference d = measure(got, want);
  if (d.relative() <= tolerance) return AssertionSuccess();
  return AssertionFailure() << fmt::format(
             "max |got - want| = {:.3e} at {} (got {:.9g}, want {:.9g}) is {:.2e} of max |want| = "
             "{:.4g}, allowed {:.2e}; rms {:.2e} of {:.4g}",
             d.max_abs, place(d.worst, shape), got[d.worst], want[d.worst], d.relative(),
             d.max_want, tolerance, d.rms, d.rms_want);
}

}  // namespace

double Difference::relative() const { return ratio(max_abs, max_want); }
double Difference::rms_ratio() const { return ratio(rms, rms_want); }

Difference difference(Span<const float> got, Span<const float> want) { return measure(got, want); }

Difference difference(Span<const double> got, Span<const double> want) {
  return measure(got, want);
}

AssertionResult close_to_max(Span<const float> got, Span<const float> want, double tolerance,
                             const std::vector<uint64_t>& shape) {
  return check_max(got, want, tolerance, shape);
}

AssertionResult close_to_max(Span<const double> got, Span<const double> want, double tolerance,
                             const std::vector<uint64_t>& shape) {
  return check_max(got, want, tolerance, shape);
}

AssertionResult close_in_rms(Span<const float> got, Span<const float> want, double tolerance) {
  if (got.size() != want.size()) return other_length(got.size(), want.size());
  const Difference d = difference(got, want);
  if (d.rms_ratio() <= tolerance) return AssertionSuccess();
  return AssertionFailure() << fmt::format(
             "rms(got - want) = {:.3e} is {:.2e} of rms(want) = {:.4g}, allowed {:.2e}; worst at "
             "[{}] (got {:.9g}, want {:.9g})",
             d.rms, d.rms_ratio(), d.rms_want, tolerance, d.worst, got[d.worst], want[d.worst]);
}

AssertionResult same_bits(Span<const float> got, Span<const float> want) {
  if (got.size() != want.size()) return other_length(got.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i) {
    const auto got_bits = std::bit_cast<uint32_t>(got[i]);
    const auto want_bits = std::bit_cast<uint32_t>(want[i]);
    if (got_bits != want_bits) {
      return AssertionFailure() << fmt::format(
                 "bits differ first at [{}]: got {:.9g} (0x{:08x}), want {:.9g} (0x{:08x})", i,
                 got[i], got_bits, want[i], want_bits);
    }
  }
  return AssertionSuccess();
}

AssertionResult same_ids(Span<const int32_t> got, Span<const int32_t> want) {
  const auto text = [](Span<const int32_t> ids) { return fmt::format("{}", fmt::join(ids, " ")); };
  for (size_t i = 0; i < std::min(got.size(), want.size()); ++i) {
    if (got[i] != want[i]) {
      return AssertionFailure() << fmt::format(
                 "ids differ first at [{}]: got {}, want {}\n  got  {}\n  want {}", i, got[i],
                 want[i], text(got), text(want));
    }
  }
  if (got.size() == want.size()) return AssertionSuccess();
  return AssertionFailure() << fmt::format("{} ids instead of {}\n  got  {}\n  want {}", got.size(),
                                           want.size(), text(got), text(want));
}

}  // namespace gerbil::testing
