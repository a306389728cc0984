#include "graph/rope.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "base/json.h"

namespace gerbil::graph {
namespace {

// tests/data/rope/rope.safetensors: tables in float64, see tests/data/README.md.
class RopeTables {
 public:
  RopeTables() {
    std::ifstream file(std::string(GERBIL_SOURCE_DIR) + "/tests/data/rope/rope.safetensors",
                       std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    uint64_t header_bytes = 0;
    if (bytes.size() < sizeof header_bytes) return;
    std::memcpy(&header_bytes, bytes.data(), sizeof header_bytes);
    auto header = json::parse(bytes.substr(8, header_bytes), "rope.safetensors");
    if (header) header_ = *std::move(header);
    data_ = bytes.substr(8 + header_bytes);
  }

  template <class T>
  std::vector<T> read(const std::string& name) const {
    const json::Value* entry = header_.object() ? header_.object()->find(name) : nullptr;
    if (entry == nullptr) {
      ADD_FAILURE() << "no tensor " << name;
      return {};
    }
    const json::Array& range = *entry->object()->find("data_offsets")->array();
    const auto begin = static_cast<size_t>(*range[0].integer());
    std::vector<T> values((static_cast<size_t>(*range[1].integer()) - begin) / sizeof(T));
    std::memcpy(values.data(), data_.data() + begin, values.size() * sizeof(T));
    return values;
  }

 private:
  json::Value header_;
  std::string data_;
};

// Half a unit in the last place of a float below 1, and what two double libraries may differ by.
constexpr double kRounding = 0x1p-25 + 1e-10;

void expect_row(const RopeSpec& spec, Span<const int32_t> position, const double* cosines,
                const double* sines) {
  const size_t n = spec.inv_freq.size();
  std::vector<float> row(2 * n);
  fill_rope_row(spec, position, row);
  for (size_t i = 0; i < n; ++i) {
    EXPECT_NEAR(row[i], cosines[i], kRounding) << "cos " << i << " at " << position[0];
    EXPECT_NEAR(row[n + i], sines[i], kRounding) << "sin " << i << " at " << position[0];
  }
}

class RopeOf : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Models, RopeOf, ::testing::Values("qwen3_5", "qwen3", "nano"));

TEST_P(RopeOf, MatchesFloat64UpToTheLastPosition) {
  const RopeTables tables;
  const std::string& key = GetParam();
  const auto rotary_dim = tables.read<int64_t>(key + ".rotary_dim");
  const auto theta = tables.read<double>(key + ".theta");
  ASSERT_TRUE(rotary_dim.size() == 1 && theta.size() == 1);
  const RopeSpec spec = make_rope(rotary_dim[0], theta[0]);
  EXPECT_EQ(spec.rotary_dim(), rotary_dim[0]);
  EXPECT_EQ(spec.inv_freq, tables.read<float>(key + ".inv_freq"));

  const auto positions = tables.read<int64_t>(key + ".positions");
  ASSERT_EQ(positions, (std::vector<int64_t>{0, 4096, 200000, 262143}));
  const auto cosines = tables.read<double>(key + ".cos");
  const auto sines = tables.read<double>(key + ".sin");
  const size_t n = spec.inv_freq.size();
  ASSERT_TRUE(cosines.size() == 4 * n && sines.size() == 4 * n);
  for (size_t p = 0; p < positions.size(); ++p) {
    const auto place = static_cast<int32_t>(positions[p]);
    const int32_t one[] = {place};
    const int32_t three[] = {place, 7, 11};  // without M-RoPE every frequency turns with time
    expect_row(spec, one, &cosines[p * n], &sines[p * n]);
    expect_row(spec, three, &cosines[p * n], &sines[p * n]);
  }
}

class MropeOf : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Models, MropeOf, ::testing::Values("qwen3_5", "nano"));

TEST_P(MropeOf, TurnsEachFrequencyWithItsAxis) {
  const RopeTables tables;
  const std::string& key = GetParam();
  const std::string mrope = "mrope." + key;
  const auto sections = tables.read<int64_t>(mrope + ".sections");
  ASSERT_EQ(sections.size(), 3u);
  const RopeSpec spec =
      make_interleaved_mrope(tables.read<int64_t>(key + ".rotary_dim")[0],
                             tables.read<double>(key + ".theta")[0], sections[1], sections[2]);
  const auto axis = tables.read<int64_t>(mrope + ".axis");
  EXPECT_EQ(std::vector<int64_t>(spec.axis.begin(), spec.axis.end()), axis);

  const auto positions = tables.read<int64_t>(mrope + ".positions");
  const auto cosines = tables.read<double>(mrope + ".cos");
  const auto sines = tables.read<double>(mrope + ".sin");
  const size_t n = spec.inv_freq.size();
  const size_t count = positions.size() / 3;
  ASSERT_TRUE(cosines.size() == count * n && sines.size() == count * n && count > 0);
  for (size_t p = 0; p < count; ++p) {
    const int32_t place[] = {static_cast<int32_t>(positions[p]),
                             static_cast<int32_t>(positions[count + p]),
                             static_cast<int32_t>(positions[2 * count + p])};
    expect_row(spec, place, &cosines[p * n], &sines[p * n]);
  }
}

TEST(Rope, SectionsLeaveTheLastFrequenciesToTime) {
  // [11, 11, 10]: height 1, 4 .. 31, width 2, 5 .. 29; [3, 3, 2]: height 1, 4, 7, width 2, 5.
  const RopeSpec large = make_interleaved_mrope(64, 1e7, 11, 10);
  for (size_t i = 0; i < 32; ++i) {
    const int expected = i % 3 == 1 ? 1 : i % 3 == 2 && i <= 29 ? 2 : 0;
    EXPECT_EQ(large.axis[i], expected) << i;
  }
  EXPECT_EQ(make_interleaved_mrope(16, 1e5, 3, 2).axis,
            (std::vector<uint8_t>{0, 1, 2, 0, 1, 2, 0, 1}));
  EXPECT_EQ(make_interleaved_mrope(16, 1e5, 1, 1).axis,
            (std::vector<uint8_t>{0, 1, 2, 0, 0, 0, 0, 0}));
}

TEST(Rope, TextPositionsTurnEveryAxisAlike) {
  const RopeSpec plain = make_rope(64, 1e7);
  const RopeSpec mrope = make_interleaved_mrope(64, 1e7, 11, 10);
  std::vector<float> a(64);
  std::vector<float> b(64);
  std::vector<float> c(64);
  const int32_t one[] = {12345};
  const int32_t three[] = {12345, 12345, 12345};
  fill_rope_row(plain, one, a);
  fill_rope_row(mrope, one, b);
  fill_rope_row(mrope, three, c);
  EXPECT_EQ(a, b);
  EXPECT_EQ(a, c);
}

}  // namespace
}  // namespace gerbil::graph
