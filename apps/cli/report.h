// How a command ends, and its lines on standard error. One thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gerbil/gerbil.h"

namespace gerbil::cli {

enum ExitCode : int { kDone = 0, kFailed = 1, kWrongUsage = 2, kInterrupted = 130 };

// "gerbil: error: ...", one line. Returns kFailed.
ExitCode report_error(std::string_view message);
// The same for a chat's error. The library calls the chat's parts "messages" and "tools"; here they
// have the names of their files. Empty: not from a file.
ExitCode report_chat_error(std::string_view message, std::string_view messages_file,
                           std::string_view tools_file);
// One line with the command whose help says more. Returns kWrongUsage.
ExitCode report_wrong_usage(std::string_view message, std::string_view help);

// "gerbil: note: ...", a line each.
void print_notes(const std::vector<std::string>& notes);

// Engine::load() with the bundled models' folder and a bar while it takes long; the options' own
// on_progress is called too. The notes of
// loading are kept: an error needs no company.
class ModelLoader {
 public:
  Result<std::unique_ptr<Engine>> load(LoadOptions options);
  // Once the command is sure to work. Later calls print nothing.
  void print_notes();
  // The notes, for who prints them later.
  std::vector<std::string> take_notes() { return std::exchange(notes_, {}); }

 private:
  std::vector<std::string> notes_;
};

}  // namespace gerbil::cli
