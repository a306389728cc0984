// ThinkingLimit: counts the tokens of an answer that are inside of <think> ... </think>, and says
// when the thinking must be closed for the model: at the budget's end, or when it goes in circles.
// Reads the tokens' own text, so that stop strings that hold text back delay nothing. One answer,
// one thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gerbil/gerbil.h"

namespace gerbil::api {

struct ThinkingOptions {
  std::optional<int64_t> budget;
  bool loop_guard = true;
  bool starts_inside = false;  // the prompt has opened <think>
  std::string open_text;       // what follows it there
};

class ThinkingLimit {
 public:
  // A thinking goes in circles when its last tokens are the same cycle of at most kLongestCycle
  // tokens, at least kCycles times and over at least kCircleTokens tokens.
  static constexpr int kLongestCycle = 256;
  static constexpr int kCycles = 4;
  static constexpr int kCircleTokens = 256;

  // What closes an empty thinking; others get less of it.
  static constexpr std::string_view kClosing = "\n\n</think>\n\n";

  explicit ThinkingLimit(const ThinkingOptions& options);

  // The answer's next token, drawn or given (then it is not counted).
  void push(int32_t id, std::string_view bytes, bool given);
  // The thinking must be closed here, before the next token. Never in the middle of a character or
  // of a marker, unless that takes more than kGrace tokens.
  bool must_close();
  // The text that closes it as templates write it: an ending of kClosing, at most 2 bytes shorter.
  std::string_view closing() const;

  int64_t tokens() const { return tokens_; }
  ThinkingEnd end() const { return end_; }

 private:
  static constexpr int64_t kGrace = 8;
  enum class State { kStart, kInside, kOutside };

  void open(std::string_view rest);
  void read_inside(std::string_view bytes, bool given);
  void count_cycles(int32_t id);
  bool is_torn() const;

  std::optional<int64_t> budget_;
  bool loop_guard_;
  State state_ = State::kStart;
  std::string tail_;         // kStart: all so far; kInside: the end of the text
  bool only_breaks_ = true;  // inside: nothing but line breaks so far
  int64_t tokens_ = 0;
  int64_t marker_tokens_ = 0;  // the last tokens, as far as they may belong to </think>
  bool circles_ = false;
  int64_t late_ = 0;  // how often the closing was put off
  ThinkingEnd end_ = ThinkingEnd::kItself;
  std::vector<int32_t> ids_;
  // [p - 1]: how many of the last tokens equal the one p before.
  std::array<int32_t, kLongestCycle> repeated_{};
};

}  // namespace gerbil::api
