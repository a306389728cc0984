// A chat line by line: messages go to the model, commands to what they change, and all that comes
// back to the screen. Where the lines come from is the caller's. One thread.
#pragma once

#include <string>
#include <vector>

#include "cli/chat_interrupt.h"
#include "cli/chat_screen.h"
#include "cli/chat_session.h"
#include "cli/options.h"
#include "cli/slash_commands.h"
#include "cli/terminal_modes.h"

namespace gerbil::cli {

class ChatTalk {
 public:
  enum class Next {
    kGoOn,
    kLeave,        // /quit, or standard output has failed
    kInterrupted,  // Ctrl-C stopped an answer
  };

  // `modes`: absent where no person types at a terminal.
  ChatTalk(const ChatCommandOptions& options, ChatSession* session, ChatScreen* screen,
           ChatInterrupt* interrupt, TerminalModes* modes)
      : options_(options),
        session_(session),
        screen_(screen),
        interrupt_(interrupt),
        modes_(modes) {}

  Next say(const std::string& message);
  Next command(const ChatLine& line);
  // Goes on with a saved chat. `settings`: its settings too.
  Status load(const std::string& path, bool settings);

 private:
  Next answer();
  void comment(const Answer& answer);
  Next retry();
  void undo();
  void set(const std::string& argument);
  void list_settings();
  void system(const std::string& argument);
  void save(const std::string& argument);
  void help();
  void stats();

  const ChatCommandOptions& options_;
  ChatSession* session_;
  ChatScreen* screen_;
  ChatInterrupt* interrupt_;
  TerminalModes* modes_;
};

// What may be typed behind `text`, for a line that begins with a slash.
std::vector<std::string> complete_command(const std::string& text);

}  // namespace gerbil::cli
