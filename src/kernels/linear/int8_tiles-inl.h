// The algorithm of int8.h over the vectors of one instruction set. Include it once in a file,
// inside HWY_PUSH_ATTRIBUTES and a namespace of the file's own, behind a struct Isa:
//
//   kLanes                    outputs of a vector: 16, 8 or 4
//   kSignedBytes              codes of 8 bits reach dot() less 128, as signed bytes
//   kRows, kVectors           rows by vectors whose sums and results fit the registers
//   kPairBits                 of codes of up to so many bits, dot() sums pairs of products in 16
//   bits
//                             for a whole block, which Int join_pairs(Int) makes one number; or 0
//   kPairsOfRows              the instructions multiply 2 x 8 by 8 x 2 matrices (see below)
//   Int, Float                vectors of kLanes i32 and f32
//   Int set(int32_t), Float set(float), Float zero()
//   Int load(const std::byte*)            4 * kLanes bytes
//   Int bits<kShift, kMask>(Int)          every byte (v >> kShift) & kMask
//   Int raise<kShift>(Int)                every byte v << kShift, which the byte bears
//   Int join(Int, Int), Int add(Int, Int) bitwise or; sum
//   Int broadcast(const int8_t*)          four codes of x in every lane
//   Int dot<kBits>(Int sum, Int codes, Int x)   sum + four products in every lane
//   Int sub_product(Int zeros, int32_t sum)     -zeros * sum
//   Int load_zeros(const std::byte*)      kLanes u8
//   Float load_f16(const std::byte*), Float load_f32(const std::byte*)
//   Float to_float(Int), mul(Float, Float), mul_add(Float, Float, Float)
//   void store(Float, float*)
//
// and with kPairsOfRows, where sums of an even and an odd row lie together in two vectors:
//
//   void pair(Int& even, Int& odd), unpair(Int&, Int&)   to those two vectors and back, also to put
//                                         codes of two steps together: outputs 0 and 1, then 2 and
//                                         3
//   Int eight_of_two(const int8_t*, const int8_t*)       eight codes of each of two rows of x
//   void multiply_pair(Int&, Int&, Int codes01, Int codes23, Int x)   adds the products
//
// so that all of it is compiled for that instruction set and none of it for another.
#pragma once

using tensor::quant::Form;
using tensor::quant::kBlock;

constexpr int kParts = kOutputsPerTile / Isa::kLanes;  // vectors of a tile

// Codes of steps kStep and kStep + 4 of a block.
template <int kBits, int kStep>
HWY_INLINE void load_codes(const std::byte* block, Isa::Int& first, Isa::Int& second) {
  static_assert(kStep < 4);
  if constexpr (kBits == 8) {
    first = Isa::load(block + kStep * kChunkBytes);
    second = Isa::load(block + (kStep + 4) * kChunkBytes);
  } else {
    constexpr int kPairs = kBits & 4;  // the first chunk of the plane, and the first bit in a code
    constexpr int kSingles = kBits & 6;  // likewise
    if constexpr ((kBits & 4) != 0) {
      const auto chunk = Isa::load(block + kStep * kChunkBytes);
      first = Isa::template bits<0, 15>(chunk);
      second = Isa::template bits<4, 15>(chunk);
    }
    if constexpr ((kBits & 2) != 0) {
      const auto a = Isa::template bits<2 * kStep, 3>(Isa::load(block + kPairs * kChunkBytes));
      const auto b =
          Isa::template bits<2 * kStep, 3>(Isa::load(block + (kPairs + 1) * kChunkBytes));
      if constexpr (kPairs == 0) {
        first = a;
        second = b;
      } else {
        first = Isa::join(first, Isa::template raise<kPairs>(a));
        second = Isa::join(second, Isa::template raise<kPairs>(b));
      }
    }
    if constexpr ((kBits & 1) != 0) {
      const auto chunk = Isa::load(block + kSingles * kChunkBytes);
      first = Isa::join(first, Isa::template raise<kSingles>(Isa::template bits<kStep, 1>(chunk)));
      second =
          Isa::join(second, Isa::template raise<kSingles>(Isa::template bits<kStep + 4, 1>(chunk)));
    }
  }
}

HWY_INLINE Isa::Float load_numbers(bool halves, const std::byte* from) {
  return halves ? Isa::load_f16(from) : Isa::load_f32(from);
}

// sum += the products of steps kStep and kStep + 4: `codes` and `x` point to the block.
template <int kBits, int kStep, int kRows, int kVectors>
HWY_INLINE void add_steps(const std::byte* const (&codes)[kVectors],
                          const int8_t* const (&x)[kRows], int64_t column,
                          Isa::Int (&sum)[kRows][kVectors]) {
  Isa::Int first[kVectors], second[kVectors];
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) load_codes<kBits, kStep>(codes[v], first[v], second[v]);
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
    const auto a = Isa::broadcast(x[r] + column + 4 * kStep);
    const auto b = Isa::broadcast(x[r] + column + 4 * (kStep + 4));
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      sum[r][v] = Isa::template dot<kBits>(sum[r][v], first[v], a);
      sum[r][v] = Isa::template dot<kBits>(sum[r][v], second[v], b);
    }
  }
}

