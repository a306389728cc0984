#include "state/world.h"

#include <numeric>
#include <stdexcept>

#include "state/tiny_model.h"

namespace gerbil::testing {
namespace {

template <class T>
T value_of(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

}  // namespace

World::World(const model::Model& model, bool reference, graph::KvType cache)
    : backend_(reference ? backend::make_reference_backend() : backend::make_cpu_backend(1)),
      // Sums in another order may put a number on the other side of the border between two codes:
      // 1 / 127 of it, which so small a model feels. The reference has one order.
      tolerance_(cache == graph::KvType::kQ8 && !reference ? 1e-2 : 1e-4) {
  const graph::Graph graph = value_of(model::build_text_graph(model));
  layout_ = graph::make_state_layout(graph);
  const auto weights = value_of(backend_->load_weights(graph, model.weights, {}));
  store_ = value_of(backend_->make_state_store(layout_, cache));
  fresh_store_ = value_of(backend_->make_state_store(layout_, cache));
  plan_ = value_of(backend_->make_plan(graph, weights, {.rows = kRows}));

  std::vector<int32_t> pages(layout_.pools.size(), 0);
  for (const graph::StateLayout::Kv& kv : layout_.kv) {
    int32_t& next = pages[static_cast<size_t>(kv.pool)];
    std::vector<int32_t>& table = fresh_tables_.emplace_back(kTinyContext / graph::kPagePositions);
    std::iota(table.begin(), table.end(), next);
    next += static_cast<int32_t>(table.size());
    value_of(fresh_store_->reserve_pages(kv.pool, next));
  }
  value_of(fresh_store_->reserve_slots(1));
}

std::vector<Logits> World::run(const graph::Batch& batch, backend::StateStore& store) {
  std::vector<Logits> logits;
  const backend::StepObserver observer{
      .on_tap = [&](std::string_view tap, int64_t, int64_t, Span<const float> rows) -> Status {
        if (tap != "logits") return {};
        for (size_t begin = 0; begin < rows.size(); begin += kTinyVocab) {
          const auto row = rows.subspan(begin, kTinyVocab);
          logits.emplace_back(row.begin(), row.end());
        }
        return {};
      }};
  const backend::Ticket ticket = value_of(plan_->submit(batch, store, &observer));
  value_of(plan_->take(ticket));
  return logits;
}

std::vector<Logits> World::fresh(const std::vector<int32_t>& tokens,
                                 const std::vector<int32_t>& positions) {
  std::vector<Logits> logits;
  for (size_t begin = 0; begin < tokens.size(); begin += kRows)
    fresh_step(Span<const int32_t>(tokens).subspan(begin), static_cast<int64_t>(begin), positions,
               logits);
  return logits;
}

void World::fresh_step(Span<const int32_t> tokens, int64_t begin, Span<const int32_t> positions,
                       std::vector<Logits>& logits) {
  tokens = tokens.first(std::min<size_t>(tokens.size(), kRows));
  std::vector<int32_t> index(tokens.size());
  std::iota(index.begin(), index.end(), static_cast<int32_t>(begin));
  std::vector<int32_t> wanted;
  for (int32_t position : positions)
    if (position >= index.front() && position <= index.back())
      wanted.push_back(position - index.front());
  const std::vector<Span<const int32_t>> tables(fresh_tables_.begin(), fresh_tables_.end());
  const graph::StateWrite write{static_cast<int32_t>(tokens.size()) - 1, 0};
  graph::Run run{.first = 0, .count = static_cast<int32_t>(tokens.size()), .page_tables = tables};
  if (layout_.has_recurrent()) {
    run.state_in = begin == 0 ? graph::kZeroState : 0;
    run.writes = {&write, 1};
  }
  const auto more = this->run({.token = tokens,
                               .position = index,
                               .index = index,
                               .see_until = index,
                               .runs = {&run, 1},
                               .wanted = wanted},
                              *fresh_store_);
  logits.insert(logits.end(), more.begin(), more.end());
}

}  // namespace gerbil::testing
