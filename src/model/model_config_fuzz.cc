// Any bytes as a config.json, and a checkpoint with every tensor that the config asks for: an error
// that names its place, or a graph whose states and memory can be laid out. Bytes behind a NUL
// break the checkpoint: each pair takes a tensor and changes its type or shape, or removes it.
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/json.h"
#include "graph/batch.h"
#include "graph/passes/fuse.h"
#include "graph/passes/memory.h"
#include "graph/state.h"
#include "model/model.h"
#include "model/testing/test_model.h"

namespace {

using namespace gerbil;
using format::Checkpoint;

constexpr int64_t kMaxFuzzedLayers = 4;  // more of the same, and slow

void check_message(const Error& error) {
  GERBIL_ASSERT(error.code != ErrorCode::kInternal);
  GERBIL_ASSERT(!error.message.empty() && error.message.find('\n') == std::string::npos);
  GERBIL_ASSERT(error.message.starts_with("config.json: ") ||
                error.message.starts_with("asked.safetensors: "));
}

void break_checkpoint(std::string_view how, Checkpoint& checkpoint) {
  for (size_t i = 0; i + 1 < how.size() && !checkpoint.tensors.empty(); i += 2) {
    auto found = checkpoint.tensors.begin();
    std::advance(found, static_cast<uint8_t>(how[i]) % checkpoint.tensors.size());
    const auto what = static_cast<uint8_t>(how[i + 1]);
    if (what < 15) {
      found->second.dtype = static_cast<tensor::DType>(what);
    } else if (what < 128) {
      tensor::Shape shape;
      for (unsigned rank = 0; rank < what % 9u; ++rank) shape.append(what);
      found->second.shape = shape;
    } else {
      checkpoint.tensors.erase(found);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string_view config = bytes.substr(0, bytes.find('\0'));
  Checkpoint checkpoint = model::testing::asked_checkpoint(config, kMaxFuzzedLayers);
  if (config.size() < size) break_checkpoint(bytes.substr(config.size() + 1), checkpoint);

  const auto model = model::load_model(config, "config.json", checkpoint);
  if (!model) {
    check_message(model.error());
    return 0;
  }
  if (model->config->layer_count() > kMaxFuzzedLayers) return 0;
  auto graph = model::build_text_graph(*model);
  if (!graph) {
    check_message(graph.error());
    return 0;
  }
  const graph::StateLayout layout = graph::make_state_layout(*graph);
  for (const graph::PagePool& pool : layout.pools)
    GERBIL_ASSERT(pool.page_bytes(graph::KvType::kF32) > 0);
  GERBIL_ASSERT(layout.slot_elements >= 0);
  graph::Capabilities everything;
  everything.ops.set();
  const graph::Graph fused = graph::fuse(*std::move(graph), everything);
  const graph::MemoryPlan plan = graph::plan_memory(
      fused, {.rows = 65536, .runs = 65536, .wanted = graph::kMaxWantedRows}, true);
  GERBIL_ASSERT(plan.arena_bytes > 0);
  return 0;
}
