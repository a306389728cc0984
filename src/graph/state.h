// StateLayout: how the states that a graph declares are kept, for the runtime (which counts pages
// and slots) and the backends (which hold their bytes). Neither needs to know the model family.
//
// KV states of equal geometry share a pool of pages. A page holds kPagePositions positions of one
// layer: K as [kv_heads][32][head_dim], then V likewise. All recurrent states of a sequence live
// under one slot number.
//
// In a page of type kQ8 groups of 32 numbers of a head share a scale, the last group of a head_dim
// that is no multiple of 32 being shorter. What is [32][head_dim] numbers elsewhere is a block:
// int8 codes [32][head_dim], then f16 scales [groups][32], positions innermost.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.h"

namespace gerbil::graph {

enum class KvType : uint8_t { kF32, kF16, kQ8 };

inline constexpr int64_t kKvGroup = 32;  // numbers that share a scale in a page of type kQ8
constexpr int64_t kv_groups(int64_t head_dim) { return (head_dim + kKvGroup - 1) / kKvGroup; }

struct PagePool {
  int64_t kv_heads = 0;
  int64_t head_dim = 0;

  int64_t page_elements() const;  // K and V together; numbers, without the scales of kQ8
  uint64_t page_bytes(KvType type) const;
};

struct StateLayout {
  struct Kv {
    StateId state = -1;
    int32_t pool = 0;
    int64_t window = 0;
  };
  struct Recurrent {
    StateId state = -1;
    int64_t elements = 0;
    int64_t offset = 0;  // of this state in a slot, in floats
  };
  std::vector<PagePool> pools;
  std::vector<Kv> kv;                // by KV state number: the order of Run::page_tables
  std::vector<Recurrent> recurrent;  // by recurrent state number
  int64_t slot_elements = 0;         // floats of a slot, all recurrent states together
  std::vector<int32_t>
      number;  // [StateId] -> its number among the KV states or among the recurrent states

  bool has_recurrent() const { return !recurrent.empty(); }
};

StateLayout make_state_layout(const Graph& graph);

}  // namespace gerbil::graph
