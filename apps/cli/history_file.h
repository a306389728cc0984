// The lines that were typed into chats, on disk: $XDG_STATE_HOME/gerbil/chat_history, or
// ~/.local/state/gerbil/chat_history; one entry a line ("\n" and "\\" inside of it written so),
// readable by its owner alone. Each entry is appended at once, so that two chats keep each other's;
// what has grown beyond twice kMaxEntries is cut when it is read. Errors are silent: no chat fails
// for its history. One thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gerbil::cli {

class HistoryFile {
 public:
  static constexpr size_t kMaxEntries = 1000;

  // nullopt: there is no home to put it in.
  static std::optional<std::string> default_path();

  // Makes the folder where it is missing.
  explicit HistoryFile(std::string path);

  // The latest ones, oldest first.
  std::vector<std::string> read();
  void append(std::string_view entry);

 private:
  std::string path_;
};

}  // namespace gerbil::cli
