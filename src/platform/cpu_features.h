// What instruction sets the processor has, in the levels that kernels are written for. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace gerbil::platform {

// From the least to the most able one of each architecture; baseline is what the compiler targets.
enum class Isa : uint8_t {
  kBaseline,
  kAvx2,    // x86-64: AVX2, FMA, F16C
  kAvx512,  // x86-64: AVX-512 F, BW, CD, DQ, VL and VNNI
  kNeon,    // AArch64
};

std::string_view name(Isa isa);  // "baseline", "avx2", "avx512", "neon"
std::optional<Isa> isa_from_name(std::string_view name);

bool supports(Isa isa);
// All that this processor supports, best last.
std::vector<Isa> supported_isas();

}  // namespace gerbil::platform
