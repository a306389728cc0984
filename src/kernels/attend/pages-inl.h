// Keys and values of one kv head, page by page, and what a task computes of a query: shared by
// tile-inl.h and row-inl.h. Compiled once per instruction set: see kernels/simd-inl.h.
#if defined(GERBIL_KERNELS_ATTEND_PAGES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GERBIL_KERNELS_ATTEND_PAGES_INL_H
#undef GERBIL_KERNELS_ATTEND_PAGES_INL_H
#else
#define GERBIL_KERNELS_ATTEND_PAGES_INL_H
#endif

#include <algorithm>
#include <limits>

#include "kernels/attend/split.h"
#include "kernels/kernel.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::attend::HWY_NAMESPACE {

using namespace gerbil::kernels::HWY_NAMESPACE;  // NOLINT: the room's vector helpers
using graph::kPagePositions;

inline constexpr float kLowest = std::numeric_limits<float>::lowest();

inline int64_t padded(int64_t dim) { return (dim + kLanes - 1) / kLanes * kLanes; }

// Where the weighted sum of a query's values goes: to the output once divided, or for a part of the
// keys, [largest score, sum of weights, 14 unused, padded(dim) numbers], to be merged.
struct Sink {
  const Call* call = nullptr;
  float* partials = nullptr;  // null: the only part
  int64_t parts = 1;
  int64_t part = 0;
  int64_t stride = 1;  // the most parts that a run of the step may have

  static int64_t partial_size(int64_t dim) { return 16 + padded(dim); }
  float* partial(int64_t row, int64_t head, int64_t which) const {
    const TensorView& q = call->inputs[0];
    return partials + ((row * q.heads + head) * stride + which) * partial_size(q.dim);
  }
};

// What a task works on.
struct Unit {
  const Call* call = nullptr;
  Span<const int32_t> pages;
  int64_t first_row = 0;  // of the run
  int64_t rows = 0;       // of the run
  int64_t unit = 0;
  int64_t kv_head = 0;
  int64_t group = 1;  // query heads of a kv head
  Range part;         // indices that the part may look at
  float scale = 1;
  Sink sink;

  Range range(int64_t row) const {
    const int64_t window = call->attributes<graph::Attend>().window;
    Range range = range_of(*call->step->batch, row, window);
    range.first = std::max(range.first, part.first);
    range.last = std::min(range.last, part.last);
    return range;
  }
  std::byte* page(int64_t number) const {
    return call->kv.page(pages[static_cast<size_t>(number)]);
  }
};

// The part of a page that lies in [first, last], as positions in the page.
struct PagePart {
  int64_t begin = 0;
  int64_t end = 0;
};
inline PagePart part_of_page(int64_t page, const Range& range) {
  const int64_t start = page * kPagePositions;
  return {std::max(range.first, start) - start,
          std::min(range.last + 1, start + kPagePositions) - start};
}

}  // namespace gerbil::kernels::attend::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
