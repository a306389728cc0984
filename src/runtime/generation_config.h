// What a checkpoint says about generating: stop ids and sampling defaults of
// generation_config.json, with config.json's eos ids where it is silent.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "graph/batch.h"

namespace gerbil::runtime {

struct GenerationConfig {
  std::vector<int32_t> eos_ids;
  graph::SampleParams sampling;  // greedy unless do_sample is true
  int64_t min_tokens = 0;
};

// `text`: generation_config.json, or empty; `model_eos_ids`: of config.json. Fields that
// would change the answer and are not applied are told to `log`.
Result<GenerationConfig> parse_generation_config(std::string_view text,
                                                 const std::vector<int32_t>& model_eos_ids,
                                                 const LogSink& log);

// A request's wishes over the checkpoint's defaults.
struct SamplingWish {
  std::optional<double> temperature;
  std::optional<int32_t> top_k;
  std::optional<double> top_p;
  std::optional<double> min_p;
  std::optional<double> repetition_penalty;
  std::optional<double> presence_penalty;
  std::optional<double> frequency_penalty;
  std::optional<uint64_t> seed;
};
// Out-of-range values are errors. A wish for top-k, top-p or min-p turns sampling on (temperature
// 1) where the checkpoint is greedy.
Result<graph::SampleParams> resolve_sampling(const SamplingWish& wish,
                                             const graph::SampleParams& defaults);

struct BiasWish {
  int32_t id = 0;
  double bias = 0;
};
// At most 1024, each id of the vocabulary once, -100 to 100.
Result<std::vector<graph::LogitBias>> resolve_bias(Span<const BiasWish> wishes, int64_t vocab);

}  // namespace gerbil::runtime
