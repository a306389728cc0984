#include "cli/plan_text.h"

#include <gtest/gtest.h>

#include <limits>

namespace gerbil::cli {
namespace {

TEST(PlanTextTest, NumbersAreShort) {
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(999), "999 B");
  EXPECT_EQ(bytes_text(1000), "1.0 kB");
  EXPECT_EQ(bytes_text(23'449'999), "23.4 MB");
  EXPECT_EQ(bytes_text(999'949'999), "999.9 MB");
  EXPECT_EQ(bytes_text(999'950'000), "1.0 GB");
  EXPECT_EQ(bytes_text(std::numeric_limits<uint64_t>::max()), "18446744.1 TB");
  EXPECT_EQ(parameters_text(596'049'920), "596.0 M");
  EXPECT_EQ(parameters_text(12), "12");
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(-1000), "-1,000");
  EXPECT_EQ(count_text(-100), "-100");
  EXPECT_EQ(count_text(262144), "262,144");
  EXPECT_EQ(count_text(1'000'000'000), "1,000,000,000");
}

// The largest model that there is in these families, quantised in two ways.
Plan large_plan() {
  return {.folder = "model\x1b[2J",
          .architecture = "Qwen3_5MoeForConditionalGeneration",
          .parameters = 396'800'000'000,
          .active_parameters = 17'000'000'000,
          .experts = 512,
          .experts_per_token = 10,
          .layers = 60,
          .windowed_layers = 30,
          .recurrent_layers = 15,
          .hidden = 4096,
          .vocab_size = 248'320,
          .max_context = 262'144,
          .tokenizer_tokens = 248'077,
          .chat_template = true,
          .backend = "reference",
          .quant = "stored",
          .activations = "f32",
          .kv = "f16",
          .threads = 1024,
          .batch = 65536,
          .context = 262'144,
          .needed_tensors = 123'456,
          .needed_bytes = 793'600'000'000,
          .skipped = {{"vision", 1234, 999'949'999}},
          .weights = {{.name = "experts",
                       .tensors = 92160,
                       .parameters = 386'000'000'000,
                       .bytes = 217'000'000'000,
                       .stored = {{"bf16", 386'000'000'000, 772'000'000'000}},
                       .held = {{"q4", 386'000'000'000, 217'000'000'000}, {"q8", 0, 0}}}},
          .weight_bytes = 217'000'000'000,
          .mapped_bytes = 999'949'999'999,
          .step_bytes = 123'456'789'012,
          .kv_bytes = 999'949'999'999,
          .kv_bytes_per_1k_tokens = 999'949'999,
          .kv_window_bytes = 123'456'789,
          .recurrent_bytes = 123'456'789,
          .recurrent_state_bytes = 999'949'999,
          .recurrent_states = 7,
          .total_bytes = 1'234'567'890'123,
          .free_bytes = 999'949'999'999,
          .fits = false,
          .largest_context = 262'144};
}

TEST(PlanTextTest, FitsIntoEightyColumns) {
  const std::string text = plan_text(large_plan());
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    ASSERT_NE(end, std::string::npos);
    EXPECT_LE(end - at, 80U) << text.substr(at, end - at);
    at = end + 1;
  }
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  for (const char* words :
       {"10 of 512 experts a token: 17.0 B parameters at work",
        "60 layers (15 attention, 30 windowed attention, 15 recurrent)", "skipped: vision",
        "386.0 B as q4 + q8, stored as bf16, 4.50 bits", "windows hold at most 123.5 MB",
        "at most 7 of 999.9 MB", "does not fit: 999.9 GB of memory are free"})
    EXPECT_NE(text.find(words), std::string::npos) << words << "\n" << text;
}

TEST(PlanTextTest, SaysWhatIsNotThere) {
  Plan plan = large_plan();
  plan.tokenizer_tokens = 0;
  plan.kv_bytes = plan.recurrent_bytes = 0;
  plan.largest_context = 0;
  std::string text = plan_text(plan);
  EXPECT_NE(text.find("no tokenizer"), std::string::npos);
  EXPECT_EQ(text.find("KV cache"), std::string::npos);
  EXPECT_EQ(text.find("recurrent states"), std::string::npos);
  EXPECT_NE(text.find("no context would fit"), std::string::npos);
  plan.free_bytes = 0;
  text = plan_text(plan);
  EXPECT_NE(text.find("unknown whether it fits"), std::string::npos);
}

}  // namespace
}  // namespace gerbil::cli
