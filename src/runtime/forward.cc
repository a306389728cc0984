#include "runtime/forward.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "format/safetensors_writer.h"

namespace gerbil::runtime {
namespace {

using tensor::DType;

uint64_t u64(int64_t value) { return static_cast<uint64_t>(value); }

// Everything that is written behind the logits, in the order of the file.
struct Later {
  std::vector<format::TensorSpec> specs;
  std::map<std::string, std::vector<float>, std::less<>> hidden;  // by name, filled row by row
  std::vector<graph::StateId> states;
};

Later plan_later(const Runner& runner, uint64_t tokens) {
  Later later;
  const graph::Graph& graph = runner.graph();
  for (const graph::Tap& tap : graph.taps) {
    if (graph.shape(tap.value).rows != graph::Rows::kRows) continue;
    later.specs.push_back({tap.name, DType::kF32, {tokens, u64(graph.shape(tap.value).width())}});
    later.hidden[tap.name] = {};
  }
  for (size_t id = 0; id < graph.states.size(); ++id) {
    const auto* recurrent = std::get_if<graph::RecurrentState>(&graph.states[id].kind);
    if (recurrent == nullptr) continue;
    later.specs.push_back({graph.states[id].name, DType::kF32, recurrent->shape});
    later.states.push_back(static_cast<graph::StateId>(id));
  }
  return later;
}

Status check_count(uint64_t count, const Runner& runner, std::string_view what) {
  if (count == 0) return invalid("{}: expected at least one token, found none", what);
  if (count > u64(runner.context()))
    return invalid("{}: {} tokens do not fit the context of {}", what, count, runner.context());
  return {};
}

// Runs the next places of the prompt through the sequence.
Status run_rows(backend::Plan& plan, Runner& runner, Sequence& sequence, const SoftPrompt& soft,
                Span<const int32_t> ids, const backend::StepObserver& observer) {
  const auto rows = static_cast<int32_t>(ids.size());
  std::vector<graph::PageCopy> copies;
  const int32_t last = rows - 1;
  GERBIL_CHECK_OK(sequence.reserve(rows, {&last, 1}, copies));
  const graph::Run run = sequence.run(0);
  std::vector<int32_t> index(ids.size());
  std::iota(index.begin(), index.end(), static_cast<int32_t>(sequence.length()));
  std::vector<int32_t> wanted(ids.size());
  std::iota(wanted.begin(), wanted.end(), 0);
  StepRows step;
  step.clear(soft.empty() ? 1 : 3);
  step.add(&soft, ids, sequence.length());
  const graph::Batch batch{.token = step.token,
                           .soft = step.soft,
                           .position = step.position,
                           .position_axes = step.axes,
                           .index = index,
                           .see_until = index,
                           .runs = {&run, 1},
                           .wanted = wanted,
                           .copies = copies};
  GERBIL_TRY(const backend::Ticket ticket, plan.submit(batch, runner.states().store(), &observer));
  GERBIL_CHECK_OK(plan.take(ticket));
  sequence.commit(rows);
  return {};
}

// What the encoder makes of the pictures or the videos of a prompt.
struct Encoded {
  std::map<std::string, std::vector<float>, std::less<>> tapped;
  EncodedRows rows;
};

Result<Encoded> encode(Runner& runner, const ForwardMedia& media, bool taps) {
  Encoded encoded;
  auto rows = std::make_shared<std::vector<float>>();
  VisionEncoder::OnTap on_tap;
  if (taps)
    on_tap = [&](std::string_view tap, Span<const float> values) {
      std::vector<float>& all = encoded.tapped[std::string(tap)];
      all.insert(all.end(), values.begin(), values.end());
    };
  std::vector<graph::PatchGroup> groups;
  for (const Grid& grid : media.grids) append_groups(grid, groups);
  GERBIL_CHECK_OK(runner.encoder()->encode(groups, media.patches, *rows, on_tap));
  encoded.rows = std::move(rows);
  return encoded;
}

// What is written of a prompt with pictures, ready made.
struct MediaTaps {
  std::vector<format::TensorSpec> specs;
  std::vector<std::vector<std::byte>> bytes;  // [specs]

  template <class T>
  void add(std::string name, DType dtype, tensor::Shape shape, const std::vector<T>& values) {
    const auto raw = std::as_bytes(Span<const T>(values));
    specs.push_back({std::move(name), dtype, shape});
    bytes.emplace_back(raw.begin(), raw.end());
  }

  void add_input(const ForwardMedia& media, const std::string& patches, const std::string& grids,
                 uint64_t width) {
    if (media.grids.empty()) return;
    add(patches, DType::kF32, {media.patches.size() / width, width}, media.patches);
    std::vector<int64_t> numbers;
    for (const Grid& grid : media.grids) numbers.insert(numbers.end(), {grid.t, grid.h, grid.w});
    add(grids, DType::kI64, {media.grids.size(), 3}, numbers);
  }

  // "vis.block0" becomes PREFIX + "block0".
  void add_encoded(const Encoded& encoded, const graph::Graph& graph, const std::string& prefix) {
    for (const graph::Tap& tap : graph.taps) {
      const auto found = encoded.tapped.find(tap.name);
      if (found == encoded.tapped.end()) continue;
      const auto width = u64(graph.shape(tap.value).width());
      add(prefix + tap.name.substr(4), DType::kF32, {found->second.size() / width, width},
          found->second);
    }
  }

