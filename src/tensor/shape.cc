#include "tensor/shape.h"

#include <fmt/ranges.h>

#include "base/checked_math.h"

namespace gerbil::tensor {

std::optional<uint64_t> Shape::elements() const {
  // A zero anywhere makes an empty tensor, whatever the other dimensions are.
  for (uint64_t dim : dims())
    if (dim == 0) return 0;
  uint64_t count = 1;
  for (uint64_t dim : dims()) {
    const auto next = checked_mul(count, dim);
    if (!next) return std::nullopt;
    count = *next;
  }
  return count;
}

std::optional<uint64_t> Shape::size_bytes(DType dtype) const {
  const auto count = elements();
  if (!count) return std::nullopt;
  return checked_mul(*count, tensor::size_bytes(dtype));
}

std::string to_string(const Shape& shape) {
  return fmt::format("[{}]", fmt::join(shape.dims(), ", "));
}

}  // namespace gerbil::tensor
