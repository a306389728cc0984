#include "backend/host/pack.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/check.h"
#include "base/half.h"
#include "kernels/packed_tiles.h"
#include "kernels/quantize_tiles.h"

namespace gerbil::backend {
namespace {

using kernels::kOutputsPerTile;
using kernels::TileLayout;
using tensor::DType;

// Decoded rows of a slice: memory beside the packed weight stays small.
constexpr uint64_t kSliceBytes = uint64_t{2} << 20;

// Calls function(first, count) for slices of [0, total), each a multiple of `unit` but the last;
// the first error.
template <class F>
Status for_slices(platform::ThreadPool& pool, uint64_t total, uint64_t step, F&& function) {
  const uint64_t slices = (total + step - 1) / step;
  std::vector<Status> outcome(slices);
  pool.parallel_for(static_cast<int64_t>(slices), [&](int64_t i) {
    const uint64_t first = static_cast<uint64_t>(i) * step;
    outcome[static_cast<size_t>(i)] = function(first, std::min(step, total - first));
  });
  for (Status& status : outcome) GERBIL_CHECK_OK(std::move(status));
  return {};
}

Status round_rows(const StackedRows& stored, uint64_t first, uint64_t count, DType type,
                  std::byte* out) {
  std::vector<float> rows(count * stored.columns());
  GERBIL_CHECK_OK(stored.read_f32(first, count, rows));
  if (type == DType::kBF16) {
    std::ranges::transform(rows, reinterpret_cast<BFloat16*>(out), to_bfloat16);
    return {};
  }
  GERBIL_ASSERT(type == DType::kF16);
  // What is NaN or infinite stays it.
  const auto large = std::ranges::find_if(
      rows, [](float x) { return std::isfinite(x) && std::abs(x) >= 65520.0f; });
  if (large != rows.end())
    return stored.error_at(
        first, static_cast<uint64_t>(large - rows.begin()),
        fmt::format("expected numbers that f16 holds, up to 65504, found {}", *large));
  std::ranges::transform(rows, reinterpret_cast<Half*>(out), to_half);
  return {};
}

Status pack_rows(const StackedRows& stored, DType type, platform::ThreadPool& pool,
                 std::byte* out) {
  const bool as_stored = stored.stored_as(type);
  const uint64_t row_bytes = stored.columns() * tensor::size_bytes(type);
  const uint64_t step =
      std::max<uint64_t>(1, kSliceBytes / std::max<uint64_t>(1, stored.columns() * sizeof(float)));
  return for_slices(pool, stored.rows(), step, [&](uint64_t first, uint64_t count) -> Status {
    std::byte* to = out + first * row_bytes;
    const auto elements = static_cast<size_t>(count * stored.columns());
    if (as_stored) {
      GERBIL_CHECK_OK(stored.read(first, count, {to, static_cast<size_t>(count * row_bytes)}));
    } else if (type == DType::kF32) {
      GERBIL_CHECK_OK(stored.read_f32(first, count, {reinterpret_cast<float*>(to), elements}));
    } else {
      GERBIL_CHECK_OK(round_rows(stored, first, count, type, to));
    }
    stored.release(first, count);
    return {};
  });
}

Status pack_tiles(const StackedRows& stored, const kernels::WeightView& view,
                  platform::ThreadPool& pool, std::byte* out) {
  const TileLayout layout = view.layout();
  const auto rows = static_cast<uint64_t>(view.rows);
  const uint64_t row_bytes = stored.columns() * sizeof(float);
  const uint64_t step =
      std::max<uint64_t>(1, kSliceBytes / (row_bytes * kOutputsPerTile)) * kOutputsPerTile;
  const uint64_t slices = (rows + step - 1) / step;  // of a matrix
  return for_slices(
      pool, slices * static_cast<uint64_t>(view.count), 1, [&](uint64_t slice, uint64_t) -> Status {
        const uint64_t matrix = slice / slices;
        const uint64_t first = slice % slices * step;  // in the matrix
        const uint64_t count = std::min(step, rows - first);
        std::byte* tile = out + matrix * layout.size_bytes() +
                          first / kOutputsPerTile * static_cast<uint64_t>(layout.tile_bytes());
        // A tile at a time: what was decoded is still in the processor's cache.
        std::vector<float> decoded(std::min<uint64_t>(kOutputsPerTile, count) * stored.columns());
        for (uint64_t row = 0; row < count; row += kOutputsPerTile) {
          const uint64_t outputs = std::min<uint64_t>(kOutputsPerTile, count - row);
          const Span<float> numbers = Span<float>(decoded).first(outputs * stored.columns());
          GERBIL_CHECK_OK(stored.read_f32(matrix * rows + first + row, outputs, numbers));
          GERBIL_CHECK_OK(stored.check_finite(matrix * rows + first + row, numbers));
          quantize_tile(layout, stored.isa(), static_cast<int64_t>(outputs), numbers.data(), tile);
          tile += layout.tile_bytes();
        }
        stored.release(matrix * rows + first, count);
        return {};
      });
}

}  // namespace

Status pack(const StackedRows& stored, const kernels::WeightView& view, platform::ThreadPool& pool,
            std::byte* out) {
  return view.tiles ? pack_tiles(stored, view, pool, out)
                    : pack_rows(stored, view.dtype, pool, out);
}

}  // namespace gerbil::backend
