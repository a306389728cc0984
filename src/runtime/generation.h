// Generation: one answer while it is drawn: what was asked for, what there is of it so far, and
// when it ends. Lives in Engine::generate; belongs to the driver thread but for `done` and `error`,
// which the engine's monitor guards.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <vector>

#include "runtime/scheduler.h"
#include "runtime/token_history.h"

namespace gerbil::runtime {

enum class EndReason { kStop, kLength, kContext, kCancelled };

// What becomes of an answer behind a token.
struct Verdict {
  bool stop = false;          // it ends here: a stop string was completed
  std::vector<int32_t> then;  // ids that follow, whatever the model would draw
};

struct GenerateInput {
  std::vector<int32_t> prompt;
  SoftPrompt soft;                     // what of it are not tokens
  graph::SampleParams sampling;        // `position`, `bias` and `seen` are filled in
  std::vector<graph::LogitBias> bias;  // each id once
  int64_t max_tokens = 0;              // 0: no limit but the context
  int64_t min_tokens = 0;              // eos_ids are not drawn before there are so many
  std::vector<int32_t> eos_ids;        // one ends the answer; it is the last of its ids
  std::vector<int32_t> opening;        // ids that the answer begins with
  int64_t shared_prompt_tokens =
      0;  // of the prompt: the part that a later prompt will likely begin with (0: unknown)
  const std::atomic<bool>* cancelled = nullptr;
  // Called for every id of the answer but a stop id.
  std::function<Verdict(const Drawn& token)> on_token;
};

struct GenerateOutput {
  std::vector<int32_t> ids;  // of the answer, the stop token included
  EndReason reason = EndReason::kStop;
  int64_t cached_tokens = 0;
  double prefill_seconds = 0;
  double decode_seconds = 0;
};

class Generation {
 public:
  // Both references must outlive it. `job` comes without callbacks.
  Generation(const GenerateInput& input, int64_t vocab, int64_t context);
  Generation(const Generation&) = delete;
  Generation& operator=(const Generation&) = delete;

  // Appends the ids that the answer begins with. False: it ends there.
  bool open();
  // After `token` was drawn and appended to job.tokens. False: the answer ends.
  bool take(const Drawn& token);

  bool cancelled() const {
    return input_.cancelled != nullptr && input_.cancelled->load(std::memory_order_relaxed);
  }
  bool end(EndReason reason);  // false, for short

  Job job;
  GenerateOutput output;
  double started = 0;
  double first_token = 0;  // 0: none was drawn yet
  bool done = false;
  std::optional<Error> error;

 private:
  bool add(const Drawn& token, std::vector<int32_t>& then);
  bool add_given(const std::vector<int32_t>& ids);
  void update_sampling();

  const GenerateInput& input_;
  int64_t context_;
  TokenHistory history_;
  std::vector<graph::LogitBias> early_bias_;  // until there are min_tokens
};

}  // namespace gerbil::runtime
