#include "text/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>

#include "base/quote.h"
#include "text/regex_dialect.h"

namespace gerbil::text {
namespace {

constexpr size_t kMaxPatternBytes = 16384;
constexpr uint32_t kMaxNesting = 64;
// Bounds on one search. Honest tokenizer patterns need a few steps per character.
constexpr uint64_t kMaxSteps = 2'000'000;
constexpr uint32_t kMaxHeapKib = 256 * 1024;

// A search that looks beyond what it was shown is shown so many times as much. It may take so many
// steps before they count.
constexpr size_t kMoreBytes = 16;
constexpr uint64_t kFreeSteps = 1024;
constexpr uint64_t kFreeStepsPerByte = 16;
// Bounds on all searches through a text, in bytes shown (but for the first) and in steps. An honest
// search looks at little more than its match, so it is shown less than 2 * kMoreBytes times that.
constexpr uint64_t kAllowance = 64'000'000;
constexpr uint64_t kAllowancePerByte = 256;
constexpr uint64_t kInterpreterCost = 16;  // of a byte, where compiled code gives up

// What search_at says when the allowance is used up: no code of PCRE2.
constexpr int kSpent = -(1 << 30);

uint64_t free_steps(size_t bytes) { return kFreeSteps + kFreeStepsPerByte * bytes; }

// The end of the character that is `size` bytes behind `start`, or of the text.
size_t window_end(std::string_view subject, size_t start, size_t size) {
  if (size >= subject.size() - start) return subject.size();
  size_t end = start + size;
  while (end < subject.size() && (static_cast<uint8_t>(subject[end]) & 0xC0) == 0x80) ++end;
  return end;
}

std::string describe_code(int code) {
  PCRE2_UCHAR buffer[160];
  const int length = pcre2_get_error_message(code, buffer, sizeof buffer);
  if (length < 0) return fmt::format("PCRE2 error {}", code);
  return {reinterpret_cast<const char*>(buffer), static_cast<size_t>(length)};
}

}  // namespace

void Regex::Free::operator()(pcre2_real_code_8* code) const { pcre2_code_free(code); }
void RegexMatcher::Free::operator()(pcre2_real_match_data_8* data) const {
  pcre2_match_data_free(data);
}
void RegexMatcher::Free::operator()(pcre2_real_match_context_8* context) const {
  pcre2_match_context_free(context);
}

Result<Regex> Regex::compile(std::string_view pattern) {
  if (pattern.size() > kMaxPatternBytes)
    return unsupported("a regular expression of {} bytes, more than the limit of {}",
                       pattern.size(), kMaxPatternBytes);
  GERBIL_TRY(const std::string rewritten, to_pcre2(pattern));

  struct FreeContext {
    void operator()(pcre2_compile_context* context) const { pcre2_compile_context_free(context); }
  };
  const std::unique_ptr<pcre2_compile_context, FreeContext> context(
      pcre2_compile_context_create(nullptr));
  if (!context) return fail(ErrorCode::kOutOfMemory, "no memory for a regular expression");
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  pcre2_set_parens_nest_limit(context.get(), kMaxNesting);
  // MULTILINE: ^ and $ are at every line in Oniguruma's default syntax. The dialect escapes all
  // that could reach NEVER_BACKSLASH_C and its like, so they stay off as a second lock.
  constexpr uint32_t kOptions = PCRE2_UTF | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C;
  Regex regex;
  for (const bool here : {false, true}) {
    int fault = 0;
    PCRE2_SIZE offset = 0;
    Code code(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(rewritten.data()), rewritten.size(),
                            kOptions | (here ? PCRE2_ANCHORED : 0), &fault, &offset,
                            context.get()));
    if (!code)
      return corrupt("the regular expression {} is not valid: {}", in_quotes(pattern),
                     describe_code(fault));
    // Without JIT support (other CPUs, memory that may not be executable) the interpreter runs it.
    pcre2_jit_compile(code.get(), PCRE2_JIT_COMPLETE | PCRE2_JIT_PARTIAL_HARD);
    (here ? regex.here_ : regex.anywhere_) = std::move(code);
  }
  return regex;
}

