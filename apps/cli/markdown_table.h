// A Markdown table, shown once all of its rows are there: left-aligned columns where they fit, with
// the cells of the widest ones wrapped if need be; where that leaves no room to read, each row as
// lines "heading: cell". Pure functions.
#pragma once

#include <string>
#include <vector>

#include "cli/text_wrapper.h"

namespace gerbil::cli {

// "|---|:--:|": what makes the line before it a heading.
bool is_table_rule(std::u32string_view line);

// `lines` as they came, the rule second. Lines of `shown` are at most `width` cells (0: no limit)
// but for words that are wider.
std::vector<StyledText> show_table(const std::vector<std::u32string>& lines, int width,
                                   bool styles);

}  // namespace gerbil::cli
