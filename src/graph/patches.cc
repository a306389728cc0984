#include "graph/patches.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace gerbil::graph {
namespace {

// In one direction: two entries and the part of the second.
struct Stretch {
  int32_t first = 0;
  int32_t second = 0;
  float part = 0;
};

Stretch stretch(int64_t side, int32_t size, int32_t index) {
  const float at = static_cast<float>(static_cast<double>(index) * static_cast<double>(side - 1) /
                                      static_cast<double>(std::max(size - 1, 1)));
  const auto last = static_cast<int32_t>(side - 1);
  const auto first = std::min(static_cast<int32_t>(std::floor(at)), last);
  return {first, std::min(first + 1, last), at - static_cast<float>(first)};
}

}  // namespace

PatchPlace place_of(const PatchGroup& group, int64_t merge_side, int64_t number) {
  GERBIL_ASSERT(number >= 0 && number < group.patches());
  const int64_t inside = number % (merge_side * merge_side);
  const int64_t square = number / (merge_side * merge_side);
  const int64_t across = group.columns / merge_side;
  return {static_cast<int32_t>(square / across * merge_side + inside / merge_side),
          static_cast<int32_t>(square % across * merge_side + inside % merge_side)};
}

TableTaps table_taps(int64_t side, const PatchGroup& group, const PatchPlace& place) {
  const Stretch row = stretch(side, group.rows, place.row);
  const Stretch column = stretch(side, group.columns, place.column);
  const auto id = [&](int32_t r, int32_t c) { return static_cast<int32_t>(r * side + c); };
  return {.ids = {id(row.first, column.first), id(row.first, column.second),
                  id(row.second, column.first), id(row.second, column.second)},
          .factors = {(1 - row.part) * (1 - column.part), (1 - row.part) * column.part,
                      row.part * (1 - column.part), row.part * column.part}};
}

}  // namespace gerbil::graph
