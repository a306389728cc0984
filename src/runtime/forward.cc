#include "runtime/forward.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <numeric>

#include "base/quote.h"
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

Status check_count(uint64_t count, const Runner& runner, std::string_view what) {
  if (count == 0) return invalid("{}: expected at least one token, found none", what);
  if (count > u64(runner.context()))
    return invalid("{}: {} tokens do not fit the context of {}", what, count, runner.context());
  return {};
}

// The numbers of tensor `what`: [T] or [1, T], I64 or I32, no more of them than the context has
// room for.
Result<std::vector<int64_t>> read_numbers(const tensor::TensorRef& tensor, const Runner& runner,
                                          std::string_view what) {
  const tensor::Shape& shape = tensor.shape;
  if (shape.rank() != 1 && (shape.rank() != 2 || shape[0] != 1))
    return invalid("{}: expected shape [T] or [1, T], found {}", what, to_string(shape));
  if (tensor.dtype != DType::kI64 && tensor.dtype != DType::kI32)
    return invalid("{}: expected I64 or I32, found {}", what, name(tensor.dtype));
  GERBIL_CHECK_OK(check_count(shape.back(), runner, what));
  std::vector<std::byte> bytes(tensor.size_bytes);
  GERBIL_CHECK_OK(tensor.source->read(tensor.offset_bytes, bytes));
  std::vector<int64_t> numbers(shape.back());
  if (tensor.dtype == DType::kI64) {
    std::memcpy(numbers.data(), bytes.data(), bytes.size());
  } else {
    std::vector<int32_t> narrow(numbers.size());
    std::memcpy(narrow.data(), bytes.data(), bytes.size());
    std::ranges::copy(narrow, numbers.begin());
  }
  return numbers;
}

// What the processors of Hugging Face write beside input_ids, with the value that it has for a
// plain text: any other one would change the result.
struct PlainInput {
  std::string_view name;
  int64_t value;
  std::string_view otherwise;
};
constexpr PlainInput kPlainInputs[] = {{"attention_mask", 1, "masked tokens are"},
                                       {"mm_token_type_ids", 0, "pictures are"}};

Status check_plain(const std::string& file, const std::string& name,
                   const tensor::TensorRef& tensor, uint64_t tokens, const Runner& runner) {
  const auto* plain = std::ranges::find(kPlainInputs, name, &PlainInput::name);
  if (plain == std::end(kPlainInputs))
    return unsupported("{}: tensor {} is an input that this build does not take", file,
                       in_quotes(name));
  const std::string what = fmt::format("{}: {}", file, name);
  GERBIL_TRY(const std::vector<int64_t> numbers, read_numbers(tensor, runner, what));
  if (numbers.size() != tokens)
    return invalid("{}: expected {} numbers, as input_ids has, found {}", what, tokens,
                   numbers.size());
  const auto other =
      std::ranges::find_if(numbers, [&](int64_t number) { return number != plain->value; });
  if (other != numbers.end())
    return unsupported("{}: expected {} everywhere ({} not in this build), found {} at position {}",
                       what, plain->value, plain->otherwise, *other, other - numbers.begin());
  return {};
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
  GERBIL_CHECK_OK(check_count(input.ids.size(), runner, "input_ids"));
  GERBIL_CHECK_OK(runner.check_vocabulary(input.ids, "input_ids"));

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

Result<std::vector<int32_t>> read_input_ids(const std::string& file, const Runner& runner) {
  GERBIL_TRY(const format::Checkpoint inputs, format::open_safetensors(file));
  const tensor::TensorRef* ids = inputs.find("input_ids");
  if (ids == nullptr)
    return fail(ErrorCode::kNotFound, "{}: tensor \"input_ids\" is missing", file);
  const std::string what = fmt::format("{}: input_ids", file);
  GERBIL_TRY(const std::vector<int64_t> numbers, read_numbers(*ids, runner, what));
  for (const auto& [name, tensor] : inputs.tensors)
    if (name != "input_ids")
      GERBIL_CHECK_OK(check_plain(file, name, tensor, numbers.size(), runner));
  std::vector<int32_t> result;
  for (const int64_t id : numbers) {
    if (id < 0 || id >= runner.vocab())
      return invalid("{}: expected ids from 0 to {}, found {} at position {}", what,
                     runner.vocab() - 1, id, result.size());
    result.push_back(static_cast<int32_t>(id));
  }
  return result;
}

}  // namespace gerbil::runtime
