#include "cli/markdown_line.h"

#include <algorithm>
#include <string>

namespace gerbil::cli {

bool only_of(std::u32string_view text, std::u32string_view allowed) {
  return std::all_of(text.begin(), text.end(),
                     [&](char32_t c) { return allowed.find(c) != std::u32string_view::npos; });
}

size_t run_length(std::u32string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && text[end] == text[at]) ++end;
  return end - at;
}

namespace {

using Text = std::u32string_view;
using Kind = LineStart::Kind;

// A list's mark of `length` characters at `at`: it needs a space behind it and something to say.
void read_list_mark(Text line, size_t at, size_t length, bool complete, LineStart::Kind kind,
                    LineStart& start) {
  const size_t behind = at + length;
  if (behind == line.size()) {
    if (complete) start.kind = Kind::kText;
    return;
  }
  if (line[behind] != ' ') {
    start.kind = Kind::kText;
    return;
  }
  size_t text = behind;
  while (text < line.size() && line[text] == ' ') ++text;
  if (text == line.size() && !complete && text - at < kMaxLineStart) return;
  start.kind = kind;
  start.length = text - at;
}

}  // namespace

LineStart read_line_start(Text line, const LineContext& context) {
  const bool complete = context.complete;
  LineStart start;
  size_t at = 0;
  const auto skip_spaces = [&] {
    start.indent = 0;
    for (; at < line.size() && (line[at] == ' ' || line[at] == '\t'); ++at) {
      start.indent += line[at] == '\t' ? 4 : 1;
    }
  };
  for (skip_spaces(); at < line.size() && line[at] == '>' && start.indent < 4; skip_spaces()) {
    ++start.quotes;
    ++at;
    if (at < line.size() && line[at] == ' ') ++at;
  }
  start.mark = at;
  if (at == line.size()) {
    if (complete) start.kind = start.quotes > 0 ? Kind::kText : Kind::kBlank;
    return start;
  }
  const char32_t c = line[at];
  const size_t run = run_length(line, at);
  const bool run_ended = at + run < line.size() || complete;
  if (start.indent >= 4 && !context.in_list && context.after_blank && start.quotes == 0) {
    start.kind = Kind::kIndentedCode;
    return start;
  }
  const Text rest = line.substr(at);
  switch (c) {
    case '#':
      if (!run_ended) break;
      if (run <= 6) {
        read_list_mark(line, at, run, complete, Kind::kHeading, start);
      } else {
        start.kind = Kind::kText;
      }
      return start;
    case '-':
    case '*':
    case '_':
    case '+':
      if (c != '+' && only_of(rest, std::u32string{c, ' '})) {
        if (!complete) break;
        if (std::count(rest.begin(), rest.end(), c) >= 3) {
          start.kind = Kind::kRule;
          return start;
        }
      }
      if (c == '_' || run > 1) {
        start.kind = Kind::kText;
      } else {
        read_list_mark(line, at, 1, complete, Kind::kBullet, start);
      }
      return start;
    case '`':
    case '~':
      if (!run_ended) break;
      if (run < 3) {
        start.kind = Kind::kText;
      } else if (c == '`' && rest.substr(run).find('`') != Text::npos) {
        start.kind = Kind::kText;  // code within a line
      } else if (complete) {
        start.kind = start.quotes > 0 ? Kind::kText : Kind::kFence;
        start.length = run;
      }
      return start;
    case '|':
      start.kind = start.quotes > 0 ? Kind::kText : Kind::kTable;
      return start;
    default:
      break;
  }
  if (c >= '0' && c <= '9') {
    size_t end = at;
    while (end < line.size() && line[end] >= '0' && line[end] <= '9') ++end;
    if (end == line.size() && !complete && end - at < 10) return start;
    if (end < line.size() && end - at < 10 && (line[end] == '.' || line[end] == ')')) {
      read_list_mark(line, at, end - at + 1, complete, Kind::kNumber, start);
      return start;
    }
    start.kind = Kind::kText;
    return start;
  }
  const bool may_be_more = c == '#' || c == '-' || c == '*' || c == '_' || c == '`' || c == '~';
  if (!may_be_more || complete) start.kind = Kind::kText;
  return start;
}

}  // namespace gerbil::cli
