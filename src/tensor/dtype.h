// Element types as checkpoints store them. The engine computes with f32, f16 and bf16; the others
// are passed through for encodings (FP8, packed integers) to interpret.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gerbil::tensor {

enum class DType : uint8_t {
  kF64,
  kF32,
  kF16,
  kBF16,
  kF8E4M3,
  kF8E5M2,
  kI64,
  kU64,
  kI32,
  kU32,
  kI16,
  kU16,
  kI8,
  kU8,
  kBool,
};

// Bytes of one element, 1 to 8.
uint32_t size_bytes(DType dtype);

// The safetensors spelling: "F32", "BF16", "F8_E4M3" ...
std::string_view name(DType dtype);
std::optional<DType> dtype_from_name(std::string_view name);

}  // namespace gerbil::tensor
