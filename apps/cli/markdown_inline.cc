#include "cli/markdown_inline.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "cli/markdown_line.h"

namespace gerbil::cli {
namespace {

constexpr size_t kMaxHeld = 300;   // characters of emphasis or code
constexpr size_t kMaxLink = 2000;  // of a link with its address
constexpr int kMaxDepth = 8;       // of emphasis in emphasis

using Text = std::u32string_view;

bool is_space(char32_t c) { return c == ' ' || c == '\t' || c == 0xA0 || c == 0x3000; }
bool is_word(char32_t c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
// What a backslash before it makes plain. Not brackets and braces: TeX has \( and \[ and \{.
bool is_escapable(char32_t c) { return Text(U"*_`#~>|!-+.$<&").find(c) != Text::npos; }

// What the front of the held text is.
struct Unit {
  size_t length = 0;  // 0: not decided yet
  uint8_t style = kPlain;
  Text inside;          // shown with the style
  bool nested = false;  // and holds Markdown of its own
  Text address;         // of a link
};

class Front {
 public:
  // `complete`: nothing comes after `text`.
  Front(Text text, char32_t before, bool complete, bool styles)
      : text_(text), before_(before), complete_(complete), styles_(styles) {}

  Unit read() const {
    switch (text_[0]) {
      case '\\':
        if (text_.size() == 1) return wait_or(1, kMaxHeld);
        return is_escapable(text_[1]) ? Unit{.length = 2, .inside = text_.substr(1, 1)} : plain(1);
      case '`':
        return code();
      case '*':
      case '_':
      case '~':
        return emphasis();
      case '!':
        if (text_.size() == 1) return wait_or(1, kMaxHeld);
        return text_[1] == '[' ? link(1) : plain(1);
      case '[':
        return link(0);
      default:
        return plain(1);
    }
  }

 private:
  Unit plain(size_t length) const { return {.length = length, .inside = text_.substr(0, length)}; }
  // More may decide it; without more, or with too much already, the first characters are text.
  Unit wait_or(size_t length, size_t limit) const {
    return complete_ || text_.size() > limit ? plain(length) : Unit{};
  }
  // A run of marks may go on with what comes next.
  bool may_grow(size_t at, size_t length) const {
    return at + length == text_.size() && !complete_;
  }

  // The end of the code that begins with a run at `at`; nullopt: there is none so far.
  std::optional<size_t> end_of_code(size_t at) const {
    const size_t run = run_length(text_, at);
    for (size_t i = at + run; i < text_.size();) {
      if (text_[i] != '`') {
        ++i;
        continue;
      }
      const size_t other = run_length(text_, i);
      if (may_grow(i, other)) return std::nullopt;
      i += other;
      if (other == run) return i;
    }
    return std::nullopt;
  }

  Unit code() const {
    const size_t run = run_length(text_, 0);
    if (may_grow(0, run)) return wait_or(run, kMaxHeld);
    const std::optional<size_t> end = end_of_code(0);
    if (!end) return wait_or(run, kMaxHeld);
    if (!styles_) return plain(*end);
    Text inside = text_.substr(run, *end - 2 * run);
    if (inside.size() > 2 && inside.front() == ' ' && inside.back() == ' ') {
      inside = inside.substr(1, inside.size() - 2);
    }
    return {.length = *end, .style = kCode, .inside = inside};
  }

  Unit emphasis() const {
    const char32_t mark = text_[0];
    const size_t run = run_length(text_, 0);
    if (run > 3 || (mark == '~' && run > 2)) return plain(run);
    if (may_grow(0, run)) return wait_or(run, kMaxHeld);
    if (run == text_.size() || is_space(text_[run]) || (mark == '~' && run == 1)) return plain(run);
    const bool in_word =
        mark == '_' ? is_word(before_) || before_ >= 0x80 : is_word(before_) && is_word(text_[run]);
    if (in_word || !styles_) return plain(run);
    const std::optional<size_t> end = end_of_emphasis(run);
    if (!end) return wait_or(run, kMaxHeld);
    constexpr uint8_t kStyles[] = {kPlain, kItalic, kBold, kBold | kItalic};
    return {.length = *end,
            .style = mark == '~' ? static_cast<uint8_t>(kStrike) : kStyles[run],
            .inside = text_.substr(run, *end - 2 * run),
            .nested = true};
  }

  // Behind the run of the same length that closes the one at the front.
  std::optional<size_t> end_of_emphasis(size_t run) const {
    const char32_t mark = text_[0];
    bool inner = false;  // *italic* in **bold**, or the reverse, is open
    for (size_t i = run; i < text_.size();) {
      if (text_[i] == '\\' && i + 1 < text_.size() && is_escapable(text_[i + 1])) {
        i += 2;
      } else if (text_[i] == '`') {
        const std::optional<size_t> end = end_of_code(i);
        i = end ? *end : i + run_length(text_, i);
      } else if (text_[i] != mark) {
        ++i;
      } else {
        const size_t other = run_length(text_, i);
        if (may_grow(i, other)) return std::nullopt;
        const size_t after = i + other;
        const char32_t next = after < text_.size() ? text_[after] : U' ';
        const bool closes = !is_space(text_[i - 1]) && !(is_word(text_[i - 1]) && is_word(next)) &&
                            !(mark == '_' && is_word(next));
        if (closes && other == run) return after;
        if (closes && other == 3 && run < 3 && inner) return after;
        if (run < 3 && other == 3 - run) inner = !inner;
        i = after;
      }
    }
    return std::nullopt;
  }

  // [text](address), with an '!' before it where `skip` is 1.
  Unit link(size_t skip) const {
    size_t i = skip + 1;
    const auto find_close = [&](char32_t open, char32_t close) {
      for (int depth = 1; i < text_.size(); ++i) {
        if (text_[i] == '\\') {
          ++i;
        } else if (text_[i] == open) {
          ++depth;
        } else if (text_[i] == close && --depth == 0) {
          return true;
        }
      }
      return false;
    };
    if (!find_close('[', ']')) return wait_or(skip + 1, kMaxHeld);
    const Text inside = text_.substr(skip + 1, i - skip - 1);
    if (++i == text_.size()) return wait_or(skip + 1, kMaxLink);
    if (text_[i] != '(') return plain(skip + 1);
    const size_t begin = ++i;
    if (!find_close('(', ')')) return wait_or(skip + 1, kMaxLink);
    Text address = text_.substr(begin, i - begin);
    address = address.substr(0, address.find(' '));  // a title may follow
    if (address.starts_with('<') && address.ends_with('>')) {
      address = address.substr(1, address.size() - 2);
    }
    if (inside.empty() || address.empty()) return plain(skip + 1);
    return {.length = i + 1,
            .style = kUnderline,
            .inside = inside,
            .nested = true,
            .address = address == inside ? Text() : address};
  }

  Text text_;
  char32_t before_;
  bool complete_;
  bool styles_;
};

void show(Text text, uint8_t style, StyledText& shown) {
  for (const char32_t c : text) shown.push_back({c, style});
}

// Shows what is decided of `text`; what is left of it.
Text drain(Text text, char32_t& before, bool complete, bool styles, uint8_t style, int depth,
           StyledText& shown) {
  while (!text.empty()) {
    // A bounded look ahead: a long line of marks that never close takes no quadratic time.
    const Text window = text.substr(0, kMaxLink + 1);
    const bool all = complete && window.size() == text.size();
    const Unit unit = Front(window, before, all, styles).read();
    if (unit.length == 0) break;
    const auto inner = static_cast<uint8_t>(style | unit.style);
    if (unit.nested && depth < kMaxDepth) {
      char32_t before_inner = ' ';
      drain(unit.inside, before_inner, true, styles, inner, depth + 1, shown);
    } else {
      show(unit.inside, inner, shown);
    }
    if (!unit.address.empty()) {
      show(U" (", style, shown);
      show(unit.address, static_cast<uint8_t>(style | kDim), shown);
      show(U")", style, shown);
    }
    before = text[unit.length - 1];
    text.remove_prefix(unit.length);
  }
  return text;
}

}  // namespace

void MarkdownInline::begin(uint8_t style) {
  style_ = style;
  last_ = ' ';
  held_.clear();
}

void MarkdownInline::put(char32_t c, StyledText& shown) {
  held_ += c;
  const size_t left = drain(held_, last_, false, styles_, style_, 0, shown).size();
  held_.erase(0, held_.size() - left);
}

void MarkdownInline::end(StyledText& shown) {
  drain(held_, last_, true, styles_, style_, 0, shown);
  held_.clear();
}

StyledText markdown_inline(std::u32string_view text, bool styles, uint8_t style) {
  StyledText shown;
  char32_t before = ' ';
  drain(text, before, true, styles, style, 0, shown);
  return shown;
}

}  // namespace gerbil::cli
