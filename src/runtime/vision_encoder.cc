#include "runtime/vision_encoder.h"

#include <algorithm>

namespace gerbil::runtime {

backend::WeightChoice encoder_choice(backend::WeightChoice text) {
  switch (text) {
    case backend::WeightChoice::kQ8:
    case backend::WeightChoice::kQ6:
    case backend::WeightChoice::kQ4:
      return backend::WeightChoice::kQ8;
    default:
      return text;
  }
}

void append_groups(const Grid& grid, std::vector<graph::PatchGroup>& groups) {
  const graph::PatchGroup group{static_cast<int32_t>(grid.h), static_cast<int32_t>(grid.w)};
  groups.insert(groups.end(), static_cast<size_t>(grid.t), group);
}

Result<std::unique_ptr<VisionEncoder>> VisionEncoder::load(const model::Model& model,
                                                           backend::Backend& backend,
                                                           const Options& options) {
  std::unique_ptr<VisionEncoder> encoder(new VisionEncoder(backend, *model.vision));
  GERBIL_TRY(encoder->graph_, model::build_vision_graph(model));
  GERBIL_TRY(encoder->weights_, backend.load_weights(encoder->graph_, model.weights,
                                                     {.choice = options.weights,
                                                      .cache = options.cache,
                                                      .progress = options.progress}));
  GERBIL_TRY(encoder->no_states_, backend.make_state_store({}, graph::KvType::kF32));
  encoder->int8_activations_ = options.int8_activations;
  return encoder;
}

Status VisionEncoder::make_room(int64_t patches, bool taps) {
  if (plan_ != nullptr && room_ >= patches && taps_ == taps) return {};
  plan_.reset();  // before the larger one is made
  GERBIL_TRY(plan_, backend_->make_plan(
                        graph_, weights_,
                        {.rows = patches, .taps = taps, .int8_activations = int8_activations_}));
  room_ = patches;
  taps_ = taps;
  return {};
}

Status VisionEncoder::run(Span<const graph::PatchGroup> groups, Span<const float> patches,
                          std::vector<float>& rows, const OnTap& on_tap,
                          backend::StepProfile* profile) {
  const backend::StepObserver observer{
      .profile = profile,
      .on_tap = [&](std::string_view tap, int64_t, int64_t, Span<const float> values) -> Status {
        if (tap == "vis.merger") rows.insert(rows.end(), values.begin(), values.end());
        if (on_tap) on_tap(tap, values);
        return {};
      }};
  const graph::Batch batch{.patches = patches, .groups = groups};
  GERBIL_TRY(const backend::Ticket ticket, plan_->submit(batch, *no_states_, &observer));
  GERBIL_CHECK_OK(plan_->take(ticket));
  return {};
}

Status VisionEncoder::encode(Span<const graph::PatchGroup> groups, Span<const float> patches,
                             std::vector<float>& rows, const OnTap& on_tap,
                             backend::StepProfile* profile) {
  const auto width = static_cast<size_t>(config_.patch_numbers());
  // Ends of the pieces, as numbers of groups.
  std::vector<size_t> ends;
  int64_t most = 0;
  int64_t in_piece = 0;
  for (size_t i = 0; i < groups.size(); ++i) {
    if (i > 0 && in_piece + groups[i].patches() > kPiecePatches) {
      ends.push_back(i);
      in_piece = 0;
    }
    in_piece += groups[i].patches();
    most = std::max(most, in_piece);
  }
  if (groups.empty()) return {};
  ends.push_back(groups.size());
  GERBIL_CHECK_OK(make_room(most, static_cast<bool>(on_tap)));
  size_t first = 0;
  size_t from = 0;
  for (const size_t end : ends) {
    const auto piece = groups.subspan(first, end - first);
    size_t numbers = 0;
    for (const graph::PatchGroup& group : piece)
      numbers += static_cast<size_t>(group.patches()) * width;
    if (numbers > patches.size() - from)
      return invalid("pictures: expected {} numbers of patches, found {}", from + numbers,
                     patches.size());
    GERBIL_CHECK_OK(run(piece, patches.subspan(from, numbers), rows, on_tap, profile));
    first = end;
    from += numbers;
  }
  if (from != patches.size())
    return invalid("pictures: expected {} numbers of patches, found {}", from, patches.size());
  // An unusually large picture: its memory is not kept, unless somebody reads the plan's profile.
  if (room_ > kPiecePatches && profile == nullptr) {
    plan_.reset();
    room_ = 0;
  }
  return {};
}

}  // namespace gerbil::runtime
