// A chat with a loaded model: its messages, its settings, and the session that answers. Each turn
// hands over all messages; the engine computes only what it has not seen. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "cli/chat_messages.h"
#include "cli/chat_settings.h"
#include "gerbil/gerbil.h"

namespace gerbil::cli {

struct ChatTotals {
  int64_t answers = 0;
  int64_t tokens = 0;  // of the answers
};

class ChatSession {
 public:
  ChatSession(std::unique_ptr<Engine> engine, std::unique_ptr<Session> session, std::string tools,
              ChatTemplateOptions chat_template)
      : engine_(std::move(engine)),
        session_(std::move(session)),
        tools_(std::move(tools)),
        chat_template_(std::move(chat_template)) {}

  ChatMessages& messages() { return messages_; }
  ChatSettings& settings() { return settings_; }
  const ModelInfo& info() const { return engine_->info(); }
  Session& session() { return *session_; }

  // Answers the messages and adds the answer to them; one that was stopped before it had any text
  // is not added.
  Result<Answer> answer(const OnDelta& on_delta);

  const std::optional<Answer>& last_answer() const { return last_answer_; }
  uint64_t last_seed() const { return last_seed_; }
  const ChatTotals& totals() const { return totals_; }

 private:
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Session> session_;
  std::string tools_;
  ChatTemplateOptions chat_template_;
  ChatMessages messages_;
  ChatSettings settings_;
  std::optional<Answer> last_answer_;
  uint64_t last_seed_ = 0;
  ChatTotals totals_;
};

// Whether there is nothing to read in it.
bool is_empty(const Answer& answer);

}  // namespace gerbil::cli