  // [3, T]
  void add_positions(const SoftPrompt& prompt) {
    const size_t tokens = prompt.positions.size() / 3;
    std::vector<int64_t> positions(prompt.positions.size());
    for (size_t i = 0; i < tokens; ++i)
      for (size_t axis = 0; axis < 3; ++axis)
        positions[axis * tokens + i] = prompt.positions[i * 3 + axis];
    add("position_ids", DType::kI64, {3, tokens}, positions);
    add("rope_deltas", DType::kI64, {1, 1}, std::vector<int64_t>{prompt.delta});
  }
};

// Encodes the pictures and videos and puts their rows into their places.
Result<SoftPrompt> make_soft_prompt(Runner& runner, const ForwardInput& input, MediaTaps& taps) {
  if (input.pictures.grids.empty() && input.videos.grids.empty() && input.types.empty())
    return SoftPrompt{};
  if (runner.encoder() == nullptr)
    return unsupported("the model was loaded without its encoder of pictures and videos");
  const model::VisionConfig& config = runner.encoder()->config();
  const std::vector<TokenType> types =
      input.types.empty() ? token_types(input.ids, runner.picture_token(), runner.video_token())
                          : input.types;
  GERBIL_TRY(SoftPrompt prompt,
             lay_out(types, input.pictures.grids, input.videos.grids, config.merge_size));
  prompt.dim = config.out_hidden;
  Encoded encoded[2];
  const ForwardMedia* media[] = {&input.pictures, &input.videos};
  for (size_t i = 0; i < 2; ++i)
    if (!media[i]->grids.empty()) {
      GERBIL_TRY(encoded[i], encode(runner, *media[i], input.taps));
    }
  for (SoftSpan& span : prompt.spans) span.rows = encoded[span.video ? 1 : 0].rows;
  if (!input.taps) return prompt;
  const auto width = u64(config.patch_numbers());
  taps.add_input(input.pictures, "pixel_values", "image_grid_thw", width);
  taps.add_input(input.videos, "pixel_values_videos", "video_grid_thw", width);
  taps.add_positions(prompt);
  const bool both = !input.pictures.grids.empty() && !input.videos.grids.empty();
  taps.add_encoded(encoded[0], runner.encoder()->graph(), "vis.");
  taps.add_encoded(encoded[1], runner.encoder()->graph(), both ? "vis.video." : "vis.");
  return prompt;
}

}  // namespace

Status forward(Runner& runner, const ForwardInput& input, const std::string& output_file) {
  GERBIL_CHECK_OK(check_count(input.ids.size(), runner, "input_ids"));
  GERBIL_CHECK_OK(runner.check_vocabulary(input.ids, "input_ids"));

  const uint64_t tokens = input.ids.size();
  MediaTaps media;
  GERBIL_TRY(const SoftPrompt soft, make_soft_prompt(runner, input, media));
  Later later;
  std::unique_ptr<backend::Plan> tapped;
  if (input.taps) {
    later = plan_later(runner, tokens);
    GERBIL_TRY(tapped, runner.make_tapped_plan());
  }
  backend::Plan& plan = tapped ? *tapped : runner.plan();

  std::vector<format::TensorSpec> specs = {{"input_ids", DType::kI64, {tokens}},
                                           {"logits", DType::kF32, {tokens, u64(runner.vocab())}}};
  specs.insert(specs.end(), later.specs.begin(), later.specs.end());
  specs.insert(specs.end(), media.specs.begin(), media.specs.end());
  GERBIL_TRY(format::SafetensorsWriter writer,
             format::SafetensorsWriter::create(output_file, specs));
  const std::vector<int64_t> ids(input.ids.begin(), input.ids.end());
  GERBIL_CHECK_OK(writer.write(std::as_bytes(Span<const int64_t>(ids))));

  const backend::StepObserver observer{
      .on_tap = [&](std::string_view tap, int64_t, int64_t, Span<const float> rows) -> Status {
        if (tap == "logits") return writer.write(std::as_bytes(rows));
        if (const auto kept = later.hidden.find(tap); kept != later.hidden.end())
          kept->second.insert(kept->second.end(), rows.begin(), rows.end());
        return {};
      }};
  Sequence sequence = runner.states().make_sequence();
  const auto step = static_cast<size_t>(runner.batch());
  for (size_t begin = 0; begin < tokens; begin += step) {
    const size_t count = std::min<size_t>(step, tokens - begin);
    GERBIL_CHECK_OK(run_rows(plan, runner, sequence, soft,
                             Span<const int32_t>(input.ids).subspan(begin, count), observer));
  }

  for (const format::TensorSpec& spec : later.specs)
    if (const auto kept = later.hidden.find(spec.name); kept != later.hidden.end())
      GERBIL_CHECK_OK(writer.write(std::as_bytes(Span<const float>(kept->second))));
  for (graph::StateId id : later.states) {
    const auto& state =
        std::get<graph::RecurrentState>(runner.graph().states[static_cast<size_t>(id)].kind);
    std::vector<float> values(*state.shape.elements());
    GERBIL_CHECK_OK(runner.states().store().read_slot(sequence.slot(), id, values));
    GERBIL_CHECK_OK(writer.write(std::as_bytes(Span<const float>(values))));
  }
  for (const std::vector<std::byte>& bytes : media.bytes) GERBIL_CHECK_OK(writer.write(bytes));
  return writer.finish();
}

}  // namespace gerbil::runtime
