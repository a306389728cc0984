#include "runtime/engine.h"

#include <algorithm>

#include "platform/clock.h"

namespace gerbil::runtime {

using platform::MonitorLock;
using platform::monotonic_seconds;

namespace {

// While a conversation generates, nobody takes its states away.
struct Busy {
  Conversation& conversation;

  explicit Busy(Conversation& of) : conversation(of) { conversation.busy = true; }
  ~Busy() { conversation.busy = false; }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;
};

}  // namespace

Engine::Engine(std::unique_ptr<Runner> runner)
    : runner_(std::move(runner)), scheduler_(runner_->batch()) {
  scheduler_.set_reclaim([this] { return reclaim(); });
}

std::unique_ptr<Conversation> Engine::new_conversation() {
  const MonitorLock lock(monitor_);
  auto conversation = std::make_unique<Conversation>(runner_->states());
  conversations_.push_back(conversation.get());
  return conversation;
}

void Engine::drop(std::unique_ptr<Conversation> conversation) {
  const MonitorLock lock(monitor_);
  std::erase(conversations_, conversation.get());
  conversation.reset();
}

// Places to come back to cost the least to lose, then what nobody uses now. Those of running
// conversations go last: a prompt that changes its end would start anew.
bool Engine::reclaim() {
  for (Conversation* conversation : conversations_)
    if (!conversation->busy && conversation->release_snapshots()) return true;
  for (Conversation* conversation : conversations_)
    if (!conversation->busy && conversation->release_all()) return true;
  return std::ranges::any_of(conversations_, &Conversation::release_snapshots);
}

Status Engine::check(const GenerateInput& input) const {
  const auto tokens = static_cast<int64_t>(input.prompt.size());
  if (tokens == 0) return invalid("the prompt is empty");
  if (tokens >= runner_->context())
    return invalid("the prompt has {} tokens, but the context of {} leaves room for at most {}",
                   tokens, runner_->context(), runner_->context() - 1);
  return runner_->check_vocabulary(input.prompt, "the prompt");
}

Result<GenerateOutput> Engine::generate(Conversation& conversation, const GenerateInput& input) {
  GERBIL_CHECK_OK(check(input));
  const MonitorLock lock(monitor_);
  Generation generation(input, runner_->vocab(), runner_->context());
  generation.started = monotonic_seconds();
  // The same places with other pictures in them are another prompt.
  std::vector<int32_t> marked = input.prompt;
  mark_content(input.soft, marked);
  generation.output.cached_tokens = conversation.keep_common(marked);
  const Busy busy(conversation);
  std::erase(conversations_, &conversation);
  conversations_.push_back(&conversation);

  Job& job = generation.job;
  job.sequence = &conversation.sequence();
  // The places that a later prompt will likely go back to. Before the last token: the same prompt
  // may come again, and its last logits are wanted again.
  const auto before_last = static_cast<int64_t>(input.prompt.size()) - 1;
  if (input.shared_prompt_tokens < before_last)
    job.snapshot_at.push_back(input.shared_prompt_tokens);
  job.snapshot_at.push_back(before_last);
  if (!runner_->can_rewind())
    job.on_snapshot = [&](Sequence snapshot) { conversation.add_snapshot(std::move(snapshot)); };
  job.on_token = [&](const Drawn& drawn) { return generation.take(drawn); };
  job.on_error = [&](const Error& error) {
    generation.error = error;
    generation.done = true;
  };
  if (generation.open()) scheduler_.add(&job);
  monitor_.notify_all();

  while (!generation.done) {
    if (generation.cancelled()) {
      scheduler_.remove(&job);
      generation.end(EndReason::kCancelled);
    } else if (driven_) {
      monitor_.wait();
    } else {
      step_locked();
      // Between two steps others may join or leave.
      monitor_.unlock();
      monitor_.lock();
    }
  }
  if (generation.error) return std::unexpected(*generation.error);
  marked = job.tokens;
  mark_content(input.soft, marked);
  conversation.set_tokens(
      Span<const int32_t>(marked).first(static_cast<size_t>(job.sequence->length())));
  GenerateOutput& output = generation.output;
  const double now = monotonic_seconds();
  const double first = generation.first_token > 0 ? generation.first_token : now;
  output.prefill_seconds = first - generation.started;
  output.decode_seconds = now - first;
  return std::move(output);
}

bool Engine::step_locked() {
  const auto batch = scheduler_.next();
  if (!batch) {
    monitor_.notify_all();  // a job may have left with an error
    return false;
  }
  backend::Plan& plan = runner_->plan();
  const backend::StepObserver timed{.profile = &profile_};
  const auto ticket = plan.submit(*batch, runner_->states().store(), on_step_ ? &timed : nullptr);
  const auto answer = ticket ? plan.take(*ticket) : std::unexpected(ticket.error());
  if (answer && on_step_) on_step_(*batch, profile_);
  if (answer)
    scheduler_.commit(*answer);
  else
    scheduler_.fail(answer.error());
  monitor_.notify_all();
  return true;
}

Status Engine::encode(Span<const graph::PatchGroup> groups, Span<const float> patches,
                      std::vector<float>& rows) {
  const MonitorLock lock(monitor_);
  VisionEncoder* encoder = runner_->encoder();
  if (encoder == nullptr)
    return unsupported("the model was loaded without its encoder of pictures and videos");
  return encoder->encode(groups, patches, rows);
}

Result<bool> Engine::step() {
  const MonitorLock lock(monitor_);
  if (driven_) return invalid("step() was called while a driver thread runs");
  return step_locked();
}

Status Engine::start() {
  const MonitorLock lock(monitor_);
  if (driven_) return invalid("start() was called twice");
  stopping_ = false;
  driven_ = true;
  auto driver = platform::DriverThread::start([this] { drive(); });
  if (!driver) {
    driven_ = false;
    return std::unexpected(driver.error());
  }
  driver_ = *std::move(driver);
  return {};
}

void Engine::drive() {
  const MonitorLock lock(monitor_);
  while (!stopping_) {
    if (scheduler_.idle() || !step_locked()) {
      if (!stopping_) monitor_.wait();
    } else {
      monitor_.unlock();
      monitor_.lock();
    }
  }
  driven_ = false;
  monitor_.notify_all();  // who waits goes on by itself
}

void Engine::stop() {
  std::unique_ptr<platform::DriverThread> driver;
  {
    const MonitorLock lock(monitor_);
    stopping_ = true;
    driver = std::move(driver_);
    monitor_.notify_all();
  }
  driver.reset();  // waits for the step in flight, outside the monitor
}

void Engine::set_profiler(OnStep on_step) {
  const MonitorLock lock(monitor_);
  on_step_ = std::move(on_step);
}

Status Engine::with_runner(const std::function<Status(Runner&)>& use) {
  const MonitorLock lock(monitor_);
  if (driven_) return invalid("the engine is not at rest: a driver thread runs");
  return use(*runner_);
}

}  // namespace gerbil::runtime
