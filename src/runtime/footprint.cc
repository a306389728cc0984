#include "runtime/footprint.h"

#include <algorithm>

#include "graph/batch.h"
#include "platform/memory.h"
#include "runtime/choices.h"
#include "runtime/conversation.h"

namespace gerbil::runtime {
namespace {

constexpr int64_t kPage = graph::kPagePositions;

int64_t pages_for(int64_t positions) { return (positions + kPage - 1) / kPage; }

// Pages of a layer with a window while a step of `rows` tokens runs: those that the step's first
// row sees, and the step's own. Neither end need lie on a page's border.
int64_t window_pages(int64_t window, int64_t context, int64_t rows) {
  return std::min(pages_for(context), pages_for(window - 1 + rows) + 1);
}

bool keeps_snapshots(const graph::StateLayout& layout) {
  return layout.has_recurrent() ||
         std::ranges::any_of(layout.kv, [](const auto& kv) { return kv.window > 0; });
}

}  // namespace

uint64_t Footprint::weight_bytes() const {
  uint64_t sum = 0;
  for (const backend::PackedWeight& weight : weights) sum += weight.size_bytes;
  return sum;
}

std::vector<int64_t> most_pages(const graph::StateLayout& layout, int64_t context, int64_t rows) {
  const int64_t snapshots = keeps_snapshots(layout) ? Conversation::kSnapshots : 0;
  std::vector<int64_t> pages(layout.pools.size(), 0);
  for (const graph::StateLayout::Kv& kv : layout.kv) {
    // A snapshot shares full pages with the sequence and holds its last one; behind a window it
    // keeps what the sequence has given back.
    const int64_t own =
        kv.window == 0 ? pages_for(context) : window_pages(kv.window, context, rows);
    const int64_t kept = kv.window == 0 ? 1 : window_pages(kv.window, context, 1);
    pages[static_cast<size_t>(kv.pool)] += own + snapshots * kept;
  }
  return pages;
}

Result<Footprint> measure(const model::Model& model, const RunnerOptions& options,
                          const LogSink& log) {
  GERBIL_TRY(const graph::Graph graph, model::build_text_graph(model));
  const std::unique_ptr<backend::Backend> backend = make_backend(options);
  Footprint footprint{.backend = std::string(backend->name()), .threads = backend->threads()};
  footprint.layout = graph::make_state_layout(graph);
  const graph::StateLayout& layout = footprint.layout;
  GERBIL_TRY(footprint.choices, choose(options, model, graph, layout, *backend, log));
  GERBIL_TRY(
      footprint.step_bytes,
      backend->measure_plan(
          graph, {.rows = options.batch, .int8_activations = footprint.choices.int8_activations}));
  footprint.weights = backend->measure_weights(graph, model.weights, footprint.choices.weights);

  for (const graph::StateLayout::Kv& kv : layout.kv) {
    const uint64_t page = layout.pools[static_cast<size_t>(kv.pool)].page_bytes(options.kv);
    if (kv.window == 0)
      footprint.page_bytes += page;
    else
      footprint.window_bytes += page * static_cast<uint64_t>(window_pages(
                                           kv.window, model.config->max_positions, options.batch));
  }
  footprint.slot_bytes = static_cast<uint64_t>(layout.slot_elements) * sizeof(float);
  footprint.slots = layout.has_recurrent() ? Conversation::kSlots : 0;
  const auto kv_of = [&](int64_t context) {
    return backend->measure_states(layout, options.kv, most_pages(layout, context, options.batch),
                                   0);
  };
  const std::vector<int64_t> no_pages(layout.pools.size(), 0);
  footprint.kv_bytes = kv_of(footprint.choices.context);
  footprint.recurrent_bytes =
      backend->measure_states(layout, options.kv, no_pages, footprint.slots);

  footprint.free_bytes = platform::physical_memory().available_bytes;
  const uint64_t fixed =
      footprint.weight_bytes() + footprint.step_bytes + footprint.recurrent_bytes;
  int64_t fits = 0;  // in pages
  int64_t beyond = pages_for(model.config->max_positions) + 1;
  while (beyond - fits > 1) {
    const int64_t middle = fits + (beyond - fits) / 2;
    (fixed + kv_of(middle * kPage) <= footprint.free_bytes ? fits : beyond) = middle;
  }
  footprint.largest_context = std::min(fits * kPage, model.config->max_positions);
  return footprint;
}

}  // namespace gerbil::runtime
