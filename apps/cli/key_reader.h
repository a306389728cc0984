// The keys of a terminal as characters, and what is no key: a bracketed paste, an interrupt, a new
// window size. One thread, but for the pipe's other end.
#pragma once

#include <string>
#include <string_view>

namespace gerbil::cli {

// What is written into the pipe.
inline constexpr char kWakeInterrupt = 'i';
inline constexpr char kWakeResize = 'w';
inline constexpr char kWakeContinue = 'c';  // the program was stopped, and goes on

struct Key {
  enum class Kind { kCharacter, kPaste, kWoken, kEnd };
  Kind kind = Kind::kEnd;
  char32_t c = 0;
  std::string paste;  // UTF-8; line feeds and tabs are its only control characters
  char woken = 0;     // the byte that came through the pipe
};

class KeyReader {
 public:
  // Reads keys from `input`; a byte in `wake` comes as kWoken.
  KeyReader(int input, int wake) : input_(input), wake_(wake) {}

  Key next();

 private:
  // Waits for either descriptor; false: the input has ended. -1: for ever.
  enum class Event { kBytes, kWoken, kTimeout, kEnd };
  Event wait(int timeout_ms, char& woken);
  Key read_paste();

  int input_;
  int wake_;
  std::string bytes_;  // read and not given out
  bool ended_ = false;
};

}  // namespace gerbil::cli
