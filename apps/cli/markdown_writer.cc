#include "cli/markdown_writer.h"

#include <algorithm>
#include <utility>

#include "cli/markdown_line.h"
#include "cli/markdown_table.h"

namespace gerbil::cli {
namespace {

using Text = std::u32string_view;

constexpr size_t kMaxTableRows = 500;
constexpr size_t kMaxTableSize = 1 << 16;
constexpr int kMaxQuotes = 4;  // bars that are shown
constexpr int kRuleWidth = 40;

StyledText spaces(int count) {
  return styled(std::string(static_cast<size_t>(std::max(0, count)), ' '), kPlain);
}

void append(StyledText& text, const StyledText& more) {
  text.insert(text.end(), more.begin(), more.end());
}

}  // namespace

// ---- characters in

std::string MarkdownWriter::push(std::string_view piece) {
  std::u32string text;
  decoder_.push(piece, text);
  for (const char32_t c : text) put(c);
  return wrapper_.take();
}

std::string MarkdownWriter::finish() {
  std::u32string text;
  decoder_.finish(text);
  for (const char32_t c : text) put(c);
  const bool open = mode_ == Mode::kText || mode_ == Mode::kCodeLine || !line_.empty();
  if (std::exchange(carriage_return_, false) || open) put('\n');
  end_table();
  return wrapper_.take();
}

void MarkdownWriter::put(char32_t c) {
  if (std::exchange(carriage_return_, false) && c != '\n') put(kReplacement);
  if (c == '\r') {
    carriage_return_ = true;
    return;
  }
  const bool line_feed = c == '\n';
  if (!line_feed && c != '\t' && is_control(c)) c = kReplacement;
  switch (mode_) {
    case Mode::kLineStart:
      if (!line_feed) line_ += c;
      decide_line(line_feed);
      return;
    case Mode::kText:
      if (line_feed) {
        end_text();
      } else {
        text_char(c);
      }
      return;
    case Mode::kFence:
      fence_char(c, line_feed);
      return;
    case Mode::kCodeLine:
      if (line_feed) {
        wrapper_.end_line();
        mode_ = fence_length_ > 0 ? Mode::kFence : Mode::kLineStart;
      } else {
        wrapper_.put_verbatim(c, kCode);
      }
      return;
    case Mode::kTableRow:
      if (!line_feed) {
        line_ += c;
        ++table_size_;
        if (table_size_ < kMaxTableSize) return;
      }
      table_.push_back(std::exchange(line_, {}));
      mode_ = Mode::kLineStart;
      // A heading without its rule is no table.
      if ((table_.size() == 2 && !is_table_rule(table_[1])) || table_.size() == kMaxTableRows ||
          table_size_ >= kMaxTableSize) {
        end_table();
      }
      return;
  }
}

void MarkdownWriter::decide_line(bool complete) {
  using Kind = LineStart::Kind;
  LineStart start = read_line_start(
      line_, {.complete = complete, .in_list = in_list_, .after_blank = after_blank_});
  if (start.kind == Kind::kUndecided) {
    if (line_.size() < kMaxLineStart) return;
    start.kind = Kind::kText;
  }
  if (start.kind != Kind::kTable) end_table();
  if (start.kind == Kind::kBlank) {
    line_.clear();
    blank_line();
    return;
  }
  if (start.kind == Kind::kTable) {
    mode_ = Mode::kTableRow;
    table_size_ += line_.size();
    if (complete) put('\n');
    return;
  }
  begin_block(start);
  if (complete && mode_ == Mode::kText) end_text();
  if (complete && mode_ == Mode::kCodeLine) put('\n');
}

void MarkdownWriter::begin_block(const LineStart& start) {
  using Kind = LineStart::Kind;
  separate();
  const std::u32string line = std::exchange(line_, {});
  const int width = wrapper_.width();
  // Up to three spaces mean nothing, but in a list.
  const bool list = start.kind == Kind::kBullet || start.kind == Kind::kNumber;
  const int meant = list || in_list_ || start.indent > 3 ? start.indent : 0;
  const int indent = width > 0 ? std::min(meant, width / 2) : meant;
  if (start.kind == Kind::kFence) {
    fence_mark_ = line[start.mark];
    fence_length_ = start.length;
    verbatim_line(line, kDim);
    mode_ = Mode::kFence;
    return;
  }
  if (start.kind == Kind::kIndentedCode) {
    for (const char32_t c : line) wrapper_.put_verbatim(c, kCode);
    mode_ = Mode::kCodeLine;
    return;
  }
  if (start.kind == Kind::kRule) {
    const int cells = width > 0 ? std::min(width, kRuleWidth) : kRuleWidth;
    std::string text;
    for (int i = 0; i < cells; ++i) text += "─";
    wrapper_.begin_line(styled(text, kDim), {});
    wrapper_.end_line();
    after_blank_ = false;
    in_list_ = false;
    return;
  }

  StyledText first;
  for (int i = 0; i < std::min(start.quotes, kMaxQuotes); ++i) {
    append(first, styles_ ? styled("│ ", kDim) : styled("> ", kPlain));
  }
  append(first, spaces(indent));
  StyledText next = first;
  uint8_t style = kPlain;
  size_t text = start.mark;
  if (start.kind == Kind::kHeading) {
    style = kBold;
    if (styles_) text += start.length;
  } else if (start.kind == Kind::kBullet) {
    append(first, styled("• ", kPlain));
    append(next, spaces(2));
    text += start.length;
  } else if (start.kind == Kind::kNumber) {
    const Text mark = Text(line).substr(start.mark, start.length);
    append(first, styled(to_utf8(mark.substr(0, mark.find(' '))) + " ", kPlain));
    append(next, spaces(static_cast<int>(first.size() - next.size())));
    text += start.length;
  }
  if (list) {
    in_list_ = true;
  } else if (start.indent == 0) {
    in_list_ = false;
  }
  wrapper_.begin_line(std::move(first), std::move(next));
  inline_.begin(style);
  mode_ = Mode::kText;
  for (const char32_t c : Text(line).substr(text)) text_char(c);
}

// ---- lines out

void MarkdownWriter::text_char(char32_t c) {
  StyledText shown;
  inline_.put(c, shown);
  wrapper_.put(shown);
}

void MarkdownWriter::end_text() {
  StyledText shown;
  inline_.end(shown);
  wrapper_.put(shown);
  wrapper_.end_line();
  mode_ = Mode::kLineStart;
  after_blank_ = false;
}

void MarkdownWriter::blank_line() {
  blank_due_ = any_line_;
  after_blank_ = true;
}

void MarkdownWriter::separate() {
  if (std::exchange(blank_due_, false)) wrapper_.end_line();
  any_line_ = true;
}

void MarkdownWriter::fence_char(char32_t c, bool complete) {
  if (!complete) line_ += c;
  const Text line = line_;
  const size_t mark = std::min(line.find_first_not_of(U" \t"), line.size());
  const size_t run = mark < line.size() && line[mark] == fence_mark_ ? run_length(line, mark) : 0;
  const bool closes = run >= fence_length_ && only_of(line.substr(mark + run), U" \t");
  const bool may_close = mark + run == line.size() || closes;
  if (!complete && may_close && line.size() < kMaxLineStart) return;
  const std::u32string held = std::exchange(line_, {});
  if (complete && closes) {
    fence_length_ = 0;
    verbatim_line(held, kDim);
    mode_ = Mode::kLineStart;
    after_blank_ = false;
    return;
  }
  for (const char32_t held_char : held) wrapper_.put_verbatim(held_char, kCode);
  if (complete) {
    wrapper_.end_line();
  } else {
    mode_ = Mode::kCodeLine;
  }
}

void MarkdownWriter::verbatim_line(std::u32string_view line, uint8_t style) {
  for (const char32_t c : line) wrapper_.put_verbatim(c, style);
  wrapper_.end_line();
}

void MarkdownWriter::end_table() {
  const std::vector<std::u32string> lines = std::exchange(table_, {});
  table_size_ = 0;
  if (lines.empty()) return;
  const bool blank = std::exchange(blank_due_, false);
  if (blank) wrapper_.end_line();
  any_line_ = true;
  after_blank_ = false;
  if (lines.size() >= 2 && is_table_rule(lines[1])) {
    for (const StyledText& line : show_table(lines, wrapper_.width(), styles_)) {
      wrapper_.begin_line(line, {});
      wrapper_.end_line();
    }
    return;
  }
  for (const std::u32string& line : lines) {
    inline_.begin(kPlain);
    mode_ = Mode::kText;
    for (const char32_t c : line) text_char(c);
    end_text();
  }
}

}  // namespace gerbil::cli
