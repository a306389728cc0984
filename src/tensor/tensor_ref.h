// TensorRef: where a stored tensor lies and what it is; no bytes of its own, and no model behind
// it.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "tensor/byte_source.h"
#include "tensor/dtype.h"
#include "tensor/shape.h"

namespace gerbil::tensor {

struct TensorRef {
  std::shared_ptr<const ByteSource> source;
  uint64_t offset_bytes = 0;
  uint64_t size_bytes = 0;
  DType dtype = DType::kF32;
  Shape shape;
};

// A tensor seen as a matrix: rows = the first dimension (1 for rank 0), columns = the product of
// the others.
uint64_t row_count(const TensorRef& ref);
uint64_t column_count(const TensorRef& ref);

// Reads rows [first, first + count) into `out`, as stored. `out` holds exactly count * row bytes.
Status read_rows(const TensorRef& ref, uint64_t first, uint64_t count, Span<std::byte> out);

// The same, decoded to float: F64 (rounded), F32, F16 and BF16; other types are kUnsupported. `out`
// holds count * column_count(ref) floats.
Status read_rows_f32(const TensorRef& ref, uint64_t first, uint64_t count, Span<float> out);

// Decodes elements of a float type; dtype is one of F64, F32, F16, BF16 and bytes has out.size()
// elements.
void decode_f32(DType dtype, Bytes bytes, Span<float> out);

}  // namespace gerbil::tensor
