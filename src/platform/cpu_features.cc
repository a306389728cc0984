#include "platform/cpu_features.h"

#include <array>

namespace gerbil::platform {
namespace {

struct Row {
  Isa isa;
  std::string_view name;
};

constexpr std::array<Row, 4> kRows = {{
    {Isa::kBaseline, "baseline"},
    {Isa::kAvx2, "avx2"},
    {Isa::kAvx512, "avx512"},
    {Isa::kNeon, "neon"},
}};

}  // namespace

std::string_view name(Isa isa) { return kRows[static_cast<size_t>(isa)].name; }

std::optional<Isa> isa_from_name(std::string_view name) {
  for (const Row& row : kRows)
    if (row.name == name) return row.isa;
  return std::nullopt;
}

bool supports(Isa isa) {
  switch (isa) {
    case Isa::kBaseline:
      return true;
#if defined(__x86_64__)
    case Isa::kAvx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
             __builtin_cpu_supports("f16c");
    case Isa::kAvx512:
      return supports(Isa::kAvx2) && __builtin_cpu_supports("avx512f") &&
             __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("avx512vnni");
#elif defined(__aarch64__)
    case Isa::kNeon:
      return true;
#endif
    default:
      return false;
  }
}

std::vector<Isa> supported_isas() {
  std::vector<Isa> isas;
  for (const Row& row : kRows)
    if (supports(row.isa)) isas.push_back(row.isa);
  return isas;
}

}  // namespace gerbil::platform
