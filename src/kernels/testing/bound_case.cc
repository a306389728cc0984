#include "kernels/testing/bound_case.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/check.h"
#include "graph/passes/decompose.h"
#include "kernels/attend/q8.h"

namespace gerbil::kernels::testing {
namespace {

constexpr uint32_t kPoison = 0x7fc0deadu;  // a NaN; an id no case uses

uint64_t u64(int64_t value) { return static_cast<uint64_t>(value); }

// Nearly normal numbers from a counter (splitmix64; the sum of four uniform ones).
class Generator {
 public:
  explicit Generator(uint64_t seed) : state_(seed) {}
  float next(float scale, float mean) {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    const auto sum =
        static_cast<int32_t>((z & 0xffff) + (z >> 16 & 0xffff) + (z >> 32 & 0xffff) + (z >> 48));
    return mean + scale * static_cast<float>(sum - 131070) * (1.0f / 37837.0f);
  }

 private:
  uint64_t state_;
};

// Codes and parameters at random: values of about the size `scale`.
void fill_tiles(const TileLayout& layout, float scale, Generator& numbers, std::byte* to) {
  const int bits = layout.format.bits;
  const auto code = [&] {
    const float largest = static_cast<float>((1 << bits) - 1);
    return static_cast<uint8_t>(std::clamp(numbers.next(largest / 4, largest / 2), 0.0f, largest));
  };
  for (int64_t tile = 0; tile < layout.tiles(); ++tile) {
    const int64_t outputs = std::min(kOutputsPerTile, layout.outputs - tile * kOutputsPerTile);
    std::vector<uint8_t> codes(u64(outputs * layout.columns));
    std::ranges::generate(codes, code);
    std::vector<tensor::quant::GroupParameters> parameters(u64(outputs * layout.groups()));
    for (auto& p : parameters)
      p = {.scale = numbers.next(scale, 0) / static_cast<float>(1 << (bits - 1)),
           .offset = numbers.next(scale, 0),
           .zero = code()};
    pack_tile(layout, outputs, codes.data(), parameters.data(), to + tile * layout.tile_bytes());
  }
}

int64_t head_stride(const ViewSpec& spec) { return spec.dim + spec.head_gap; }
int64_t row_stride(const ViewSpec& spec) {
  return spec.heads * head_stride(spec) - spec.head_gap + spec.row_gap;
}
int64_t elements(const ViewSpec& spec) { return spec.rows * row_stride(spec); }

void poison(Span<std::byte> bytes) {
  for (size_t i = 0; i + sizeof(kPoison) <= bytes.size(); i += sizeof(kPoison))
    std::memcpy(bytes.data() + i, &kPoison, sizeof(kPoison));
}

std::vector<std::byte> copy_of(const GuardedBuffer& buffer) {
  const Bytes bytes = buffer.bytes();
  return {bytes.begin(), bytes.end()};
}

template <class T>
void put(std::byte* to, T value) {
  std::memcpy(to, &value, sizeof(value));
}

void store(std::byte* to, tensor::DType dtype, float value) {
  if (dtype == tensor::DType::kF32) put(to, value);
  if (dtype == tensor::DType::kF16) put(to, to_half(value).bits);
  if (dtype == tensor::DType::kBF16) put(to, to_bfloat16(value).bits);
}

// Pages of codes and scales at random: numbers of about the size `scale`.
void fill_pages_q8(const graph::PagePool& pool, float scale, Generator& numbers,
                   Span<std::byte> pages) {
  const int64_t block_bytes = attend::Q8Block::bytes(pool.head_dim);
  for (int64_t at = 0; at < std::ssize(pages); at += block_bytes) {
    const auto block = attend::Q8Block::at(pages.data() + at, pool.head_dim);
    for (int64_t i = 0; i < graph::kPagePositions * pool.head_dim; ++i)
      block.codes[i] = static_cast<int8_t>(std::clamp(numbers.next(40, 0), -127.0f, 127.0f));
    for (int64_t i = 0; i < graph::kPagePositions * graph::kv_groups(pool.head_dim); ++i)
      block.scales[i] = to_half(scale / 40 * (1 + std::abs(numbers.next(0.5f, 0))));
  }
}

// The graph of one node: values are the inputs, then the outputs. Taps name values and roles name
// weights by their number here, because passes number them anew.
graph::Graph make_graph(const Case& c) {
  graph::Graph graph;
  graph::Node node{.op = c.op, .scope = c.name};
  const auto add_value = [&](const ViewSpec& spec) {
    graph.values.push_back(
        {.shape = {graph::Rows::kRows, spec.heads, spec.dim}, .dtype = spec.dtype});
    const auto id = static_cast<graph::ValueId>(graph.values.size() - 1);
    graph.taps.push_back({std::to_string(id), id});
    return id;
  };
  for (const ViewSpec& spec : c.inputs) node.inputs.push_back(add_value(spec));
  for (const ViewSpec& spec : c.outputs) node.outputs.push_back(add_value(spec));
  for (const WeightSpec& spec : c.weights) {
    node.weights.push_back(static_cast<graph::WeightId>(graph.weights.size()));
    graph::Weight weight{.role = std::to_string(graph.weights.size()),
                         .shape = {u64(spec.rows), u64(spec.columns)}};
    if (spec.rows == 1) weight.shape = {u64(spec.columns)};
    if (std::holds_alternative<graph::Experts>(c.op))
      weight.shape = {u64(spec.count), u64(spec.rows), u64(spec.columns)};
    graph.weights.push_back(weight);
  }
  if (c.kv) {
    node.state = 0;
    const auto* attend = std::get_if<graph::Attend>(&c.op);
    graph.states.push_back({"kv", graph::KvState{c.kv->kv_heads, c.kv->head_dim,
                                                 attend == nullptr ? 0 : attend->window}});
  }
  if (c.slots) {
    node.state = 0;
    graph.states.push_back({"slots", graph::RecurrentState{{u64(c.slots->elements)}}});
  }
  graph.nodes.push_back(std::move(node));
  return graph;
}

}  // namespace

BoundCase::BoundCase(const Case& bound, uint64_t seed) : case_(bound), graph_(make_graph(bound)) {
  Generator numbers(seed);
  for (const ViewSpec& spec : case_.inputs) {
    Value& value = values_.emplace_back(make_value(spec));
    for (int64_t row = 0; row < spec.rows; ++row)
      for (int64_t head = 0; head < spec.heads; ++head)
        for (int64_t i = 0; i < spec.dim && spec.dtype == tensor::DType::kF32; ++i) {
          const size_t place = u64((row * spec.heads + head) * spec.dim + i);
          value.view.f32(row, head)[i] =
              spec.values.empty() ? numbers.next(spec.scale, spec.mean) : spec.values.at(place);
        }
    if (spec.dtype == tensor::DType::kI32)
      std::copy(spec.ids.begin(), spec.ids.end(), value.view.i32());
    value.before = copy_of(value.buffer);
  }
  for (const ViewSpec& spec : case_.outputs) values_.push_back(make_value(spec));
  for (const WeightSpec& spec : case_.weights) {
    if (spec.tiles) {
      const WeightView view{
          .rows = spec.rows, .columns = spec.columns, .count = spec.count, .tiles = spec.tiles};
      GuardedBuffer& buffer = weight_buffers_.emplace_back(u64(spec.count) * view.matrix_bytes());
      for (int64_t i = 0; i < spec.count; ++i)
        fill_tiles(view.layout(), spec.scale, numbers,
                   buffer.data() + u64(i) * view.matrix_bytes());
      weights_.push_back(view);
      weights_.back().data = buffer.data();
      continue;
    }
    const uint64_t size = tensor::size_bytes(spec.dtype);
    const int64_t count = spec.count * spec.rows * spec.columns;
    GuardedBuffer& buffer = weight_buffers_.emplace_back(u64(count) * size, u64(spec.shift) * size);
    for (int64_t i = 0; i < count; ++i)
      store(buffer.data() + u64(i) * size, spec.dtype,
            spec.values.empty() ? numbers.next(spec.scale, spec.mean) : spec.values.at(u64(i)));
    weights_.push_back({buffer.data(), spec.dtype, spec.rows, spec.columns, spec.count});
  }
  make_states(seed + 1);
  make_batch(seed + 2);
}

BoundCase::Value BoundCase::make_value(const ViewSpec& spec) {
  const uint64_t size = tensor::size_bytes(spec.dtype);
  Value value{.spec = spec,
              .buffer = GuardedBuffer(u64(elements(spec)) * size, u64(spec.shift) * size),
              .before = {},
              .view = {}};
  poison(value.buffer.bytes());
  value.view = {value.buffer.data(), spec.dtype,       spec.rows, spec.heads, spec.dim,
                row_stride(spec),    head_stride(spec)};
  return value;
}

void BoundCase::make_states(uint64_t seed) {
  Generator numbers(seed);
  const auto fill = [&](GuardedBuffer& segment, tensor::DType dtype, float scale) {
    const uint64_t size = tensor::size_bytes(dtype);
    for (uint64_t at = 0; at < segment.bytes().size(); at += size)
      store(segment.data() + at, dtype, numbers.next(scale, 0));
  };
  if (case_.kv) {
    const KvSpec& spec = *case_.kv;
    const graph::PagePool pool{spec.kv_heads, spec.head_dim};
    for (int64_t page = 0; page < spec.pages; page += spec.pages_per_segment) {
      GuardedBuffer& segment =
          segments_.emplace_back(u64(spec.pages_per_segment) * pool.page_bytes(spec.type));
      if (spec.type == graph::KvType::kQ8)
        fill_pages_q8(pool, spec.scale, numbers, segment.bytes());
      else
        fill(segment, spec.type == graph::KvType::kF16 ? tensor::DType::kF16 : tensor::DType::kF32,
             spec.scale);
      page_segments_.push_back(segment.data());
    }
    kv_ = {.type = spec.type,
           .kv_heads = spec.kv_heads,
           .head_dim = spec.head_dim,
           .number = 0,
           .segments = page_segments_,
           .pages_per_segment = spec.pages_per_segment,
           .page_bytes = pool.page_bytes(spec.type)};
  }
  if (case_.slots) {
    const SlotSpec& spec = *case_.slots;
    GERBIL_ASSERT(spec.offset + spec.elements <= spec.slot_elements);
    for (int64_t slot = 0; slot < spec.slots; slot += spec.slots_per_segment) {
      GuardedBuffer& segment =
          segments_.emplace_back(u64(spec.slots_per_segment * spec.slot_elements) * sizeof(float));
      fill(segment, tensor::DType::kF32, spec.scale);
      slot_segments_.push_back(reinterpret_cast<float*>(segment.data()));
    }
    slots_ = {.segments = slot_segments_,
              .slots_per_segment = spec.slots_per_segment,
              .slot_elements = spec.slot_elements,
              .offset = spec.offset,
              .elements = spec.elements};
  }
  for (const GuardedBuffer& segment : segments_) segments_before_.push_back(copy_of(segment));
}

void BoundCase::make_batch(uint64_t seed) {
  const BatchSpec& spec = case_.batch;
  const int64_t rows = case_.inputs.empty() ? case_.rows() : case_.inputs.front().rows;
  token_.assign(u64(rows), 0);
  if (!case_.inputs.empty() && case_.inputs.front().dtype == tensor::DType::kI32)
    token_ = case_.inputs.front().ids;
  if (!spec.step_token.empty()) token_.assign(u64(rows), graph::kFromStep);

  std::vector<RunSpec> runs = spec.runs;
  if (runs.empty() && rows > 0) runs.push_back({.count = static_cast<int32_t>(rows)});
  case_.batch.runs = runs;
  page_tables_.reserve(runs.size());
  int32_t first = 0;
  for (const RunSpec& run : case_.batch.runs) {
    graph::Run& made = runs_.emplace_back();
    made.first = first;
    made.count = run.count;
    made.state_in = run.state_in;
    made.writes = run.writes;
    page_tables_.emplace_back(run.pages);
    made.page_tables = Span<const Span<const int32_t>>(&page_tables_.back(), 1);
    run_of_row_.insert(run_of_row_.end(), u64(run.count), static_cast<int32_t>(runs_.size() - 1));
    first += run.count;
  }
  GERBIL_ASSERT(first == rows);

  const int64_t width = case_.outputs.empty() ? 0 : case_.outputs.front().dim;
  Generator numbers(seed);
  soft_values_.resize(spec.soft.size() * u64(width));
  for (float& value : soft_values_) value = numbers.next(1, 0);
  for (size_t i = 0; i < spec.soft.size(); ++i)
    soft_.push_back({spec.soft[i], soft_values_.data() + i * u64(width)});

  batch_.token = token_;
  batch_.soft = soft_;
  batch_.index = case_.batch.index;
  batch_.see_until = case_.batch.see_until;
  batch_.runs = runs_;
  batch_.groups = case_.batch.groups;
  batch_.wanted = case_.batch.wanted;
  batch_.sampling = case_.batch.sampling;
  step_ = {&batch_, run_of_row_, case_.batch.step_token, spec.first_wanted, case_.rows()};
}

void BoundCase::restore() {
  for (size_t i = case_.inputs.size(); i < values_.size(); ++i) poison(values_[i].buffer.bytes());
  for (size_t i = 0; i < segments_.size(); ++i)
    std::copy(segments_before_[i].begin(), segments_before_[i].end(), segments_[i].data());
}

void BoundCase::call(const KernelRow& row, const graph::Graph& graph, const graph::Node& node,
                     platform::Isa isa, platform::ThreadPool& pool) {
  std::vector<TensorView> inputs;
  std::vector<TensorView> outputs;
  std::vector<WeightView> weights;
  for (graph::ValueId id : node.inputs) inputs.push_back(values_[own_value(graph, id)].view);
  for (graph::ValueId id : node.outputs) outputs.push_back(values_[own_value(graph, id)].view);
  for (graph::WeightId id : node.weights)
    weights.push_back(weights_[u64(std::stoi(graph.weights[u64(id)].role))]);
  const graph::RowLimits limits{case_.rows(), static_cast<int64_t>(runs_.size()), case_.rows()};
  const uint64_t scratch_bytes =
      row.scratch_bytes == nullptr ? 0
                                   : row.scratch_bytes(graph, node, limits, {pool.threads(), isa});
  if (scratch_.bytes().size() != scratch_bytes) scratch_ = GuardedBuffer(scratch_bytes);
  poison(scratch_.bytes());
  const Call bound{.op = &node.op,
                   .inputs = inputs,
                   .outputs = outputs,
                   .weights = weights,
                   .kv = kv_,
                   .slots = slots_,
                   .step = &step_,
                   .pool = &pool,
                   .isa = isa,
                   .int8_activations = case_.int8_activations,
                   .scratch = scratch_.bytes()};
  row.run(bound);
}

void BoundCase::run(const KernelRow& row, platform::ThreadPool& pool, platform::Isa isa) {
  restore();
  call(row, graph_, graph_.nodes.front(), isa, pool);
}

void BoundCase::run_again(const KernelRow& row, platform::ThreadPool& pool, platform::Isa isa) {
  call(row, graph_, graph_.nodes.front(), isa, pool);
}

void BoundCase::run_expected(platform::ThreadPool& pool) {
  restore();
  const graph::OpKind op = graph::kind_of(case_.op);
  const RowClass rows = row_class(case_.rows());
  if (const KernelRow* row = find_kernel(op, Level::kReference, rows)) {
    call(*row, graph_, graph_.nodes.front(), platform::Isa::kBaseline, pool);
    return;
  }
  const graph::Graph chain = graph::decompose(graph_);
  const size_t own = values_.size();
  for (const graph::ValueInfo& info : chain.values)  // room for what lies between, by chain number
    values_.push_back(make_value(heads_of(case_.rows(), info.shape.heads, info.shape.dim)));
  for (const graph::Node& node : chain.nodes) {
    const KernelRow* row = find_kernel(graph::kind_of(node.op), Level::kReference, rows);
    GERBIL_ASSERT(row != nullptr);
    call(*row, chain, node, platform::Isa::kBaseline, pool);
  }
  values_.erase(values_.begin() + static_cast<int64_t>(own), values_.end());
}

size_t BoundCase::own_value(const graph::Graph& graph, graph::ValueId id) const {
  for (size_t i = 0; i < graph.taps.size(); ++i)
    if (graph.taps[i].value == id) return i;
  return graph.taps.size() + u64(id);
}

std::vector<Observed> BoundCase::observed() const {
  std::vector<Observed> result;
  for (size_t id = case_.inputs.size(); id < values_.size(); ++id) {
    const TensorView& view = values_[id].view;
    Observed& output = result.emplace_back();
    output.name = "output " + std::to_string(id - case_.inputs.size());
    output.exact = view.dtype == tensor::DType::kI32;
    for (int64_t row = 0; row < view.rows; ++row)
      for (int64_t head = 0; head < view.heads; ++head)
        for (int64_t i = 0; i < view.dim; ++i)
          output.numbers.push_back(output.exact ? static_cast<double>(view.i32(row)[i])
                                                : static_cast<double>(view.f32(row, head)[i]));
  }
  for (size_t i = 0; i < segments_.size(); ++i) {
    Observed& state = result.emplace_back();
    state.name = "state segment " + std::to_string(i);
    if (case_.kv && case_.kv->type == graph::KvType::kQ8) {  // codes and scales, to the bit
      state.exact = true;
      for (std::byte byte : segments_[i].bytes())
        state.numbers.push_back(static_cast<double>(byte));
      continue;
    }
    const bool half = case_.kv && case_.kv->type == graph::KvType::kF16;
    const size_t size = half ? sizeof(uint16_t) : sizeof(float);
    for (size_t at = 0; at < segments_[i].bytes().size(); at += size) {
      float value = 0;
      Half bits;
      if (half) {
        std::memcpy(&bits.bits, segments_[i].data() + at, size);
        value = to_float(bits);
      } else {
        std::memcpy(&value, segments_[i].data() + at, size);
      }
      state.numbers.push_back(static_cast<double>(value));
    }
  }
  return result;
}

std::string BoundCase::damage() const {
  for (size_t id = 0; id < values_.size(); ++id) {
    const Value& value = values_[id];
    const bool input = id < case_.inputs.size();
    const std::string name = input ? "input " + std::to_string(id)
                                   : "output " + std::to_string(id - case_.inputs.size());
    if (!value.buffer.intact()) return "bytes around " + name;
    if (input && copy_of(value.buffer) != value.before) return name;
    if (input || value.spec.dtype != tensor::DType::kF32) continue;
    // What lies between heads and rows must still be poison.
    const ViewSpec& spec = value.spec;
    for (int64_t i = 0; i < elements(spec); ++i) {
      const int64_t in_row = i % row_stride(spec);
      const int64_t head = in_row / head_stride(spec);
      if (head < spec.heads && in_row % head_stride(spec) < spec.dim) continue;
      uint32_t bits = 0;
      std::memcpy(&bits, value.buffer.data() + u64(i) * sizeof(bits), sizeof(bits));
      if (bits != kPoison) return "a gap inside " + name;
    }
  }
  for (const GuardedBuffer& buffer : weight_buffers_)
    if (!buffer.intact()) return "bytes around a weight";
  for (const GuardedBuffer& buffer : segments_)
    if (!buffer.intact()) return "bytes around a state segment";
  if (!scratch_.intact()) return "bytes around the scratch memory";
  return {};
}

}  // namespace gerbil::kernels::testing
