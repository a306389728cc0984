// Engine: the loop that turns prompts of many conversations into tokens, one ragged step after the
// other.
//
// Thread-safe: a Monitor orders the callers. Without a driver thread, generate() runs the steps
// itself, and several callers' prompts share them; with one, generate() waits. Callbacks run on the
// thread that runs the step, with the monitor held: they must not block or call back.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "platform/monitor.h"
#include "runtime/conversation.h"
#include "runtime/runner.h"
#include "runtime/scheduler.h"

namespace gerbil::runtime {

enum class EndReason { kStop, kLength, kContext, kCancelled };

struct GenerateInput {
  std::vector<int32_t> prompt;
  graph::SampleParams sampling;
  int64_t max_tokens = 0;        // 0: no limit but the context
  std::vector<int32_t> eos_ids;  // drawing one ends the answer; it is the last of its ids
  int64_t shared_prompt_tokens =
      0;  // of the prompt: the part that a later prompt will likely begin with (0: unknown)
  const std::atomic<bool>* cancelled = nullptr;
  // Called for every drawn id but a stop id; false ends the answer (a stop string was completed).
  std::function<bool(int32_t id)> on_token;
};

struct GenerateOutput {
  std::vector<int32_t> ids;  // drawn, the stop token included
  EndReason reason = EndReason::kStop;
  int64_t cached_tokens = 0;
  double prefill_seconds = 0;
  double decode_seconds = 0;
};

class Engine {
 public:
  explicit Engine(std::unique_ptr<Runner> runner)
      : runner_(std::move(runner)), scheduler_(runner_->batch()) {}
  ~Engine() { stop(); }

  const Runner& runner() const { return *runner_; }

  std::unique_ptr<Conversation> new_conversation();
  void drop(std::unique_ptr<Conversation> conversation);

  Result<GenerateOutput> generate(Conversation& conversation, const GenerateInput& input);

  // One step; false: nothing to do. An error where a driver thread runs.
  Result<bool> step();
  Status start();
  void stop();

  // With the engine at rest between steps.
  Status with_runner(const std::function<Status(Runner&)>& use);

 private:
  struct Generation;

  Status check(const GenerateInput& input) const;
  bool step_locked();
  void drive();

  platform::Monitor monitor_;
  std::unique_ptr<Runner> runner_;
  Scheduler scheduler_;
  bool driven_ = false;  // a driver thread runs
  bool stopping_ = false;
  std::unique_ptr<platform::DriverThread> driver_;
};

}  // namespace gerbil::runtime
