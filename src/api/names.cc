// The choices' names, as the command line spells them.
#include <array>

#include "base/quote.h"
#include "base/result.h"
#include "gerbil/gerbil.h"

namespace gerbil {
namespace {

template <class E>
struct Choice {
  std::string_view name;
  E value;
  bool in_this_build = true;
};

constexpr std::array<Choice<Backend>, 4> kBackends = {{{"auto", Backend::kAuto},
                                                       {"reference", Backend::kReference},
                                                       {"cpu", Backend::kCpu},
                                                       {"webgpu", Backend::kWebGpu, false}}};
// The names that later builds know are told apart from names that mean nothing.
constexpr std::array<Choice<Quant>, 8> kQuants = {{{"auto", Quant::kAuto},
                                                   {"stored", Quant::kStored},
                                                   {"f32", Quant::kF32},
                                                   {"bf16", Quant::kBF16},
                                                   {"f16", Quant::kF16},
                                                   {"q8", Quant::kQ8},
                                                   {"q6", Quant::kQ6},
                                                   {"q4", Quant::kQ4}}};
constexpr std::array<Choice<Kv>, 4> kKvs = {
    {{"auto", Kv::kAuto}, {"f32", Kv::kF32}, {"f16", Kv::kF16}, {"q8", Kv::kQ8}}};
constexpr std::array<Choice<Activations>, 3> kActivations = {
    {{"auto", Activations::kAuto}, {"f32", Activations::kF32}, {"int8", Activations::kInt8}}};
constexpr std::array<Choice<Isa>, 8> kIsas = {{{"auto", Isa::kAuto},
                                               {"baseline", Isa::kBaseline},
                                               {"sse4", Isa::kSse4},
                                               {"avx2", Isa::kAvx2},
                                               {"avx512", Isa::kAvx512},
                                               {"neon", Isa::kNeon},
                                               {"neon-dot", Isa::kNeonDot},
                                               {"neon-i8mm", Isa::kNeonI8mm}}};

template <class E, size_t N>
Result<E> find(std::string_view what, std::string_view name,
               const std::array<Choice<E>, N>& choices) {
  std::string known;
  for (const Choice<E>& choice : choices) {
    if (choice.in_this_build) known += (known.empty() ? "" : ", ") + std::string(choice.name);
    if (choice.name == name && choice.in_this_build) return choice.value;
  }
  for (const Choice<E>& choice : choices)
    if (choice.name == name)
      return unsupported("{} {} is not in this build, which has {}", what, name, known);
  return invalid("{}: expected one of {}, found {}", what, known, in_quotes(name, 64));
}

}  // namespace

Result<Backend> backend_from_name(std::string_view name) {
  return find("backend", name, kBackends);
}
Result<Quant> quant_from_name(std::string_view name) { return find("quant", name, kQuants); }
Result<Kv> kv_from_name(std::string_view name) { return find("kv", name, kKvs); }
Result<Activations> activations_from_name(std::string_view name) {
  return find("activations", name, kActivations);
}
Result<Isa> isa_from_name(std::string_view name) { return find("isa", name, kIsas); }

std::string_view name(FinishReason reason) {
  switch (reason) {
    case FinishReason::kStop:
      return "stop";
    case FinishReason::kLength:
      return "length";
    case FinishReason::kContext:
      return "context";
    case FinishReason::kCancelled:
      return "cancelled";
  }
  return "";
}

std::string_view name(ThinkingEnd end) {
  switch (end) {
    case ThinkingEnd::kItself:
      return "itself";
    case ThinkingEnd::kBudget:
      return "budget";
    case ThinkingEnd::kLoop:
      return "loop";
  }
  return "";
}

std::string_view version() { return GERBIL_VERSION; }

}  // namespace gerbil
