#include "cli/answer_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cli/json_output.h"

namespace gerbil::cli {

AnswerView::AnswerView(Output* output, const ChatLook& look, std::function<int()> width)
    : output_(output),
      look_(look),
      width_(std::move(width)),
      reasoning_(look.styles),
      markdown_(look.styles) {}

void AnswerView::write(std::string_view bytes) {
  if (bytes.empty()) return;
  if (std::exchange(gap_due_, false)) output_->write("\n");
  output_->write(bytes);
  line_open_ = bytes.back() != '\n';
  any_ = true;
}

void AnswerView::show(const Delta& delta) {
  switch (delta.kind) {
    case Delta::Kind::kReasoning:
      if (look_.terminal) show_reasoning(delta.text);
      return;
    case Delta::Kind::kText:
      end_reasoning();
      show_text(delta.text);
      return;
    case Delta::Kind::kToolCall:
      end_reasoning();
      end_text();
      show_tool_call(delta.tool_call);
      return;
  }
}

void AnswerView::show_reasoning(std::string_view piece) {
  end_text();
  reasoning_.set_width(width_());
  std::u32string text;
  reasoning_decoder_.push(piece, text);
  for (const char32_t c : text) {
    if (c == '\n') {
      ++reasoning_line_feeds_;
      continue;
    }
    // Blank lines at the beginning and the end are none of the thought.
    if (std::exchange(reasoning_line_open_, true)) {
      for (int i = 0; i < std::min(reasoning_line_feeds_, 2); ++i) reasoning_.end_line();
    }
    const bool begins = !any_reasoning_ || reasoning_line_feeds_ > 0;
    reasoning_line_feeds_ = 0;
    any_reasoning_ = true;
    if (begins && !look_.styles) {
      reasoning_.begin_line(styled("| ", kPlain), styled("| ", kPlain));
    }
    reasoning_.put(c, kDim);
  }
  write(reasoning_.take());
}

void AnswerView::end_reasoning() {
  if (!std::exchange(any_reasoning_, false)) return;
  reasoning_.end_line();
  write(reasoning_.take());
  reasoning_line_open_ = false;
  reasoning_line_feeds_ = 0;
  gap_due_ = true;
}

void AnswerView::show_text(std::string_view piece) {
  if (piece.empty()) return;
  text_open_ = true;
  if (!look_.terminal) {
    write(piece);
  } else if (!look_.markdown) {
    write(for_terminal(piece));
  } else {
    markdown_.set_width(width_());
    write(markdown_.push(piece));
  }
}

void AnswerView::end_text() {
  if (!std::exchange(text_open_, false)) return;
  if (look_.terminal && look_.markdown) {
    write(markdown_.finish());
    markdown_ = MarkdownWriter(look_.styles);
  }
  if (line_open_) write("\n");
}

void AnswerView::show_tool_call(const ToolCall& call) {
  if (!look_.terminal) {
    write(tool_call_json(call) + '\n');
    return;
  }
  TextWrapper wrapper(look_.styles);
  wrapper.set_width(width_());
  wrapper.begin_line(styled("→ ", kPlain), styled("  ", kPlain));
  wrapper.put(styled("tool call ", kDim));
  wrapper.put(styled(call.name, kBold));
  wrapper.put(styled(" " + call.arguments, kPlain));
  wrapper.end_line();
  write(wrapper.take());
}

bool AnswerView::finish() {
  end_reasoning();
  gap_due_ = false;
  end_text();
  return any_;
}

}  // namespace gerbil::cli