// The same of steps kStep, kStep + 1, kStep + 4 and kStep + 5 for sums in pairs of rows.
template <class Set, int kBits, int kStep, int kRows, int kVectors>
HWY_INLINE void add_paired_steps(const std::byte* const (&codes)[kVectors],
                                 const int8_t* const (&x)[kRows], int64_t column,
                                 Isa::Int (&sum)[kRows][kVectors]) {
  Isa::Int low[2][kVectors], high[2][kVectors];  // of steps from kStep and from kStep + 4
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) {
    load_codes<kBits, kStep>(codes[v], low[0][v], high[0][v]);
    load_codes<kBits, kStep + 1>(codes[v], low[1][v], high[1][v]);
    Set::pair(low[0][v], low[1][v]);
    Set::pair(high[0][v], high[1][v]);
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; r += 2) {
    const int64_t at = column + 4 * kStep;
    const auto a = Set::eight_of_two(x[r] + at, x[r + 1] + at);
    const auto b = Set::eight_of_two(x[r] + at + 16, x[r + 1] + at + 16);
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      Set::multiply_pair(sum[r][v], sum[r + 1][v], low[0][v], low[1][v], a);
      Set::multiply_pair(sum[r][v], sum[r + 1][v], high[0][v], high[1][v], b);
    }
  }
}

// sum += the products of a block.
template <class Set, int kBits, int kRows, int kVectors>
HWY_INLINE void add_block(const std::byte* const (&codes)[kVectors],
                          const int8_t* const (&x)[kRows], int64_t column,
                          Isa::Int (&sum)[kRows][kVectors]) {
  if constexpr (Set::kPairsOfRows && kRows % 2 == 0) {
#pragma GCC unroll 8
    for (int r = 0; r < kRows; r += 2)
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) Set::pair(sum[r][v], sum[r + 1][v]);
    add_paired_steps<Set, kBits, 0>(codes, x, column, sum);
    add_paired_steps<Set, kBits, 2>(codes, x, column, sum);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; r += 2)
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) Set::unpair(sum[r][v], sum[r + 1][v]);
  } else {
    add_steps<kBits, 0>(codes, x, column, sum);
    add_steps<kBits, 1>(codes, x, column, sum);
    add_steps<kBits, 2>(codes, x, column, sum);
    add_steps<kBits, 3>(codes, x, column, sum);
  }
}

// What a block's sums begin with, and the numbers that they end as: `start` is added at either end.
template <class Set, int kBits>
HWY_INLINE Isa::Int begin_sum(Isa::Int start) {
  return kBits <= Set::kPairBits ? Set::set(0) : start;
}
template <class Set, int kBits>
HWY_INLINE Isa::Int end_sum(Isa::Int sum, Isa::Int start) {
  if constexpr (kBits <= Set::kPairBits) return Set::add(Set::join_pairs(sum), start);
  return sum;
}

// Rows [row, row + kRows) by kVectors vectors of outputs from number `vector` on.
template <int kBits, int kRows, int kVectors>
HWY_NOINLINE void strip(const Int8Product& p, int64_t row, int64_t vector) {
  using Int = Isa::Int;
  using Float = Isa::Float;
  const TileLayout& layout = p.layout;
  const Form form = layout.format.form;
  const bool half_scales = layout.format.scale == tensor::DType::kF16;
  const int64_t item = half_scales ? 2 : 4;
  // Taken out of the loops, for the compiler cannot.
  const int64_t scale_bytes = layout.scale_bytes();
  const int64_t parameter_bytes = layout.parameter_bytes();
  const int64_t block_bytes = kChunkBytes * kBits;
  const int64_t group_blocks = layout.blocks_per_group();

  const std::byte* groups[kVectors];
  int64_t part[kVectors];
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) {
    groups[v] = p.weights + (vector + v) / kParts * layout.tile_bytes();
    part[v] = (vector + v) % kParts * Isa::kLanes;
  }
  int64_t blocks_at[kRows];  // where a row's blocks begin in x
  const int8_t* x[kRows];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
    blocks_at[r] = (p.x_row == nullptr ? row + r : int64_t{p.x_row[row + r]}) * p.x.blocks;
    x[r] = p.x.codes + blocks_at[r] * kBlock;
  }

  Float y[kRows][kVectors];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) y[r][v] = Isa::zero();

  const int32_t middle = Isa::kSignedBytes && kBits == 8
                             ? 0
                             : tensor::quant::middle_code(kBits);  // of the codes that dot() sees
  for (int64_t begin = 0; begin < p.x.blocks; begin += group_blocks) {
    Float scale[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v)
      scale[v] = load_numbers(half_scales, groups[v] + part[v] * item);
    const int64_t end = std::min(p.x.blocks, begin + group_blocks);
    for (int64_t b = begin; b < end; ++b) {
      const int64_t at = parameter_bytes + (b - begin) * block_bytes;
      // The codes' middle or zero, taken off.
      const auto start = [&](int r, int v) {
        const int32_t x_sum = p.x.sums[blocks_at[r] + b];
        Int first = Isa::set(form == Form::kScale ? -middle * x_sum : 0);
        if (form == Form::kScaleZero)
          first = Isa::sub_product(Isa::load_zeros(groups[v] + scale_bytes + part[v]), x_sum);
        if (Isa::kSignedBytes && kBits == 8 && form != Form::kScale)
          first = Isa::add(first, Isa::set(128 * x_sum));
        return first;
      };
      Int sum[kRows][kVectors];
#pragma GCC unroll 16
      for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) sum[r][v] = begin_sum<Isa, kBits>(start(r, v));
      const std::byte* codes[kVectors];
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) codes[v] = groups[v] + at + part[v] * 4;
      add_block<Isa, kBits>(codes, x, b * kBlock, sum);
