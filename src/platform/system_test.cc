#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "platform/clock.h"
#include "platform/cpu_features.h"
#include "platform/memory.h"

namespace gerbil::platform {
namespace {

TEST(Clock, NeverGoesBack) {
  double last = monotonic_seconds();
  for (int i = 0; i < 1000; ++i) {
    const double now = monotonic_seconds();
    ASSERT_GE(now, last);
    last = now;
  }
}

TEST(Clock, TellsATimeOfDayThatExists) {
  const LocalTime now = local_time();
  EXPECT_GE(now.year, 2024);
  EXPECT_TRUE(now.month >= 1 && now.month <= 12 && now.day >= 1 && now.day <= 31);
  EXPECT_TRUE(now.hour >= 0 && now.hour <= 23 && now.minute >= 0 && now.minute <= 59);
  EXPECT_TRUE(now.second >= 0 && now.second <= 60);
}

TEST(CpuFeatures, NamesGoBothWays) {
  for (Isa isa : {Isa::kBaseline, Isa::kSse4, Isa::kAvx2, Isa::kAvx512, Isa::kNeon, Isa::kNeonDot,
                  Isa::kNeonI8mm})
    EXPECT_EQ(isa_from_name(name(isa)), isa);
  EXPECT_EQ(name(Isa::kAvx512), "avx512");
  EXPECT_EQ(isa_from_name("sse9"), std::nullopt);
}

TEST(CpuFeatures, BaselineIsAlwaysThereAndLevelsNest) {
  EXPECT_EQ(supported_isas().front(), Isa::kBaseline);
  EXPECT_EQ(supported_isas().back(), best_isa());
  EXPECT_TRUE(!supports(Isa::kAvx2) || supports(Isa::kSse4));
  EXPECT_TRUE(!supports(Isa::kNeonI8mm) || supports(Isa::kNeonDot));
  EXPECT_TRUE(!supports(Isa::kAvx512) || supports(Isa::kAvx2));
  EXPECT_FALSE(supports(Isa::kAvx2) && supports(Isa::kNeon));
}

// scripts/check_aarch64 knows what the processor that it emulates has.
TEST(CpuFeatures, AreTheOnesOfAnEmulatedProcessor) {
  const char* expected = std::getenv("GERBIL_EXPECT_ISA");
  if (expected == nullptr) GTEST_SKIP() << "GERBIL_EXPECT_ISA is not set";
  EXPECT_EQ(name(best_isa()), expected);
}

TEST(Memory, SaysHowMuchThereIs) {
  const Memory memory = physical_memory();
  EXPECT_GT(memory.total_bytes, 64u << 20);
  EXPECT_GT(memory.available_bytes, 0u);
  EXPECT_LE(memory.available_bytes, memory.total_bytes);
}

TEST(Memory, SaysWhatThisProcessHas) {
  const ProcessMemory before = process_memory();
  EXPECT_GT(before.anonymous_bytes, 0u);
  EXPECT_LE(before.anonymous_bytes, before.resident_bytes);
  EXPECT_LE(before.resident_bytes, before.peak_resident_bytes + (8u << 20));
  constexpr size_t kSize = 64u << 20;
  const std::vector<char> block(kSize, 'x');
  const ProcessMemory after = process_memory();
  EXPECT_GE(after.anonymous_bytes, before.anonymous_bytes + kSize - (8u << 20));
  EXPECT_GE(after.peak_resident_bytes + (8u << 20), after.resident_bytes);
}

TEST(Memory, ReadsEntriesOfTheSystemsTables) {
  const char* text =
      "MemTotal:       16 kB\nMemTotalX: 1 kB\ninactive_file 123\nbroken\nVmHWM:\t    1760 "
      "kB\nlast:";
  EXPECT_EQ(memory_entry(text, "MemTotal"), 16384u);
  EXPECT_EQ(memory_entry(text, "inactive_file"), 123u);
  EXPECT_EQ(memory_entry(text, "broken"), 0u);
  EXPECT_EQ(memory_entry(text, "VmHWM"), 1760u * 1024);
  EXPECT_EQ(memory_entry(text, "last"), 0u);
  EXPECT_EQ(memory_entry(text, "none"), 0u);
}

}  // namespace
}  // namespace gerbil::platform
