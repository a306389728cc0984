#include "text/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/quote.h"
#include "text/regex_dialect.h"

namespace gerbil::text {
namespace {

constexpr size_t kMaxPatternBytes = 16384;
constexpr uint32_t kMaxNesting = 64;
// Bounds on one search. Honest tokenizer patterns need a few steps per character.
constexpr uint32_t kMaxSteps = 2'000'000;
constexpr uint32_t kMaxHeapKib = 256 * 1024;

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
  int code = 0;
  PCRE2_SIZE offset = 0;
  Regex regex;
  // MULTILINE: ^ and $ are at every line in Oniguruma's default syntax. The dialect escapes all
  // that could reach NEVER_BACKSLASH_C and its like, so they stay off as a second lock.
  regex.code_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(rewritten.data()), rewritten.size(),
                                  PCRE2_UTF | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C, &code,
                                  &offset, context.get()));
  if (!regex.code_)
    return corrupt("the regular expression {} is not valid: {}", in_quotes(pattern),
                   describe_code(code));
  // Without JIT support (other CPUs, memory that may not be executable) the interpreter runs it.
  pcre2_jit_compile(regex.code_.get(), PCRE2_JIT_COMPLETE);
  return regex;
}

RegexMatcher::RegexMatcher()
    : data_(pcre2_match_data_create(1, nullptr)), context_(pcre2_match_context_create(nullptr)) {
  if (context_) {
    pcre2_set_match_limit(context_.get(), kMaxSteps);
    pcre2_set_heap_limit(context_.get(), kMaxHeapKib);
  }
}

Result<std::optional<RegexMatch>> RegexMatcher::find(const Regex& regex, std::string_view subject,
                                                     size_t start) {
  if (!data_ || !context_)
    return fail(ErrorCode::kOutOfMemory, "no memory for a regular expression search");
  const auto search = [&](uint32_t options) {
    return pcre2_match(regex.code_.get(), reinterpret_cast<PCRE2_SPTR>(subject.data()),
                       subject.size(), start, PCRE2_NO_UTF_CHECK | options, data_.get(),
                       context_.get());
  };
  int code = search(0);
  // Compiled code has 32 KiB of stack; the interpreter's heap is larger.
  if (code == PCRE2_ERROR_JIT_STACKLIMIT) code = search(PCRE2_NO_JIT);
  if (code == PCRE2_ERROR_NOMATCH) return std::nullopt;
  if (code < 0)
    return fail(ErrorCode::kUnsupported, "a regular expression gave up at byte {}: {}", start,
                describe_code(code));
  const PCRE2_SIZE* range = pcre2_get_ovector_pointer(data_.get());
  return RegexMatch{range[0], range[1]};
}

}  // namespace gerbil::text