RegexMatcher::RegexMatcher(size_t first_bytes)
    : first_bytes_(first_bytes),
      allowance_(kAllowance),
      data_(pcre2_match_data_create(1, nullptr)),
      context_(pcre2_match_context_create(nullptr)) {
  if (context_) pcre2_set_heap_limit(context_.get(), kMaxHeapKib);
}

void RegexMatcher::begin_text(size_t size_bytes) {
  allowance_ = kAllowance + kAllowancePerByte * size_bytes;
}

bool RegexMatcher::spend(uint64_t cost) {
  const bool enough = cost <= allowance_;
  allowance_ -= enough ? cost : allowance_;
  return enough;
}

int RegexMatcher::search(const Regex::Code& code, std::string_view subject, size_t start,
                         size_t end, uint64_t steps) {
  // A partial match is one that wants to know what comes behind.
  const uint32_t partial = end < subject.size() ? PCRE2_PARTIAL_HARD : 0;
  pcre2_set_match_limit(context_.get(), static_cast<uint32_t>(std::min(steps, kMaxSteps)));
  const auto run = [&](uint32_t options) {
    return pcre2_match(code.get(), reinterpret_cast<PCRE2_SPTR>(subject.data()), end, start,
                       PCRE2_NO_UTF_CHECK | partial | options, data_.get(), context_.get());
  };
  const int found = run(0);
  // Compiled code has 32 KiB of stack; the interpreter's heap is larger.
  if (found != PCRE2_ERROR_JIT_STACKLIMIT) return found;
  return spend(kInterpreterCost * (end - start)) ? run(PCRE2_NO_JIT) : kSpent;
}

int RegexMatcher::search_at(const Regex& regex, std::string_view subject, size_t start) {
  for (size_t size = first_bytes_;; size *= kMoreBytes) {
    const size_t end = window_end(subject, start, size);
    if (size > first_bytes_ && !spend(end - start)) return kSpent;
    const uint64_t steps = free_steps(end - start);
    int code = search(regex.here_, subject, start, end, steps);
    if (code == PCRE2_ERROR_MATCHLIMIT && steps < kMaxSteps) {
      if (!spend(kMaxSteps)) return kSpent;
      code = search(regex.here_, subject, start, end, kMaxSteps);
    }
    if (code != PCRE2_ERROR_PARTIAL) return code;
  }
}

Result<std::optional<RegexMatch>> RegexMatcher::find(const Regex& regex, std::string_view subject,
                                                     size_t start) {
  if (!data_ || !context_)
    return fail(ErrorCode::kOutOfMemory, "no memory for a regular expression search");
  const PCRE2_SIZE* range = pcre2_get_ovector_pointer(data_.get());
  size_t one_by_one = start;   // where the starts below are tried one by one
  for (size_t at = start;;) {  // no match begins before
    if (at >= one_by_one) {
      const size_t end = window_end(subject, at, first_bytes_);
      const int code = search(regex.anywhere_, subject, at, end, free_steps(end - at));
      if (code >= 0) return RegexMatch{range[0], range[1]};
      if (code == PCRE2_ERROR_NOMATCH) {  // for no start here, whatever comes behind
        if (end == subject.size()) return std::nullopt;
        at = end;
        continue;
      }
      if (code == PCRE2_ERROR_PARTIAL) at = std::clamp(range[0], at, end);
      if (code == PCRE2_ERROR_MATCHLIMIT) one_by_one = end < subject.size() ? end : end + 1;
    }
    const int code = search_at(regex, subject, at);
    if (code >= 0) return RegexMatch{range[0], range[1]};
    if (code != PCRE2_ERROR_NOMATCH)
      return fail(ErrorCode::kUnsupported, "a regular expression gave up at byte {}: {}", at,
                  code == kSpent ? "it looks through the text too often" : describe_code(code));
    if (at == subject.size()) return std::nullopt;
    at = window_end(subject, at, 1);
  }
}

}  // namespace gerbil::text
