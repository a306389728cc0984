#include "backend/host/weight_form.h"

#include <array>

#include "graph/weight_care.h"

namespace gerbil::backend {
namespace {

using graph::WeightCare;
using graph::WeightUse;
using tensor::DType;

constexpr uint64_t kFewestRows = 64;
constexpr uint64_t kFewestColumns = 32;

DType stored_type(const graph::WeightBinding& binding) {
  const DType first = binding.parts.front().tensor.dtype;
  for (const graph::StoredPart& part : binding.parts)
    if (part.tensor.dtype != first) return DType::kF32;  // mixed: the one that holds them all
  return first == DType::kF64 ? DType::kF32 : first;
}

// Bits of a code; 0: the choice does not quantise.
int bits_of(WeightChoice choice, WeightCare care) {
  const bool more = care == WeightCare::kMore;
  switch (choice) {
    case WeightChoice::kQ8:
      return 8;
    case WeightChoice::kQ6:
      return more ? 8 : 6;
    case WeightChoice::kQ4:
      return more ? 6 : 4;
    default:
      return 0;
  }
}

WeightForm choose_form(const graph::Weight& weight, const graph::WeightBinding& binding,
                       WeightChoice choice, WeightCare care) {
  if (weight.use == WeightUse::kVector) return {DType::kF32, {}};
  switch (choice) {
    case WeightChoice::kF32:
      return {DType::kF32, {}};
    case WeightChoice::kBF16:
      return {DType::kBF16, {}};
    case WeightChoice::kF16:
      return {DType::kF16, {}};
    default:
      break;
  }
  const bool experts = weight.use == WeightUse::kExperts;
  const uint64_t rows = weight.shape[experts ? 1 : 0];
  const uint64_t columns = weight.shape[experts ? 2 : 1];
  const int bits = bits_of(choice, care);
  // Gate and up are halves of an expert's matrix, each of whole tiles.
  const bool halves = !experts || rows % (2 * kernels::kOutputsPerTile) == 0;
  if (bits == 0 || !halves || care == WeightCare::kExact || rows < kFewestRows ||
      columns < kFewestColumns)
    return {stored_type(binding), {}};
  return {DType::kF32, tensor::quant::GroupFormat{.bits = static_cast<uint8_t>(bits)}};
}

}  // namespace

std::vector<WeightForm> choose_forms(const graph::Graph& graph, const graph::WeightMap& map,
                                     WeightChoice choice) {
  const std::vector<WeightCare> care = graph::weight_care(graph);
  std::vector<WeightForm> forms;
  for (size_t id = 0; id < graph.weights.size(); ++id) {
    const graph::Weight& weight = graph.weights[id];
    forms.push_back(choose_form(weight, map.find(weight.role)->second, choice, care[id]));
  }
  return forms;
}

kernels::WeightView shape_view(const graph::Weight& weight, const WeightForm& form) {
  const bool experts = weight.use == WeightUse::kExperts;
  const bool flat = weight.use == WeightUse::kVector && weight.shape.rank() == 1;
  kernels::WeightView view{.dtype = form.dtype, .tiles = form.tiles};
  view.count = experts ? static_cast<int64_t>(weight.shape[0]) : 1;
  view.rows = flat ? 1 : static_cast<int64_t>(weight.shape[experts ? 1 : 0]);
  view.columns = static_cast<int64_t>(*weight.shape.elements()) / (view.count * view.rows);
  return view;
}

std::string_view encoding_name(const WeightForm& form) {
  static constexpr std::array<std::string_view, 9> kCodes{"",   "",   "q2", "q3", "q4",
                                                          "q5", "q6", "q7", "q8"};
  if (form.tiles) return kCodes[form.tiles->bits];
  return form.dtype == DType::kBF16 ? "bf16" : form.dtype == DType::kF16 ? "f16" : "f32";
}

std::string layout_name(const WeightForm& form) {
  if (!form.tiles) return fmt::format("rows.1 {}", encoding_name(form));
  return fmt::format("tiles{}.1 {} g{} form {} scale {}", kernels::kOutputsPerTile,
                     encoding_name(form), form.tiles->group, static_cast<int>(form.tiles->form),
                     name(form.tiles->scale));
}

}  // namespace gerbil::backend
