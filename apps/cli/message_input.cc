#include "cli/message_input.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

namespace gerbil::cli {

std::optional<std::string> MessageInput::add(std::string_view line) {
  constexpr std::string_view kQuotes = R"(""")";
  if (!open_ && line.contains('\n')) return std::string(line);
  if (!open_ && line.starts_with(kQuotes)) {
    open_ = true;
    quoted_ = true;
    line.remove_prefix(kQuotes.size());
    if (line.empty()) return std::nullopt;
  }
  if (quoted_) {
    const bool ends = line.ends_with(kQuotes);
    if (ends) line.remove_suffix(kQuotes.size());
    // The line feed before quotes on a line of their own is theirs.
    if (!ends || !line.empty()) lines_.emplace_back(line);
    if (!ends) return std::nullopt;
    return take();
  }
  open_ = line.ends_with('\\');
  if (open_) line.remove_suffix(1);
  lines_.emplace_back(line);
  if (open_) return std::nullopt;
  return take();
}

std::string MessageInput::take() {
  open_ = false;
  quoted_ = false;
  return fmt::format("{}", fmt::join(std::exchange(lines_, {}), "\n"));
}

}  // namespace gerbil::cli
