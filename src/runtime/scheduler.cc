#include "runtime/scheduler.h"

#include <algorithm>
#include <numeric>

namespace gerbil::runtime {
namespace {

int64_t pending(const Job& job) {
  return static_cast<int64_t>(job.tokens.size()) - job.sequence->length();
}

}  // namespace

void Scheduler::share_out() {
  parts_.clear();
  int64_t left = max_rows_;
  // One row for everybody first, then the prompts in turn.
  for (Job* job : jobs_) {
    if (left == 0) break;
    parts_.push_back({job, 1, false});
    --left;
  }
  for (Part& part : parts_) {
    const int64_t more = std::min(left, pending(*part.job) - 1);
    part.rows += more;
    left -= more;
    part.draws = part.rows == pending(*part.job);
  }
  // Who was served goes behind those who wait; where all were, the first to be given more rows.
  const size_t served = parts_.size() < jobs_.size() ? parts_.size() : 1;
  std::rotate(jobs_.begin(), jobs_.begin() + static_cast<ptrdiff_t>(served), jobs_.end());
}

std::optional<graph::Batch> Scheduler::next() {
  while (!jobs_.empty()) {
    share_out();
    const bool soft = std::ranges::any_of(parts_, [](const Part& part) {
      return part.job->soft != nullptr && !part.job->soft->empty();
    });
    rows_.clear(soft ? 3 : 1);
    index_.clear();
    wanted_.clear();
    sampling_.clear();
    runs_.clear();
    copies_.clear();
    std::erase_if(parts_, [this](Part& part) { return !place(part); });
    if (!parts_.empty()) break;
  }
  if (jobs_.empty()) return std::nullopt;
  return graph::Batch{.token = rows_.token,
                      .soft = rows_.soft,
                      .position = rows_.position,
                      .position_axes = rows_.axes,
                      .index = index_,
                      .see_until = index_,
                      .runs = runs_,
                      .wanted = wanted_,
                      .sampling = sampling_,
                      .copies = copies_};
}

bool Scheduler::place(Part& part) {
  Job& job = *part.job;
  const int64_t begin = job.sequence->length();
  kept_.clear();
  for (int64_t length : job.snapshot_at)
    if (length > begin && length < begin + part.rows)
      kept_.push_back(static_cast<int32_t>(length - begin - 1));
  kept_.push_back(static_cast<int32_t>(part.rows - 1));
  if (auto reserved = reserve(part); !reserved) {
    end(&job, reserved.error());
    return false;
  }
  const auto first = static_cast<int32_t>(rows_.token.size());
  runs_.push_back(job.sequence->run(first));
  rows_.add(job.soft,
            Span<const int32_t>(job.tokens)
                .subspan(static_cast<size_t>(begin), static_cast<size_t>(part.rows)),
            begin);
  for (int64_t i = 0; i < part.rows; ++i) index_.push_back(static_cast<int32_t>(begin + i));
  if (part.draws) {
    wanted_.push_back(static_cast<int32_t>(rows_.token.size()) - 1);
    graph::SampleParams params = job.sampling;
    params.position = job.tokens.size();
    sampling_.push_back(params);
  }
  return true;
}

Status Scheduler::reserve(Part& part) {
  while (true) {
    Status reserved = part.job->sequence->reserve(part.rows, kept_, copies_);
    if (reserved || reserved.error().code != ErrorCode::kOutOfMemory) return reserved;
    if (!reclaim_ || !reclaim_()) return reserved;
  }
}

void Scheduler::commit(const backend::StepAnswer& answer) {
  constexpr auto kMost = static_cast<size_t>(graph::kMaxLogprobs);
  size_t next = 0;
  for (const Part& part : parts_) {
    Job& job = *part.job;
    const int64_t begin = job.sequence->length();
    for (int64_t length : job.snapshot_at)
      if (length > begin && length <= begin + part.rows && job.on_snapshot)
        job.on_snapshot(job.sequence->snapshot(length - begin));
    job.sequence->commit(part.rows);
    if (!part.draws) continue;
    Drawn drawn{.id = answer.ids[next]};
    if (job.sampling.logprobs >= 0) {
      drawn.logprobs = answer.logprobs.data() + next * (1 + kMost);
      drawn.likeliest = answer.likeliest.data() + next * kMost;
    }
    ++next;
    job.tokens.push_back(drawn.id);
    if (!job.on_token(drawn)) remove(&job);
  }
  parts_.clear();
}

void Scheduler::fail(const Error& error) {
  for (const Part& part : std::exchange(parts_, {})) end(part.job, error);
}

void Scheduler::end(Job* job, const Error& error) {
  job->sequence->abandon();
  remove(job);
  job->on_error(error);
}

}  // namespace gerbil::runtime
