// Every class of bad input is answered by its one line, and costs neither time nor memory to speak
// of. The classes themselves: checkpoint_classes.cc, request_classes.cc.
#include "bad_input/bad_input.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <string>

#include "support/data.h"

namespace gerbil::testing {
namespace {

#if defined(__SANITIZE_ADDRESS__)
#define GERBIL_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define GERBIL_SANITIZED 1
#endif
#endif
#ifdef GERBIL_SANITIZED
constexpr bool kSanitized = true;  // memory that was given back stays in quarantine
#else
constexpr bool kSanitized = false;
#endif

constexpr int64_t kMostKib = 100 << 10;
constexpr size_t kLongestLine = 600;

// The most memory that this process ever had at a time.
int64_t peak_kib() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

std::string with_folder(std::string line, const std::string& folder) {
  for (size_t at = 0; (at = line.find('@', at)) != std::string::npos; at += folder.size())
    line.replace(at, 1, folder);
  return line;
}

class BadInputTest : public ::testing::TestWithParam<BadInput> {};

TEST_P(BadInputTest, IsAnsweredByItsLine) {
  const BadInput& bad = GetParam();
  CheckpointCopy copy(bad.model == "demo" ? demo_folder() : model_folder(bad.model));
  bad.change(copy);
  const int64_t before = peak_kib();
  const Status outcome = bad.attempt(copy.path().string());
  ASSERT_FALSE(outcome) << "no error";
  EXPECT_EQ(outcome.error().message, with_folder(bad.line, copy.path().string()));
  EXPECT_NE(outcome.error().code, ErrorCode::kInternal);
  EXPECT_EQ(std::ranges::count(outcome.error().message, '\n'), 0);
  EXPECT_LT(outcome.error().message.size(), kLongestLine);
  if (!kSanitized) {
    EXPECT_LT(peak_kib() - before, kMostKib);
  }
}

const auto kName = [](const auto& bad) { return bad.param.name; };
INSTANTIATE_TEST_SUITE_P(Checkpoint, BadInputTest, ::testing::ValuesIn(broken_checkpoints()),
                         kName);
INSTANTIATE_TEST_SUITE_P(Request, BadInputTest, ::testing::ValuesIn(bad_requests()), kName);

}  // namespace
}  // namespace gerbil::testing
