#include "graph/state.h"

#include "base/checked_math.h"
#include "base/half.h"
#include "graph/batch.h"

namespace gerbil::graph {

int64_t PagePool::page_elements() const { return 2 * kv_heads * kPagePositions * head_dim; }

uint64_t PagePool::page_bytes(KvType type) const {
  const auto elements = static_cast<uint64_t>(page_elements());
  switch (type) {
    case KvType::kF32:
      return elements * sizeof(float);
    case KvType::kF16:
      return elements * sizeof(Half);
    case KvType::kQ8:
      break;
  }
  const int64_t scales = 2 * kv_heads * kPagePositions * kv_groups(head_dim);
  return elements + static_cast<uint64_t>(scales) * sizeof(Half);
}

StateLayout make_state_layout(const Graph& graph) {
  StateLayout layout;
  for (size_t id = 0; id < graph.states.size(); ++id) {
    if (const auto* kv = std::get_if<KvState>(&graph.states[id].kind)) {
      size_t pool = 0;
      while (pool < layout.pools.size() && (layout.pools[pool].kv_heads != kv->kv_heads ||
                                            layout.pools[pool].head_dim != kv->head_dim))
        ++pool;
      if (pool == layout.pools.size()) layout.pools.push_back({kv->kv_heads, kv->head_dim});
      layout.number.push_back(static_cast<int32_t>(layout.kv.size()));
      layout.kv.push_back({static_cast<StateId>(id), static_cast<int32_t>(pool), kv->window});
    } else {
      const auto& recurrent = std::get<RecurrentState>(graph.states[id].kind);
      const auto elements = *recurrent.shape.elements();
      layout.number.push_back(static_cast<int32_t>(layout.recurrent.size()));
      layout.recurrent.push_back(
          {static_cast<StateId>(id), static_cast<int64_t>(elements), layout.slot_elements});
      layout.slot_elements +=
          static_cast<int64_t>(round_up(elements, 16));  // each begins on a cache line
    }
  }
  return layout;
}

}  // namespace gerbil::graph
