#include "platform/cpu_features.h"

#include <array>
#include <string_view>

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#elif defined(__aarch64__) && defined(__APPLE__)
#include <sys/sysctl.h>
#endif

namespace gerbil::platform {
namespace {

constexpr std::array<std::string_view, kIsas> kNames = {
    "baseline", "sse4", "avx2", "avx512", "neon", "neon-dot", "neon-i8mm"};

#if defined(__aarch64__) && defined(__linux__)
// Bits of the kernel's asm/hwcap.h, which its interface fixes.
bool has_dot_product() { return (getauxval(AT_HWCAP) & 1ul << 20) != 0; }
bool has_int8_matrices() { return (getauxval(AT_HWCAP2) & 1ul << 13) != 0; }
#elif defined(__aarch64__) && defined(__APPLE__)
bool has_feature(const char* feature) {
  int value = 0;
  size_t size = sizeof(value);
  return sysctlbyname(feature, &value, &size, nullptr, 0) == 0 && value != 0;
}
bool has_dot_product() { return has_feature("hw.optional.arm.FEAT_DotProd"); }
bool has_int8_matrices() { return has_feature("hw.optional.arm.FEAT_I8MM"); }
#elif defined(__aarch64__)
bool has_dot_product() { return false; }
bool has_int8_matrices() { return false; }
#endif

}  // namespace

std::string_view name(Isa isa) { return kNames[static_cast<size_t>(isa)]; }

std::optional<Isa> isa_from_name(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == name) return static_cast<Isa>(i);
  return std::nullopt;
}

bool supports(Isa isa) {
  switch (isa) {
    case Isa::kBaseline:
      return true;
#if defined(__x86_64__)
    case Isa::kSse4:
      return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("aes") &&
             __builtin_cpu_supports("pclmul");
    case Isa::kAvx2:
      return supports(Isa::kSse4) && __builtin_cpu_supports("avx2") &&
             __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
             __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
    case Isa::kAvx512:
      return supports(Isa::kAvx2) && __builtin_cpu_supports("avx512f") &&
             __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
#elif defined(__aarch64__)
    case Isa::kNeon:
      return true;
    case Isa::kNeonDot:
      return has_dot_product();
    case Isa::kNeonI8mm:
      return has_dot_product() && has_int8_matrices();
#endif
    default:
      return false;
  }
}

std::vector<Isa> supported_isas() {
  std::vector<Isa> isas;
  for (int i = 0; i < kIsas; ++i)
    if (supports(static_cast<Isa>(i))) isas.push_back(static_cast<Isa>(i));
  return isas;
}

Isa best_isa() {
  Isa best = Isa::kBaseline;
  for (int i = 0; i < kIsas; ++i)
    if (supports(static_cast<Isa>(i))) best = static_cast<Isa>(i);
  return best;
}

}  // namespace gerbil::platform
