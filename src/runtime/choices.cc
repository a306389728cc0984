#include "runtime/choices.h"

#include <algorithm>

#include "platform/memory.h"

namespace gerbil::runtime {
namespace {

using backend::WeightChoice;

// The part of the free memory that one sequence's cache may be expected to take, and that weights
// and a usual conversation may.
constexpr uint64_t kShare = 2;

double gigabytes(uint64_t bytes) { return static_cast<double>(bytes) / 1e9; }

uint64_t sum_of(const std::vector<backend::PackedWeight>& weights) {
  uint64_t sum = 0;
  for (const backend::PackedWeight& weight : weights) sum += weight.size_bytes;
  return sum;
}

WeightSizes sizes_of(const RunnerOptions& options, const model::Model& model,
                     const graph::Graph& graph, const graph::StateLayout& layout,
                     const backend::Backend& backend) {
  WeightSizes sizes;
  for (const graph::Weight& weight : graph.weights)
    for (const graph::StoredPart& part : model.weights.find(weight.role)->second.parts) {
      sizes.parameters += *part.tensor.shape.elements();
      sizes.stored_bytes += part.tensor.size_bytes;
    }
  sizes.q8_bytes = sum_of(backend.measure_weights(graph, model.weights, WeightChoice::kQ8));
  const int64_t longest = options.context > 0 ? options.context : model.config->max_positions;
  sizes.kv_bytes = kv_bytes(layout, options.kv, std::min(longest, kUsualContext));
  return sizes;
}

void note_weights(WeightChoice chosen, const WeightSizes& sizes, uint64_t free_bytes,
                  const LogSink& log) {
  if (!log) return;
  if (chosen == WeightChoice::kStored) {
    log("weights are held as stored: they take no more than 8 bits each");
    return;
  }
  const bool q8 = chosen == WeightChoice::kQ8;
  const auto wanted = gigabytes(sizes.q8_bytes + sizes.kv_bytes);
  log(fmt::format(
      "weights are held at {}: q8 and the cache of a conversation take {:.2f} GB, {} than half of "
      "the {:.2f} GB that are free (--quant stored: {:.2f} GB)",
      q8 ? "q8" : "q4", wanted, q8 ? "no more" : "more", gigabytes(free_bytes),
      gigabytes(sizes.stored_bytes)));
}

// Asked for: within the model's maximum, and with the weights in the free memory.
Status check_context(int64_t context, int64_t model_maximum, const graph::StateLayout& layout,
                     graph::KvType kv, uint64_t weight_bytes, uint64_t free_bytes) {
  if (context > model_maximum)
    return invalid("context: expected 1 to {} (max_position_embeddings), found {}", model_maximum,
                   context);
  const uint64_t cache = kv_bytes(layout, kv, context);
  if (free_bytes == 0 || cache + weight_bytes <= free_bytes) return {};
  const uint64_t left = free_bytes - std::min(free_bytes, weight_bytes);
  const int64_t fits = context_that_fits(layout, kv, context, left);
  return fail(ErrorCode::kOutOfMemory,
              "context: {} tokens take {:.2f} GB of cache beside {:.2f} GB of weights, but {:.2f} "
              "GB of memory are free; {} tokens would fit",
              context, gigabytes(cache), gigabytes(weight_bytes), gigabytes(free_bytes),
              kv_bytes(layout, kv, fits) <= left ? fits : 0);
}

int64_t default_context(int64_t model_maximum, const graph::StateLayout& layout, graph::KvType kv,
                        uint64_t free_bytes, const LogSink& log) {
  if (free_bytes == 0) return model_maximum;  // the system does not say
  const int64_t fits = context_that_fits(layout, kv, model_maximum, free_bytes / kShare);
  if (fits < model_maximum && log)
    log(fmt::format("context lowered from {} to {} tokens: half of the free memory holds no more",
                    model_maximum, fits));
  return fits;
}

// Bytes that packing would take of the free memory: what is mapped takes none that cannot be given
// back.
uint64_t taken_bytes(const std::vector<backend::PackedWeight>& weights) {
  uint64_t sum = 0;
  for (const backend::PackedWeight& weight : weights)
    if (!weight.mapped) sum += weight.size_bytes;
  return sum;
}

}  // namespace

WeightChoice choose_weights(const WeightSizes& sizes, uint64_t free_bytes) {
  if (sizes.stored_bytes <= sizes.parameters) return WeightChoice::kStored;
  const bool fits = free_bytes == 0 || sizes.q8_bytes + sizes.kv_bytes <= free_bytes / kShare;
  return fits ? WeightChoice::kQ8 : WeightChoice::kQ4;
}

Result<Choices> choose(const RunnerOptions& options, const model::Model& model,
                       const graph::Graph& graph, const graph::StateLayout& layout,
                       const backend::Backend& backend, const LogSink& log) {
  const uint64_t free_bytes = platform::physical_memory().available_bytes;
  Choices choices;
  if (options.weights) {
    choices.weights = *options.weights;
  } else {
    const WeightSizes sizes = sizes_of(options, model, graph, layout, backend);
    choices.weights = choose_weights(sizes, free_bytes);
    note_weights(choices.weights, sizes, free_bytes, log);
  }
  const bool quantized = choices.weights == WeightChoice::kQ8 ||
                         choices.weights == WeightChoice::kQ6 ||
                         choices.weights == WeightChoice::kQ4;
  choices.int8_activations = options.int8_activations.value_or(quantized);
  const int64_t model_maximum = model.config->max_positions;
  if (options.context > 0) {
    const uint64_t weight_bytes =
        taken_bytes(backend.measure_weights(graph, model.weights, choices.weights));
    GERBIL_CHECK_OK(check_context(options.context, model_maximum, layout, options.kv, weight_bytes,
                                  free_bytes));
    choices.context = options.context;
  } else {
    choices.context = default_context(model_maximum, layout, options.kv, free_bytes, log);
  }
  return choices;
}

uint64_t kv_bytes(const graph::StateLayout& layout, graph::KvType type, int64_t context) {
  uint64_t sum = 0;
  for (const graph::StateLayout::Kv& kv : layout.kv) {
    // A windowed layer keeps its window and the page that is being filled.
    const int64_t positions =
        kv.window == 0 ? context : std::min(context, kv.window + graph::kPagePositions);
    const auto pages =
        static_cast<uint64_t>((positions + graph::kPagePositions - 1) / graph::kPagePositions);
    sum += pages * layout.pools[static_cast<size_t>(kv.pool)].page_bytes(type);
  }
  return sum;
}

int64_t context_that_fits(const graph::StateLayout& layout, graph::KvType type, int64_t wanted,
                          uint64_t free_bytes) {
  if (kv_bytes(layout, type, wanted) <= free_bytes) return wanted;
  int64_t low = 1;  // pages that fit (or the least we go on with)
  int64_t high = wanted / graph::kPagePositions + 1;
  while (high - low > 1) {
    const int64_t middle = low + (high - low) / 2;
    (kv_bytes(layout, type, middle * graph::kPagePositions) <= free_bytes ? low : high) = middle;
  }
  return std::min(wanted, low * graph::kPagePositions);
}

}  // namespace gerbil::runtime
