#include "graph/cost.h"

#include <algorithm>
#include <numeric>

namespace gerbil::graph {
namespace {

uint64_t u64(int64_t value) { return static_cast<uint64_t>(std::max<int64_t>(value, 0)); }

// Operations of the delta rule on each number of the state: decay, S^T k, the update and S^T q.
constexpr uint64_t kDeltaOperations = 7;

class Counter {
 public:
  Counter(const Graph& graph, const Node& node, const CallSize& size)
      : graph_(graph), node_(node), size_(size) {}

  Cost count() {
    cost_.weight_bytes =
        std::accumulate(size_.weight_bytes.begin(), size_.weight_bytes.end(), uint64_t{0});
    for (const ValueId id : node_.inputs) cost_.value_bytes += bytes(id);
    for (const ValueId id : node_.outputs) cost_.value_bytes += bytes(id);
    std::visit([this](const auto& op) { add(op); }, node_.op);
    return cost_;
  }

 private:
  uint64_t rows(ValueId id) const {
    switch (graph_.shape(id).rows) {
      case Rows::kWanted:
        return u64(size_.wanted);
      case Rows::kRuns:
        return size_.batch->runs.size();
      case Rows::kPatches:
        return patches();
      case Rows::kMerged:
        return patches() / u64(graph_.patches.merged());
      default:
        return u64(size_.batch->rows());
    }
  }
  uint64_t patches() const {
    uint64_t count = 0;
    for (const PatchGroup& group : size_.batch->groups) count += u64(group.patches());
    return count;
  }
  uint64_t rows() const { return rows(node_.outputs.front()); }
  uint64_t bytes(ValueId id) const {
    return rows(id) * u64(graph_.shape(id).width()) * sizeof(float);  // ids have four bytes too
  }
  const tensor::Shape& weight_shape(size_t i) const {
    return graph_.weights[static_cast<size_t>(node_.weights[i])].shape;
  }
  uint64_t elements(size_t i) const { return weight_shape(i).elements().value_or(0); }

  template <class T>
  void add(const T&) {}  // its weights, inputs and outputs, once

  void add(const Embed&) {
    cost_.weight_bytes = size_.weight_bytes[0] / std::max<uint64_t>(1, weight_shape(0)[0]) * rows();
  }

  void add(const Linear&) { cost_.operations = 2 * rows() * elements(0); }

  void add(const Experts&) {
    const uint64_t count = std::max<uint64_t>(1, weight_shape(0)[0]);
    const uint64_t choices = rows() * u64(graph_.shape(node_.inputs[1]).dim);
    cost_.weight_bytes = cost_.weight_bytes / count * std::min(count, choices);
    cost_.operations = 2 * choices * ((elements(0) + elements(1)) / count);
  }

  void add(const GatherRows&) { cost_.value_bytes = 2 * bytes(node_.outputs.front()); }

  void add(const Attend& attend) {
    const Batch& batch = *size_.batch;
    const auto first_seen = [&](size_t row) {
      return attend.window == 0 ? int64_t{0}
                                : std::max<int64_t>(0, batch.index[row] - attend.window + 1);
    };
    const auto width = u64(graph_.shape(node_.inputs[0]).width());  // of all query heads
    for (const Run& run : batch.runs) {
      int64_t first = INT64_MAX;
      int64_t last = -1;
      const auto begin = static_cast<size_t>(run.first);
      for (size_t row = begin; row < begin + static_cast<size_t>(run.count); ++row) {
        first = std::min(first, first_seen(row));
        last = std::max<int64_t>(last, batch.see_until[row]);
        cost_.operations += 4 * width * u64(batch.see_until[row] + 1 - first_seen(row));
      }
      cost_.state_read_bytes += u64(last + 1 - first) * size_.kv_position_bytes;
    }
    if (node_.inputs.size() > 1) cost_.state_written_bytes = rows() * size_.kv_position_bytes;
  }

  void add(const AttendGroups&) {
    const auto width = u64(graph_.shape(node_.inputs[0]).width());
    for (const PatchGroup& group : size_.batch->groups)
      cost_.operations += 4 * width * u64(group.patches()) * u64(group.patches());
  }

  void add(const Conv1d&) {
    add_recurrent();
    cost_.operations = 2 * rows() * elements(0);
  }

  void add(const DeltaRule&) {
    const uint64_t numbers = add_recurrent();
    cost_.operations = kDeltaOperations * rows() * numbers;
  }

  // Numbers of the state.
  uint64_t add_recurrent() {
    const State& state = graph_.states[static_cast<size_t>(node_.state)];
    const uint64_t numbers = std::get<RecurrentState>(state.kind).shape.elements().value_or(0);
    for (const Run& run : size_.batch->runs) {
      if (run.state_in != kZeroState) cost_.state_read_bytes += numbers * sizeof(float);
      cost_.state_written_bytes += run.writes.size() * numbers * sizeof(float);
    }
    return numbers;
  }

  const Graph& graph_;
  const Node& node_;
  const CallSize& size_;
  Cost cost_;
};

}  // namespace

Cost cost_of(const Graph& graph, const Node& node, const CallSize& size) {
  return Counter(graph, node, size).count();
}

}  // namespace gerbil::graph
