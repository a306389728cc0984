// Engine: the loop that turns prompts of many conversations into tokens, one ragged step after the
// other.
//
// Thread-safe: a Monitor orders the callers. Without a driver thread, generate() runs the steps
// itself, and several callers' prompts share them; with one, generate() waits. Callbacks run on the
// thread that runs the step, with the monitor held: they must not block or call back.
//
// Conversations keep their states between prompts. Where the memory for those runs out, idle ones
// give up theirs, the one that has been idle longest first; their next prompt starts anew.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "backend/profile.h"
#include "platform/monitor.h"
#include "runtime/conversation.h"
#include "runtime/generation.h"
#include "runtime/runner.h"
#include "runtime/scheduler.h"

namespace gerbil::runtime {

class Engine {
 public:
  explicit Engine(std::unique_ptr<Runner> runner);
  ~Engine() { stop(); }

  const Runner& runner() const { return *runner_; }

  std::unique_ptr<Conversation> new_conversation();
  void drop(std::unique_ptr<Conversation> conversation);

  Result<GenerateOutput> generate(Conversation& conversation, const GenerateInput& input);

  // Appends the rows that stand in for the groups of patches (VisionEncoder). Between two steps;
  // give it a piece at a time.
  Status encode(Span<const graph::PatchGroup> groups, Span<const float> patches,
                std::vector<float>& rows);

  // One step; false: nothing to do. An error where a driver thread runs.
  Result<bool> step();
  Status start();
  void stop();

  // Called after every step, on the thread that ran it, with the monitor held. Empty: steps are not
  // timed.
  using OnStep = std::function<void(const graph::Batch&, const backend::StepProfile&)>;
  void set_profiler(OnStep on_step);

  // With the engine at rest between steps.
  Status with_runner(const std::function<Status(Runner&)>& use);

 private:
  Status check(const GenerateInput& input) const;
  bool step_locked();
  void drive();
  bool reclaim();

  platform::Monitor monitor_;
  std::unique_ptr<Runner> runner_;
  Scheduler scheduler_;
  // Those that exist, the one that generated last at the end.
  std::vector<Conversation*> conversations_;
  OnStep on_step_;
  backend::StepProfile profile_;
  bool driven_ = false;  // a driver thread runs
  bool stopping_ = false;
  std::unique_ptr<platform::DriverThread> driver_;
};

}  // namespace gerbil::runtime
