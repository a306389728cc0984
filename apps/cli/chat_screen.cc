#include "cli/chat_screen.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "cli/report.h"
#include "cli/unicode_text.h"

namespace gerbil::cli {

int ChatScreen::terminal_width() {
  if (!is_terminal(STDOUT_FILENO)) return 0;
  constexpr int kUnknown = 80;
  constexpr int kLeast = 10;
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUnknown;
  return std::max<int>(size.ws_col, kLeast);
}

void ChatScreen::say(std::string_view text, uint8_t style) {
  if (!person_) {
    print_error_line(fmt::format("gerbil: {}", text));
    return;
  }
  TextWrapper wrapper(look_.styles);
  wrapper.set_width(terminal_width());
  for (const char32_t c : from_utf8(text)) {
    if (c == '\n') {
      wrapper.end_line();
    } else {
      wrapper.put(c, style);
    }
  }
  wrapper.end_line();
  output_.write(wrapper.take());
}

void ChatScreen::note(std::string_view text) {
  say(person_ ? fmt::format("({})", text) : fmt::format("note: {}", text), kDim);
}

void ChatScreen::info(std::string_view text) { say(text, kPlain); }

void ChatScreen::error(std::string_view text) {
  failed_ = true;
  report_error(text);
}

void ChatScreen::table(const std::vector<std::pair<std::string, std::string>>& rows) {
  int column = 0;
  for (const auto& [name, about] : rows) column = std::max(column, cell_width(from_utf8(name)));
  const int width = person_ ? terminal_width() : 0;
  // Where half of a line would be names, they stand above what is said about them.
  const bool stacked = width > 0 && column > width / 2;
  TextWrapper wrapper(person_ && look_.styles);
  wrapper.set_width(width);
  for (const auto& [name, about] : rows) {
    const int used = cell_width(from_utf8(name));
    const auto spaces = static_cast<size_t>(stacked ? 2 : column - used + 2);
    const StyledText indent =
        styled(std::string(static_cast<size_t>(stacked ? 2 : column + 2), ' '), kPlain);
    if (stacked) {
      wrapper.put(styled(name, kBold));
      wrapper.end_line();
      wrapper.begin_line(indent, indent);
    } else {
      StyledText first = styled(name, kBold);
      for (const StyledChar& c : styled(std::string(spaces, ' '), kPlain)) first.push_back(c);
      wrapper.begin_line(std::move(first), indent);
    }
    wrapper.put(styled(about, kPlain));
    wrapper.end_line();
  }
  const std::string text = wrapper.take();
  if (person_) {
    output_.write(text);
    return;
  }
  for (std::string_view rest = text; !rest.empty();) {
    const size_t end = rest.find('\n');
    print_error_line(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
}

void ChatScreen::gap() {
  if (person_) output_.write("\n");
}

}  // namespace gerbil::cli
