// Products of small matrices with the accumulators in registers: C[i, :] = init(i) + sum_k a(i, k)
// B[k, :], where a(i, k) are single numbers at any strides and the rows of B are vectors. Compiled
// once per instruction set: see simd-inl.h.
//
// Every element is summed over k ascending, whatever the tile it falls into.
#if defined(GERBIL_KERNELS_TILE_PRODUCT_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GERBIL_KERNELS_TILE_PRODUCT_INL_H
#undef GERBIL_KERNELS_TILE_PRODUCT_INL_H
#else
#define GERBIL_KERNELS_TILE_PRODUCT_INL_H
#endif

#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::HWY_NAMESPACE {

// Rows of a tile: with two vectors of columns, as many accumulators as the registers hold.
#if HWY_ARCH_X86 && HWY_TARGET >= HWY_AVX2
inline constexpr int kTileRows = 4;  // 16 registers
#else
inline constexpr int kTileRows = 8;  // 32 registers
#endif

struct Factor {  // a(i, k) = data[i * row_stride + k * k_stride]
  const float* data = nullptr;
  int64_t row_stride = 0;
  int64_t k_stride = 0;

  Factor from_row(int64_t row) const { return {data + row * row_stride, row_stride, k_stride}; }
};

template <int kRows, int kVectors, class Init, class Store>
HWY_INLINE void tile_product(int64_t row, const Factor& a, const float* b, int64_t b_stride,
                             int64_t k_begin, int64_t k_end, Init& init, Store& store) {
  FloatVector sums[kRows][kVectors];
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) sums[i][v] = init(row + i, v);
  const float* from = a.data + row * a.row_stride + k_begin * a.k_stride;
  b += k_begin * b_stride;
  for (int64_t k = k_begin; k < k_end; ++k) {
    FloatVector columns[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) columns[v] = hn::LoadU(kFloats, b + v * kLanes);
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
      const FloatVector factor = hn::Set(kFloats, from[i * a.row_stride]);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) sums[i][v] = hn::MulAdd(factor, columns[v], sums[i][v]);
    }
    from += a.k_stride;
    b += b_stride;
  }
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) store(row + i, v, sums[i][v]);
}

// Rows [0, rows) and kVectors vectors of columns: init(i, v) -> vector, store(i, v, vector).
template <int kVectors, class Init, class Store>
HWY_INLINE void product(int64_t rows, const Factor& a, const float* b, int64_t b_stride,
                        int64_t k_begin, int64_t k_end, Init&& init, Store&& store) {
  int64_t row = 0;
  for (; row + kTileRows <= rows; row += kTileRows)
    tile_product<kTileRows, kVectors>(row, a, b, b_stride, k_begin, k_end, init, store);
  for (; row < rows; ++row)
    tile_product<1, kVectors>(row, a, b, b_stride, k_begin, k_end, init, store);
}

}  // namespace gerbil::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
