// Lines into messages. A line is a message, but: a backslash at its end joins the next one, and
// """ at its beginning opens a message that goes on, whatever its lines are, to """ at a line's
// end. A line that already holds line feeds (pasted, or recalled) is whole as it is. One thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gerbil::cli {

class MessageInput {
 public:
  // The message that this line ends; nullopt: it needs another one.
  std::optional<std::string> add(std::string_view line);
  // A message is begun and not ended.
  bool open() const { return open_; }
  // What there is of it, at the end of all input. Nothing is open afterwards.
  std::string take();

 private:
  bool open_ = false;
  bool quoted_ = false;
  std::vector<std::string> lines_;
};

}  // namespace gerbil::cli
