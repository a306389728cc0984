// A line typed at a terminal, edited with libedit: the keys of emacs or vi (~/.editrc), history on
// the arrow keys, completion on Tab. Pasted text (bracketed paste) is inserted whole, line feeds
// included; a long paste is shown as a mark like [pasted 120 lines] and put in its place when the
// line is done. Alt-Enter inserts a line feed. Text is UTF-8. Needs use_utf8_locale(). One thread,
// but for interrupt().
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gerbil/result.h"

namespace gerbil::cli {

class LineEditor {
 public:
  struct Options {
    bool styles = true;  // a bold prompt
    // What the text before the cursor may go on with: whole replacements of it.
    std::function<std::vector<std::string>(const std::string& text)> complete;
  };
  struct Line {
    enum class Kind { kText, kInterrupted, kEnd };
    Kind kind = Kind::kEnd;
    std::string text;  // without the line feed; where interrupted, what was typed
  };

  // `output`: the descriptor of the terminal that shows the line.
  static Result<std::unique_ptr<LineEditor>> create(int output, Options options);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  // `prompt`: a word and a space.
  Line read(std::string_view prompt);
  void add_history(std::string_view entry);
  // Ends the running read(), or the next one, with kInterrupted. Any thread.
  void interrupt();

 private:
  struct Impl;
  explicit LineEditor(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gerbil::cli
