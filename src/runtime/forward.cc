#include "runtime/forward.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <numeric>

#include "format/safetensors.h"
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

Status check_ids(const std::vector<int32_t>& ids, const Runner& runner) {
  if (ids.empty()) return invalid("input_ids: expected at least one token, found none");
  if (static_cast<int64_t>(ids.size()) > runner.context())
    return invalid("input_ids: {} tokens do not fit the context of {}", ids.size(),
                   runner.context());
  return runner.check_vocabulary(ids, "input_ids");
}

// Runs rows [begin, begin + rows) of the ids through the sequence.
Status run_rows(backend::Plan& plan, Runner& runner, Sequence& sequence, Span<const int32_t> ids,
                const backend::StepObserver& observer) {
  const auto rows = static_cast<int32_t>(ids.size());
  std::vector<graph::PageCopy> copies;
  const int32_t last = rows - 1;
  GERBIL_CHECK_OK(sequence.reserve(rows, {&last, 1}, copies));
  const graph::Run run = sequence.run(0);
  std::vector<int32_t> index(ids.size());
  std::iota(index.begin(), index.end(), static_cast<int32_t>(sequence.length()));
  std::vector<int32_t> wanted(ids.size());
  std::iota(wanted.begin(), wanted.end(), 0);
  const graph::Batch batch{.token = ids,
                           .position = index,
                           .position_axes = 1,
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

}  // namespace

Status forward(Runner& runner, const ForwardInput& input, const std::string& output_file) {
  GERBIL_CHECK_OK(check_ids(input.ids, runner));

  const uint64_t tokens = input.ids.size();
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
    GERBIL_CHECK_OK(run_rows(plan, runner, sequence,
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
  return writer.finish();
}

Result<std::vector<int32_t>> read_input_ids(const std::string& file) {
  GERBIL_TRY(const format::Checkpoint inputs, format::open_safetensors(file));
  const tensor::TensorRef* ids = inputs.find("input_ids");
  if (ids == nullptr)
    return fail(ErrorCode::kNotFound, "{}: tensor \"input_ids\" is missing", file);
  for (const auto& [name, tensor] : inputs.tensors)
    if (name != "input_ids" && name != "attention_mask" && name != "mm_token_type_ids")
      return unsupported("{}: tensor \"{}\" is an input that this build does not take", file, name);
  const tensor::Shape& shape = ids->shape;
  if (shape.rank() != 1 && (shape.rank() != 2 || shape[0] != 1))
    return invalid("{}: input_ids: expected shape [T] or [1, T], found {}", file, to_string(shape));
  if (ids->dtype != DType::kI64 && ids->dtype != DType::kI32)
    return invalid("{}: input_ids: expected I64 or I32, found {}", file, name(ids->dtype));
  if (ids->size_bytes > (uint64_t{1} << 30))
    return invalid("{}: input_ids: {} tokens are too many", file, shape.back());
  std::vector<std::byte> bytes(ids->size_bytes);
  GERBIL_CHECK_OK(ids->source->read(ids->offset_bytes, bytes));
  std::vector<int32_t> result;
  const size_t width = size_bytes(ids->dtype);
  for (size_t i = 0; i < bytes.size() / width; ++i) {
    int64_t id = 0;
    int32_t narrow = 0;
    if (ids->dtype == DType::kI64) {
      std::memcpy(&id, &bytes[i * width], width);
    } else {
      std::memcpy(&narrow, &bytes[i * width], width);
      id = narrow;
    }
    if (id < 0 || id > INT32_MAX)
      return invalid("{}: input_ids: found {} at position {}", file, id, i);
    result.push_back(static_cast<int32_t>(id));
  }
  return result;
}

}  // namespace gerbil::runtime
