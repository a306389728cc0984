// Regular expressions as tokenizer.json writes them (Oniguruma's dialect, as the Hugging Face
// library reads it), run by PCRE2.
//
// Where the two dialects or their Unicode data differ the pattern is rewritten, every class spelled
// out (regex_dialect.h); what cannot be rewritten exactly is kUnsupported. One difference is left:
// scripts (\p{Han}) are those of PCRE2's Unicode (14 in Debian 12), where the Hugging Face library
// has 16. A Regex is immutable: any number of threads may each search with a RegexMatcher of their
// own. Subjects must be valid UTF-8. A search that passes the limits on steps or memory is an
// error, never a hang, and so are searches that look through a text again and again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

struct pcre2_real_code_8;
struct pcre2_real_match_data_8;
struct pcre2_real_match_context_8;

namespace gerbil::text {

class Regex {
 public:
  // Errors name the pattern, without a file.
  static Result<Regex> compile(std::string_view pattern);

 private:
  friend class RegexMatcher;
  struct Free {
    void operator()(pcre2_real_code_8* code) const;
  };
  using Code = std::unique_ptr<pcre2_real_code_8, Free>;
  Code anywhere_;  // finds a match from where it starts on
  Code here_;      // ... that begins where it starts
};

struct RegexMatch {
  size_t begin = 0;  // bytes
  size_t end = 0;
};

// The memory that searching needs: cheap to make, one thread at a time, for any Regex.
//
// A hostile pattern may look through the whole rest of the text for each match, or each place where
// none begins. So a search is shown a few bytes first, and more of them only for a place from where
// it looks beyond; what it then costs is counted against all that a text of that size can need: the
// time is linear in the text.
class RegexMatcher {
 public:
  // A search is shown `first_bytes` at first: the answers do not depend on it.
  static constexpr size_t kFirstBytes = 256;
  RegexMatcher() : RegexMatcher(kFirstBytes) {}
  explicit RegexMatcher(size_t first_bytes);

  // Before the searches through a text, or its parts, of so many bytes in all.
  void begin_text(size_t size_bytes);

  // The leftmost match that begins at `start` or later; look-behind sees the text before it.
  Result<std::optional<RegexMatch>> find(const Regex& regex, std::string_view subject,
                                         size_t start);

 private:
  struct Free {
    void operator()(pcre2_real_match_data_8* data) const;
    void operator()(pcre2_real_match_context_8* context) const;
  };
  bool spend(uint64_t cost);  // false: the allowance is used up
  // In subject[0, end). A code of PCRE2's.
  int search(const Regex::Code& code, std::string_view subject, size_t start, size_t end,
             uint64_t steps);
  // A match that begins at `start`.
  int search_at(const Regex& regex, std::string_view subject, size_t start);

  size_t first_bytes_;
  uint64_t allowance_;  // bytes and steps
  std::unique_ptr<pcre2_real_match_data_8, Free> data_;
  std::unique_ptr<pcre2_real_match_context_8, Free> context_;
};

}  // namespace gerbil::text
