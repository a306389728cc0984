// Regular expressions as tokenizer.json writes them (Oniguruma's dialect, as the Hugging Face
// library reads it), run by PCRE2.
//
// Where the two dialects or their Unicode data differ the pattern is rewritten, every class spelled
// out (regex_dialect.h); what cannot be rewritten exactly is kUnsupported. One difference is left:
// scripts (\p{Han}) are those of PCRE2's Unicode (14 in Debian 12), where the Hugging Face library
// has 16. A Regex is
// immutable: any number of threads may each search with a RegexMatcher of their own. Subjects must
// be valid UTF-8. A search that passes PCRE2's limits on steps or memory is an error, never a hang.
#pragma once

#include <cstddef>
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
  std::unique_ptr<pcre2_real_code_8, Free> code_;
};

struct RegexMatch {
  size_t begin = 0;  // bytes
  size_t end = 0;
};

// The memory that searching needs: cheap to make, one thread at a time, for any Regex.
class RegexMatcher {
 public:
  RegexMatcher();

  // The leftmost match that begins at `start` or later; look-behind sees the text before it.
  Result<std::optional<RegexMatch>> find(const Regex& regex, std::string_view subject,
                                         size_t start);

 private:
  struct Free {
    void operator()(pcre2_real_match_data_8* data) const;
    void operator()(pcre2_real_match_context_8* context) const;
  };
  std::unique_ptr<pcre2_real_match_data_8, Free> data_;
  std::unique_ptr<pcre2_real_match_context_8, Free> context_;
};

}  // namespace gerbil::text
