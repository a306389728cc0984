// A chat on disk: {"gerbil_chat": 1, "model", "settings": {"top_k": "40"}, "messages": [...]}.
// A plain JSON array of messages can be read too. One thread.
#pragma once

#include <string>
#include <vector>

#include "cli/chat_messages.h"
#include "cli/options.h"

namespace gerbil::cli {

struct SavedChat {
  std::string model;
  std::vector<Setting> settings;  // not checked
  ChatMessages messages;
};

Result<SavedChat> load_chat(const std::string& path);
// Writes over a saved chat; over another file only with `force`.
Status save_chat(const std::string& path, const SavedChat& chat, bool force);

}  // namespace gerbil::cli
