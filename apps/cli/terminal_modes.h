// The terminal that a chat talks through: what is typed during an answer must not be mixed into it,
// and whatever ends the program, the shell gets the terminal back as it was. At most one at a time;
// one thread, but for restore().
#pragma once

namespace gerbil::cli {

class TerminalModes {
 public:
  // Standard input and output are terminals. From now on SIGTERM, SIGHUP and SIGQUIT restore the
  // terminal before they end the program.
  TerminalModes();
  ~TerminalModes();
  TerminalModes(const TerminalModes&) = delete;
  TerminalModes& operator=(const TerminalModes&) = delete;

  // Whether what is typed is shown. What is typed unseen is read later.
  void set_echo(bool shown);
  // The modes at the start, plain text, no bracketed paste. Any thread; also in a signal handler.
  static void restore();
};

}  // namespace gerbil::cli
