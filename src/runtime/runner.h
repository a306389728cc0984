// Runner: a model made ready to run on one backend: packed weights, a plan, and the states of its
// sequences.
//
// Made once by load; belongs to the driver thread. Sequences must not outlive it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "backend/backend.h"
#include "base/log.h"
#include "base/result.h"
#include "model/model.h"
#include "runtime/sequence.h"
#include "runtime/vision_encoder.h"

namespace gerbil::runtime {

struct RunnerOptions {
  bool reference = false;  // the reference backend; else the CPU's
  // Nothing: chosen by what is stored and what fits (choices.h).
  std::optional<backend::WeightChoice> weights = backend::WeightChoice::kStored;
  std::optional<bool> int8_activations;  // nothing: where weights are quantised
  graph::KvType kv = graph::KvType::kF16;
  std::optional<platform::Isa> isa;     // of the CPU, one that it has; nothing: the best
  int threads = 0;                      // 0: one per usable processor
  int64_t batch = 512;                  // most rows of a step
  int64_t context = 0;                  // 0: the model's maximum, lowered to what fits in memory
  int32_t pages = StateLimits().pages;  // most pages of a pool, of all sequences together
};

// What options come to for a model, where they leave it open.
struct Choices {
  backend::WeightChoice weights = backend::WeightChoice::kStored;
  bool int8_activations = false;
  int64_t context = 0;
};

using OpenCache = std::function<const backend::PackedCache*(backend::WeightChoice)>;

class Runner {
 public:
  // `open_cache`, where given, says where weights of a choice may be found; null: nowhere.
  static Result<std::unique_ptr<Runner>> load(const model::Model& model,
                                              const RunnerOptions& options, const LogSink& log,
                                              const backend::Progress& progress,
                                              const OpenCache& open_cache = {});

  backend::Backend& backend() { return *backend_; }
  backend::Plan& plan() { return *plan_; }
  const backend::Plan& plan() const { return *plan_; }
  StateManager& states() { return *states_; }
  const graph::StateLayout& layout() const { return states_->layout(); }
  // The graph as the family built it, before any pass: what a plan with taps is made from.
  const graph::Graph& graph() const { return graph_; }
  const Choices& choices() const { return choices_; }
  const backend::Weights& weights() const { return *weights_; }
  uint64_t weight_bytes() const { return weights_->size_bytes(); }
  int64_t batch() const { return batch_; }
  int64_t vocab() const { return vocab_; }  // rows of the logits
  int64_t context() const { return states_->limits().context; }
  // Can a sequence go back to any earlier length without a snapshot?
  bool can_rewind() const;
  // Tokens that stand for the rows of pictures and of videos.
  std::optional<int32_t> picture_token() const { return picture_token_; }
  std::optional<int32_t> video_token() const { return video_token_; }
  // Of pictures and videos; null where the model was loaded without, or has none.
  VisionEncoder* encoder() { return encoder_.get(); }
  const VisionEncoder* encoder() const { return encoder_.get(); }

  // Ids that the embedding table has a row for; `what` is what an error calls them.
  Status check_vocabulary(Span<const int32_t> ids, std::string_view what) const;

  // A second plan of the same weights that keeps every tapped value.
  Result<std::unique_ptr<backend::Plan>> make_tapped_plan();

 private:
  Runner() = default;
  backend::PlanOptions plan_options(bool taps) const {
    return {.rows = batch_, .taps = taps, .int8_activations = choices_.int8_activations};
  }

  std::unique_ptr<backend::Backend> backend_;  // first: destroyed last
  graph::Graph graph_;
  std::shared_ptr<const backend::Weights> weights_;
  std::unique_ptr<backend::StateStore> store_;
  std::unique_ptr<StateManager> states_;
  std::unique_ptr<backend::Plan> plan_;
  std::unique_ptr<VisionEncoder> encoder_;
  Choices choices_;
  int64_t batch_ = 0;
  int64_t vocab_ = 0;
  std::optional<int32_t> picture_token_, video_token_;
};

// The backend that load() runs on.
std::unique_ptr<backend::Backend> make_backend(const RunnerOptions& options);

}  // namespace gerbil::runtime
