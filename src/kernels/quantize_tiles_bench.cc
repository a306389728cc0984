// Quantising a tile, in bytes of the BF16 numbers that it is made from.
#include <benchmark/benchmark.h>

#include <random>
#include <vector>

#include "kernels/quantize_tiles.h"

namespace gerbil::kernels {
namespace {

void quantize(benchmark::State& state) {
  const TileLayout layout{{.bits = static_cast<uint8_t>(state.range(0))}, kOutputsPerTile, 1024};
  std::mt19937 random(1);
  std::normal_distribution<float> normal(0.0f, 0.02f);
  std::vector<float> rows(static_cast<size_t>(kOutputsPerTile * layout.columns));
  for (float& value : rows) value = normal(random);
  std::vector<std::byte> tile(layout.size_bytes());
  for ([[maybe_unused]] auto _ : state) {
    quantize_tile(layout, platform::best_isa(), kOutputsPerTile, rows.data(), tile.data());
    benchmark::DoNotOptimize(tile.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(rows.size()) * 2);
}

BENCHMARK(quantize)->Name("quantize_tile")->Arg(4)->Arg(6)->Arg(8);

}  // namespace
}  // namespace gerbil::kernels
