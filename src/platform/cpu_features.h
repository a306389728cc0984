// What instruction sets the processor has, in the levels that kernels are written for. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace gerbil::platform {

// Levels of instruction sets: what kernels are compiled for, each with all that the ones before it
// of the same architecture have. Baseline is what the compiler targets.
enum class Isa : uint8_t {
  kBaseline,
  kSse4,      // x86-64: SSE4.2, AES and PCLMUL
  kAvx2,      // x86-64: AVX2, BMI2, FMA, F16C
  kAvx512,    // x86-64: AVX-512 F, BW, DQ, VL and VNNI
  kNeon,      // AArch64: Advanced SIMD
  kNeonDot,   // AArch64: dot products of bytes (FEAT_DotProd)
  kNeonI8mm,  // AArch64: matrix products of bytes (FEAT_I8MM)
};
inline constexpr int kIsas = 7;

// "baseline", "sse4", "avx2", "avx512", "neon", "neon-dot", "neon-i8mm"
std::string_view name(Isa isa);
std::optional<Isa> isa_from_name(std::string_view name);

bool supports(Isa isa);
// All that this processor supports, best last.
std::vector<Isa> supported_isas();
Isa best_isa();

}  // namespace gerbil::platform
