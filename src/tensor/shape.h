// Shape: up to eight dimensions, outermost first, held in place. A Shape may come from a hostile
// file: element and byte counts are computed with overflow checks.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>

#include "base/check.h"
#include "base/span.h"
#include "tensor/dtype.h"

namespace gerbil::tensor {

class Shape {
 public:
  static constexpr size_t kMaxRank = 8;

  Shape() = default;
  Shape(std::initializer_list<uint64_t> dims) {
    for (uint64_t dim : dims) append(dim);
  }

  size_t rank() const { return rank_; }
  uint64_t operator[](size_t axis) const { return dims_[axis]; }
  uint64_t back() const { return dims_[rank_ - 1]; }
  Span<const uint64_t> dims() const { return {dims_.data(), rank_}; }
  void append(uint64_t dim) {
    GERBIL_ASSERT(rank_ < kMaxRank);
    dims_[rank_++] = dim;
  }

  // Number of elements (1 for rank 0), or nothing where it does not fit 64 bits.
  std::optional<uint64_t> elements() const;
  std::optional<uint64_t> size_bytes(DType dtype) const;

  friend bool operator==(const Shape& a, const Shape& b) = default;

 private:
  std::array<uint64_t, kMaxRank> dims_{};
  size_t rank_ = 0;
};

// "[2, 3]"
std::string to_string(const Shape& shape);

}  // namespace gerbil::tensor
