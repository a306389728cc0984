#include "backend/host/weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <map>
#include <random>

#include "backend/host/pack.h"
#include "kernels/packed_tiles.h"
#include "tensor/byte_source.h"
#include "tensor/quant/quantize.h"

namespace gerbil::backend {
namespace {

using tensor::DType;
using tensor::quant::decode;
using tensor::quant::GroupFormat;
using ::testing::HasSubstr;

constexpr uint64_t kColumns = 72;  // the last group is short

std::vector<float> random_numbers(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, 0.05f);
  std::vector<float> numbers(count);
  for (float& number : numbers) number = normal(random);
  return numbers;
}

graph::StoredPart part_of(const std::string& name, const std::vector<float>& numbers,
                          tensor::Shape shape) {
  std::vector<std::byte> bytes(numbers.size() * sizeof(float));
  std::memcpy(bytes.data(), numbers.data(), bytes.size());
  const uint64_t size = bytes.size();
  return {name,
          {std::make_shared<tensor::MemorySource>("some.safetensors", std::move(bytes)), 0, size,
           DType::kF32, shape}};
}

// What a row of numbers is after quantising.
std::vector<float> rounded(Span<const float> row, int bits) {
  std::vector<float> result;
  for (size_t first = 0; first < row.size(); first += 32) {
    const Span<const float> group = row.subspan(first, std::min<size_t>(32, row.size() - first));
    const float scale = tensor::quant::group_scale(group, bits);
    std::vector<uint8_t> codes(group.size());
    tensor::quant::group_codes(group, bits, scale, codes);
    for (const uint8_t code : codes)
      result.push_back(decode({.bits = static_cast<uint8_t>(bits)}, {.scale = scale}, code));
  }
  return result;
}

TEST(Pack, QuantisesPartsThatMeetInATile) {
  // 40 and 24 and 13 rows: 77, in tiles of 16.
  const std::vector<float> numbers = random_numbers(77 * kColumns, 1);
  graph::WeightBinding binding;
  uint64_t first = 0;
  for (const uint64_t rows : {40, 24, 13}) {
    const auto begin = numbers.begin() + static_cast<ptrdiff_t>(first * kColumns);
    binding.parts.push_back(part_of(
        "part", {begin, begin + static_cast<ptrdiff_t>(rows * kColumns)}, {rows, kColumns}));
    first += rows;
  }
  for (const uint8_t bits : {4, 6, 8}) {
    kernels::WeightView view{.rows = 77, .columns = kColumns, .tiles = GroupFormat{.bits = bits}};
    std::vector<std::byte> packed(view.matrix_bytes());
    platform::ThreadPool pool(2);
    const Status status =
        pack(StackedRows(binding, platform::best_isa()), view, pool, packed.data());
    ASSERT_TRUE(status) << status.error().message;
    for (int64_t row = 0; row < 77; ++row) {
      std::vector<float> got(kColumns);
      decode_output(view.layout(), packed.data(), row, got.data());
      EXPECT_EQ(got, rounded({&numbers[static_cast<size_t>(row) * kColumns], kColumns}, bits))
          << row;
    }
  }
}

TEST(Pack, NamesThePartWithANumberThatIsNotFinite) {
  graph::WeightBinding binding;
  std::vector<float> numbers = random_numbers(40 * kColumns, 2);
  binding.parts.push_back(part_of("first", numbers, {40, kColumns}));
  numbers[3 * kColumns + 71] = std::nanf("");
  binding.parts.push_back(part_of("second", numbers, {40, kColumns}));
  const kernels::WeightView view{.rows = 80, .columns = kColumns, .tiles = GroupFormat{}};
  std::vector<std::byte> packed(view.matrix_bytes());
  platform::ThreadPool pool(2);
  const Status status = pack(StackedRows(binding, platform::best_isa()), view, pool, packed.data());
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message,
            "some.safetensors: tensor \"second\": expected finite numbers, found nan in row 3, "
            "column 71");
}

class MapCache final : public PackedCache {
 public:
  explicit MapCache(const std::vector<Weights::Quantized>& all) {
    for (const Weights::Quantized& weight : all) {
      auto buffer =
          std::make_shared<AlignedBuffer>(*AlignedBuffer::allocate(weight.bytes.size(), "a test"));
      std::memcpy(buffer->data(), weight.bytes.data(), weight.bytes.size());
      buffers_[weight.key] = buffer;
    }
  }
  std::optional<Found> find(std::string_view key) const override {
    const auto found = buffers_.find(key);
    if (found == buffers_.end()) return std::nullopt;
    return Found{found->second->bytes(), found->second};
  }

 private:
  std::map<std::string, std::shared_ptr<AlignedBuffer>, std::less<>> buffers_;
};

TEST(HostWeights, TakeFromACacheWhatItHasInTheirLayout) {
  graph::Graph graph;
  graph.weights = {{"up", {64, kColumns}, graph::WeightUse::kMatrix},
                   {"norm", {kColumns}, graph::WeightUse::kVector}};
  graph::WeightMap map;
  map["up"].parts = {part_of("up", random_numbers(64 * kColumns, 3), {64, kColumns})};
  map["norm"].parts = {part_of("norm", random_numbers(kColumns, 4), {kColumns})};
  platform::ThreadPool pool(1);
  const auto load = [&](WeightChoice choice, const PackedCache* cache) {
    return *HostWeights::load(graph, map, {.choice = choice, .cache = cache}, platform::best_isa(),
                              pool);
  };
  const auto fresh = load(WeightChoice::kQ4, nullptr);
  const auto made = fresh->quantized();
  ASSERT_EQ(made.size(), 1u);
  EXPECT_FALSE(made[0].from_cache);
  EXPECT_THAT(made[0].key, HasSubstr("up 1x64x72 "));
  const MapCache cache(made);
  const auto again = load(WeightChoice::kQ4, &cache)->quantized();
  ASSERT_EQ(again.size(), 1u);
  EXPECT_TRUE(again[0].from_cache);
  EXPECT_EQ(again[0].key, made[0].key);
  EXPECT_FALSE(load(WeightChoice::kQ8, &cache)->quantized()[0].from_cache);
  EXPECT_TRUE(load(WeightChoice::kStored, &cache)->quantized().empty());
}

}  // namespace
}  // namespace gerbil::backend
