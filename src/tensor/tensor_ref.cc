#include "tensor/tensor_ref.h"

#include <cstring>

#include "base/half.h"

namespace gerbil::tensor {
namespace {

template <class T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

bool is_float(DType dtype) {
  return dtype == DType::kF64 || dtype == DType::kF32 || dtype == DType::kF16 ||
         dtype == DType::kBF16;
}

}  // namespace

uint64_t row_count(const TensorRef& ref) { return ref.shape.rank() == 0 ? 1 : ref.shape[0]; }

uint64_t column_count(const TensorRef& ref) {
  uint64_t columns = 1;  // cannot overflow: a TensorRef's byte size was checked when it was made
  for (size_t axis = 1; axis < ref.shape.rank(); ++axis) columns *= ref.shape[axis];
  return columns;
}

Status read_rows(const TensorRef& ref, uint64_t first, uint64_t count, Span<std::byte> out) {
  const uint64_t row_bytes = column_count(ref) * size_bytes(ref.dtype);
  GERBIL_ASSERT(first <= row_count(ref) && count <= row_count(ref) - first);
  GERBIL_ASSERT(out.size() == count * row_bytes);
  return ref.source->read(ref.offset_bytes + first * row_bytes, out);
}

Status read_rows_f32(const TensorRef& ref, uint64_t first, uint64_t count, Span<float> out) {
  if (!is_float(ref.dtype))
    return unsupported("{}: a {} tensor where F32, F16 or BF16 was expected", ref.source->name(),
                       name(ref.dtype));
  const uint64_t row_bytes = column_count(ref) * size_bytes(ref.dtype);
  const uint64_t offset = ref.offset_bytes + first * row_bytes;
  if (const auto bytes = ref.source->view(offset, count * row_bytes)) {
    decode_f32(ref.dtype, *bytes, out);
    return {};
  }
  std::vector<std::byte> buffer(count * row_bytes);
  GERBIL_CHECK_OK(read_rows(ref, first, count, buffer));
  decode_f32(ref.dtype, buffer, out);
  return {};
}

void decode_f32(DType dtype, Bytes bytes, Span<float> out) {
  GERBIL_ASSERT(is_float(dtype) && bytes.size() == out.size() * size_bytes(dtype));
  const std::byte* from = bytes.data();
  switch (dtype) {
    case DType::kF32:
      if (!out.empty()) std::memcpy(out.data(), from, bytes.size());
      break;
    case DType::kF64:
      for (size_t i = 0; i < out.size(); ++i)
        out[i] = static_cast<float>(load<double>(from + 8 * i));
      break;
    case DType::kF16:
      for (size_t i = 0; i < out.size(); ++i) out[i] = to_float(load<Half>(from + 2 * i));
      break;
    default:
      for (size_t i = 0; i < out.size(); ++i) out[i] = to_float(load<BFloat16>(from + 2 * i));
  }
}

}  // namespace gerbil::tensor
