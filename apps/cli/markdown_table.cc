#include "cli/markdown_table.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "cli/markdown_inline.h"
#include "cli/unicode_text.h"

namespace gerbil::cli {
namespace {

using Text = std::u32string_view;
using Row = std::vector<StyledText>;

constexpr int kGap = 3;        // " │ "
constexpr int kMinColumn = 8;  // narrower than that, wrapped cells are no pleasure

Text trimmed(Text text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::vector<std::u32string> split_row(Text line) {
  line = trimmed(line);
  if (line.starts_with('|')) line.remove_prefix(1);
  std::vector<std::u32string> cells(1);
  bool code = false;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\' && i + 1 < line.size() && line[i + 1] == '|') {
      cells.back() += line[++i];
    } else if (line[i] == '|' && !code) {
      if (trimmed(line.substr(i + 1)).empty()) break;  // the line's end
      cells.emplace_back();
    } else {
      if (line[i] == '`') code = !code && line.find('`', i + 1) != Text::npos;
      cells.back() += line[i];
    }
  }
  return cells;
}

Row read_row(Text line, size_t columns, bool styles, uint8_t style) {
  Row row;
  for (const std::u32string& cell : split_row(line)) {
    if (row.size() == columns) break;  // more cells than headings: GitHub drops them too
    row.push_back(markdown_inline(trimmed(cell), styles, style));
  }
  row.resize(columns);
  return row;
}

void append(StyledText& line, const StyledText& more) {
  line.insert(line.end(), more.begin(), more.end());
}

// The cell's words in lines of at most `width` cells.
std::vector<StyledText> wrap_cell(const StyledText& cell, int width) {
  std::vector<StyledText> lines(1);
  int used = 0;
  for (size_t i = 0; i < cell.size();) {
    size_t end = i;
    while (end < cell.size() && cell[end].c == ' ') ++end;
    const size_t word = end;
    while (end < cell.size() && cell[end].c != ' ') ++end;
    const StyledText spaces(cell.begin() + static_cast<ptrdiff_t>(i),
                            cell.begin() + static_cast<ptrdiff_t>(word));
    const StyledText letters(cell.begin() + static_cast<ptrdiff_t>(word),
                             cell.begin() + static_cast<ptrdiff_t>(end));
    i = end;
    if (used > 0 && used + cell_width(spaces) + cell_width(letters) > width) {
      lines.emplace_back();
      used = 0;
    } else if (used > 0) {
      append(lines.back(), spaces);
      used += cell_width(spaces);
    }
    for (const StyledChar& c : letters) {
      const int cells = cell_width(c.c);
      if (used > 0 && used + cells > width) {
        lines.emplace_back();
        used = 0;
      }
      lines.back().push_back(c);
      used += cells;
    }
  }
  return lines;
}

// Columns at their natural width, the widest cut until the line fits. Empty: it cannot.
std::vector<int> column_widths(const std::vector<Row>& rows, int width) {
  std::vector<int> widths(rows[0].size());
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max({widths[i], cell_width(row[i]), 1});
    }
  }
  const int gaps = kGap * static_cast<int>(widths.size() - 1);
  if (width == 0) return widths;
  for (int sum = std::accumulate(widths.begin(), widths.end(), gaps); sum > width;) {
    int& widest = *std::max_element(widths.begin(), widths.end());
    if (widest <= kMinColumn) return {};
    --widest;
    --sum;
  }
  return widths;
}

void show_columns(const Row& row, const std::vector<int>& widths, std::vector<StyledText>& shown) {
  std::vector<std::vector<StyledText>> cells;
  size_t height = 1;
  for (size_t i = 0; i < row.size(); ++i) {
    cells.push_back(wrap_cell(row[i], widths[i]));
    height = std::max(height, cells.back().size());
  }
  for (size_t k = 0; k < height; ++k) {
    StyledText line;
    int missing = 0;  // spaces are written only before something
    for (size_t i = 0; i < cells.size(); ++i) {
      const StyledText part = k < cells[i].size() ? cells[i][k] : StyledText();
      if (i > 0) {
        append(line, styled(std::string(static_cast<size_t>(missing), ' '), kPlain));
        append(line, styled(" │ ", kDim));
      }
      append(line, part);
      missing = widths[i] - cell_width(part);
    }
    while (!line.empty() && line.back().c == ' ') line.pop_back();
    shown.push_back(std::move(line));
  }
}

StyledText rule(const std::vector<int>& widths) {
  std::string text;
  for (size_t i = 0; i < widths.size(); ++i) {
    if (i > 0) text += "─┼─";
    for (int k = 0; k < widths[i]; ++k) text += "─";
  }
  return styled(text, kDim);
}

void show_records(const std::vector<Row>& rows, int width, std::vector<StyledText>& shown) {
  for (size_t r = 1; r < rows.size(); ++r) {
    if (r > 1) shown.emplace_back();
    for (size_t i = 0; i < rows[0].size(); ++i) {
      if (rows[r][i].empty()) continue;
      StyledText line = rows[0][i];
      if (!line.empty()) append(line, styled(": ", kPlain));
      append(line, rows[r][i]);
      for (StyledText& part : wrap_cell(line, width)) shown.push_back(std::move(part));
    }
  }
}

}  // namespace

bool is_table_rule(std::u32string_view line) {
  bool dash = false;
  bool bar = false;
  for (const char32_t c : line) {
    if (Text(U"|-: \t").find(c) == Text::npos) return false;
    dash = dash || c == '-';
    bar = bar || c == '|';
  }
  return dash && bar;
}

std::vector<StyledText> show_table(const std::vector<std::u32string>& lines, int width,
                                   bool styles) {
  const size_t columns = split_row(lines[0]).size();
  std::vector<Row> rows = {read_row(lines[0], columns, styles, kBold)};
  for (size_t i = 2; i < lines.size(); ++i) {
    rows.push_back(read_row(lines[i], columns, styles, kPlain));
  }
  std::vector<StyledText> shown;
  const std::vector<int> widths = column_widths(rows, width);
  if (widths.empty()) {
    show_records(rows, width, shown);
    return shown;
  }
  show_columns(rows[0], widths, shown);
  shown.push_back(rule(widths));
  for (size_t i = 1; i < rows.size(); ++i) show_columns(rows[i], widths, shown);
  return shown;
}

}  // namespace gerbil::cli