#pragma GCC unroll 16
      for (int r = 0; r < kRows; ++r) {
        const Float x_scale = Isa::set(p.x.scales[blocks_at[r] + b]);
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) {
          sum[r][v] = end_sum<Isa, kBits>(sum[r][v], start(r, v));
          y[r][v] = Isa::mul_add(Isa::to_float(sum[r][v]), Isa::mul(scale[v], x_scale), y[r][v]);
          if (form == Form::kScaleOffset) {
            const Float offset =
                load_numbers(half_scales, groups[v] + scale_bytes + part[v] * item);
            const auto x_sum = static_cast<float>(p.x.sums[blocks_at[r] + b]);
            y[r][v] = Isa::mul_add(Isa::mul(x_scale, Isa::set(x_sum)), offset, y[r][v]);
          }
        }
      }
    }
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) groups[v] += parameter_bytes + (end - begin) * block_bytes;
  }

#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      const int64_t output = (vector + v) * Isa::kLanes;
      const int64_t count = std::min<int64_t>(Isa::kLanes, layout.outputs - output);
      float* to = p.y + (row + r) * p.y_stride + output - p.first_output;
      if (count == Isa::kLanes) {
        if (p.bias != nullptr) {
          const auto* bias = reinterpret_cast<const std::byte*>(p.bias + output);
          y[r][v] = Isa::mul_add(y[r][v], Isa::set(1.0F), Isa::load_f32(bias));
        }
        Isa::store(y[r][v], to);
        continue;
      }
      float lanes[Isa::kLanes];
      Isa::store(y[r][v], lanes);
      for (int64_t i = 0; i < count; ++i)
        to[i] = p.bias == nullptr ? lanes[i] : lanes[i] + p.bias[output + i];
    }
  }
}

// All vectors of [first, last) for rows [row, row + kRows): kVectors at a time, then one.
template <int kBits, int kRows, int kVectors>
void strips(const Int8Product& p, int64_t row, int64_t first, int64_t last) {
  for (; first + kVectors <= last; first += kVectors) strip<kBits, kRows, kVectors>(p, row, first);
  for (; first < last; ++first) strip<kBits, kRows, 1>(p, row, first);
}

// A tile's weights stay in the first-level cache while all rows pass.
template <int kBits>
void rows_by_tiles(const Int8Product& p, int64_t row, int64_t last_row, int64_t tile,
                   int64_t last_tile) {
  constexpr int kTogether = std::max(4, kParts);  // vectors whose rows are passed together
  const int64_t end =
      std::min(last_tile * kParts, (p.layout.outputs + Isa::kLanes - 1) / Isa::kLanes);
  for (int64_t first = tile * kParts; first < end; first += kTogether) {
    const int64_t last = std::min(end, first + kTogether);
    int64_t r = row;
    for (; r + Isa::kRows <= last_row; r += Isa::kRows)
      strips<kBits, Isa::kRows, Isa::kVectors>(p, r, first, last);
    for (; Isa::kRows > 8 && r + 8 <= last_row; r += 8)
      strips<kBits, std::min(8, Isa::kRows), 1>(p, r, first, last);
    for (; Isa::kRows > 4 && r + 4 <= last_row; r += 4)
      strips<kBits, std::min(4, Isa::kRows), 2>(p, r, first, last);
    for (; r + 2 <= last_row; r += 2) strips<kBits, 2, 2>(p, r, first, last);
    for (; r < last_row; ++r) strips<kBits, 1, 4>(p, r, first, last);
  }
}

void multiply(const Int8Product& p, int64_t row, int64_t last_row, int64_t tile,
              int64_t last_tile) {
  switch (p.layout.format.bits) {
    case 2:
      return rows_by_tiles<2>(p, row, last_row, tile, last_tile);
    case 3:
      return rows_by_tiles<3>(p, row, last_row, tile, last_tile);
    case 4:
      return rows_by_tiles<4>(p, row, last_row, tile, last_tile);
    case 5:
      return rows_by_tiles<5>(p, row, last_row, tile, last_tile);
    case 6:
      return rows_by_tiles<6>(p, row, last_row, tile, last_tile);
    case 7:
      return rows_by_tiles<7>(p, row, last_row, tile, last_tile);
    default:
      return rows_by_tiles<8>(p, row, last_row, tile, last_tile);
  }
}
