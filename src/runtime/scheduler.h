// Scheduler: which rows the next step runs. Decoding sequences get their row in every step, prompts
// fill what is left, in turns, so that nobody waits for somebody else's long prompt.
//
//   while (auto batch = scheduler.next()) { ...run it...; scheduler.commit(answer); }
//
// Belongs to the driver thread, with its jobs; a batch is valid until commit or fail.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "graph/batch.h"
#include "runtime/sequence.h"
#include "runtime/soft_prompt.h"

namespace gerbil::runtime {

// A token behind the last one of a sequence.
struct Drawn {
  int32_t id = 0;
  // Where SampleParams::logprobs asks for them, else null: see backend::StepAnswer. Valid during
  // the call.
  const float* logprobs = nullptr;
  const int32_t* likeliest = nullptr;
  bool given = false;  // not drawn, but decided by the caller
};

// Tokens to run through a sequence, and what to do with those drawn after them.
struct Job {
  Sequence* sequence = nullptr;
  std::vector<int32_t>
      tokens;  // of the whole sequence; those from sequence->length() on are still to be run
  const SoftPrompt* soft = nullptr;  // what of these are not tokens; null: all are
  graph::SampleParams sampling;      // `position` is filled in
  std::vector<int64_t> snapshot_at;  // lengths at which on_snapshot is wanted, ascending
  std::function<void(Sequence)> on_snapshot;
  // A token was drawn after the last one (and appended to `tokens`): true to go on. The callee may
  // append further tokens, which run before the next is drawn, and change `sampling`.
  std::function<bool(const Drawn& drawn)> on_token;
  // The job could not go on; its sequence is empty. It has left the scheduler.
  std::function<void(const Error&)> on_error;
};

class Scheduler {
 public:
  explicit Scheduler(int64_t max_rows) : max_rows_(max_rows) {}

  // Called when the memory of states has run out: true where some was given back, so that it is
  // worth another try. Without it, or when it says false, the job that wanted some fails.
  void set_reclaim(std::function<bool()> reclaim) { reclaim_ = std::move(reclaim); }

  // The job stays the caller's and must live until it has finished (on_token said false), failed,
  // or been removed.
  void add(Job* job) { jobs_.push_back(job); }
  void remove(Job* job) { std::erase(jobs_, job); }  // not between next and commit
  bool idle() const { return jobs_.empty(); }

  // The next step, or nothing where no job has rows to run. A job whose state cannot grow leaves
  // with an error.
  std::optional<graph::Batch> next();
  void commit(const backend::StepAnswer& answer);
  void fail(const Error& error);  // the step did not run

 private:
  struct Part {
    Job* job;
    int64_t rows;
    bool draws;  // its last row is wanted
  };

  void share_out();
  bool place(Part& part);
  Status reserve(Part& part);
  void end(Job* job, const Error& error);

  int64_t max_rows_;
  std::function<bool()> reclaim_;
  std::vector<Job*> jobs_;  // who has waited longest comes first

  std::vector<Part> parts_;
  StepRows rows_;
  std::vector<int32_t> index_, wanted_, kept_;
  std::vector<graph::SampleParams> sampling_;
  std::vector<graph::Run> runs_;
  std::vector<graph::PageCopy> copies_;
};

}  // namespace gerbil::runtime
