// Standard output and standard error: whole writes, what a terminal may be sent, the bar that shows
// loading. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "gerbil/result.h"

namespace gerbil::cli {

bool is_terminal(int descriptor);
// Whether standard output is a terminal that understands attributes and nobody asked for none
// (NO_COLOR, TERM=dumb).
bool output_has_styles();

// Standard output, unbuffered, so that an answer shows as it comes. The first failed write is kept
// and ends all writing; a reader that has gone ends the program through SIGPIPE, like other tools.
class Output {
 public:
  void write(std::string_view text);
  const Status& status() const { return status_; }

 private:
  Status status_;
};

// A line on standard error; lost if that cannot be written.
void print_error_line(std::string_view line);

// Text of a model, for a terminal: control characters but line feed and tab become U+FFFD, so that
// a checkpoint cannot steer the terminal.
std::string for_terminal(std::string_view text);

// What is being done, on one line of standard error that the next show() replaces and that vanishes
// in the end. Nothing is shown where that is no terminal.
class StatusLine {
 public:
  explicit StatusLine(bool enabled) : enabled_(enabled && is_terminal(2)) {}
  ~StatusLine() { clear(); }
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  void show(std::string_view text);
  void clear();

 private:
  bool enabled_;
  bool shown_ = false;
};

// How far loading or fetching is, on one line of standard error that vanishes in the end. Nothing
// is shown where that is no terminal, or within the first half second.
class LoadProgress {
 public:
  enum What { kLoading, kFetching };
  explicit LoadProgress(What what = kLoading);
  ~LoadProgress() { clear(); }
  LoadProgress(const LoadProgress&) = delete;
  LoadProgress& operator=(const LoadProgress&) = delete;

  void update(uint64_t done_bytes, uint64_t total_bytes);
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  bool enabled_;
  bool shown_ = false;
  What what_;
  Clock::time_point next_;
  // Of fetching: where it began, for its speed.
  Clock::time_point began_;
  uint64_t began_bytes_ = 0;
  bool begun_ = false;
};

}  // namespace gerbil::cli
