#include "tensor/dtype.h"

#include <array>

namespace gerbil::tensor {
namespace {

struct Row {
  DType dtype;
  std::string_view name;
  uint32_t size_bytes;
};

constexpr std::array<Row, 15> kRows = {{
    {DType::kF64, "F64", 8},
    {DType::kF32, "F32", 4},
    {DType::kF16, "F16", 2},
    {DType::kBF16, "BF16", 2},
    {DType::kF8E4M3, "F8_E4M3", 1},
    {DType::kF8E5M2, "F8_E5M2", 1},
    {DType::kI64, "I64", 8},
    {DType::kU64, "U64", 8},
    {DType::kI32, "I32", 4},
    {DType::kU32, "U32", 4},
    {DType::kI16, "I16", 2},
    {DType::kU16, "U16", 2},
    {DType::kI8, "I8", 1},
    {DType::kU8, "U8", 1},
    {DType::kBool, "BOOL", 1},
}};

constexpr bool rows_are_in_order() {
  for (size_t i = 0; i < kRows.size(); ++i)
    if (kRows[i].dtype != static_cast<DType>(i)) return false;
  return true;
}
static_assert(rows_are_in_order());

}  // namespace

uint32_t size_bytes(DType dtype) { return kRows[static_cast<size_t>(dtype)].size_bytes; }

std::string_view name(DType dtype) { return kRows[static_cast<size_t>(dtype)].name; }

std::optional<DType> dtype_from_name(std::string_view name) {
  for (const Row& row : kRows)
    if (row.name == name) return row.dtype;
  return std::nullopt;
}

}  // namespace gerbil::tensor
