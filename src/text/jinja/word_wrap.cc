// https://docs.python.org/3/library/textwrap.html: the rules of TextWrapper with expand_tabs and
// replace_whitespace off.
#include "text/jinja/word_wrap.h"

#include <algorithm>

#include "text/jinja/python_text.h"
#include "text/utf8.h"

namespace gerbil::text::jinja {
namespace {

bool is_blank(char32_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }  // not all of is_space
bool is_word(char32_t c) { return c == '_' || is_alpha(c) || is_numeric(c); }
bool is_letter(char32_t c) { return is_word(c) && !is_decimal(c); }
bool is_word_or_mark(char32_t c) {
  return is_word(c) || (c < 0x80 && std::string_view("!\"'&.,?").find(static_cast<char>(c)) !=
                                        std::string_view::npos);
}

// Words with what follows them up to a place where the line may break, and the blanks between.
class Splitter {
 public:
  Splitter(const std::u32string& text, bool on_hyphens)
      : text_(text), on_hyphens_(on_hyphens), dashes_end_(text.size() + 1, text.size()) {
    for (size_t i = text.size(); i-- > 0;)
      dashes_end_[i] =
          text[i] == '-' && i + 1 < text.size() && text[i + 1] == '-' ? dashes_end_[i + 1] : i + 1;
  }

  std::vector<std::u32string_view> run() const {
    std::vector<std::u32string_view> out;
    for (size_t at = 0; at < text_.size();) {
      const size_t end = chunk_end(at);
      out.push_back(std::u32string_view(text_).substr(at, end - at));
      at = end;
    }
    return out;
  }

 private:
  size_t chunk_end(size_t at) const {
    size_t end = at + 1;
    if (is_blank(text_[at])) {
      while (end < text_.size() && is_blank(text_[end])) ++end;
      return end;
    }
    if (on_hyphens_ && is_em_dash(at)) return dashes_end_[at];
    for (; end < text_.size() && !is_blank(text_[end]); ++end) {
      if (!on_hyphens_) continue;
      if (text_[end] == '-' && is_hyphen(end)) return end + 1;
      if (is_em_dash(end)) return end;
    }
    return end;
  }

  // Two or more dashes between words.
  bool is_em_dash(size_t at) const {
    if (at == 0 || text_[at] != '-' || !is_word_or_mark(text_[at - 1])) return false;
    const size_t end = dashes_end_[at];
    return end >= at + 2 && end < text_.size() && is_word(text_[end]);
  }

  // The dash at `at` stands inside of a word that may be broken behind it.
  bool is_hyphen(size_t at) const {
    const auto letter = [&](size_t i) { return i < text_.size() && is_letter(text_[i]); };
    const bool after_two = at >= 2 && letter(at - 1) && letter(at - 2);
    const bool after_one =
        at >= 3 && is_word_or_mark(text_[at - 1]) && text_[at - 2] == '-' && letter(at - 3);
    if (!after_two && !after_one) return false;
    return letter(at + 1) &&
           (letter(at + 2) || (at + 2 < text_.size() && text_[at + 2] == '-' && letter(at + 3)));
  }

  const std::u32string& text_;  // which the chunks are views of
  bool on_hyphens_;
  std::vector<size_t> dashes_end_;  // of the run of dashes that holds this one
};

bool is_all_space(std::u32string_view text) {
  return std::all_of(text.begin(), text.end(), is_space);
}

// How much of a word that is longer than a line still goes on this one.
size_t long_word_part(std::u32string_view word, size_t room, bool on_hyphens) {
  if (!on_hyphens || word.size() <= room || room == 0) return room;
  const size_t hyphen = word.rfind(U'-', room - 1);
  if (hyphen == std::u32string_view::npos || hyphen == 0) return room;
  const bool only_dashes =
      std::all_of(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(hyphen),
                  [](char32_t c) { return c == '-'; });
  return only_dashes ? room : hyphen + 1;
}

}  // namespace

std::vector<std::string> wrap_line(std::string_view line, const WrapStyle& style) {
  std::u32string text;
  for_each_code_point(line, [&](char32_t c, size_t, size_t) { text += c; });
  std::vector<std::u32string_view> chunks = Splitter(text, style.break_on_hyphens).run();
  std::reverse(chunks.begin(), chunks.end());  // the next one last
  const auto width = static_cast<size_t>(style.width);
  std::vector<std::string> out;
  while (!chunks.empty()) {
    if (!out.empty() && is_all_space(chunks.back())) chunks.pop_back();
    std::vector<std::u32string_view> current;
    size_t length = 0;
    while (!chunks.empty() && length + chunks.back().size() <= width) {
      length += chunks.back().size();
      current.push_back(chunks.back());
      chunks.pop_back();
    }
    if (!chunks.empty() && chunks.back().size() > width) {
      if (style.break_long_words) {
        const size_t part = long_word_part(chunks.back(), width - length, style.break_on_hyphens);
        current.push_back(chunks.back().substr(0, part));
        chunks.back().remove_prefix(part);
      } else if (current.empty()) {
        current.push_back(chunks.back());
        chunks.pop_back();
      }
    }
    if (!current.empty() && is_all_space(current.back())) current.pop_back();
    if (current.empty()) continue;
    std::string piece;
    for (std::u32string_view chunk : current)
      for (char32_t c : chunk) append_utf8(piece, c);
    out.push_back(std::move(piece));
  }
  return out;
}

}  // namespace gerbil::text::jinja
