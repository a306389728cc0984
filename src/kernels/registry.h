// The registry: which kernels exist, best first. registry.inc is the one list that declares,
// selects, tests and times them; a new kernel is a folder and a line there
// (docs/adding-a-kernel.md).
#pragma once

#include <string_view>

#include "graph/capabilities.h"
#include "graph/passes/memory.h"
#include "kernels/kernel.h"

namespace gerbil::kernels {

enum class Level : uint8_t {
  kReference,  // scalar loops: the definition
  kCpu,        // Highway, all cores
};

// Kernels are chosen per node and row class when a plan is made.
enum class RowClass : uint8_t { kOne, kFew, kSome, kMany };  // 1, 2-8, 9-64, more
inline constexpr int kRowClasses = 4;
RowClass row_class(int64_t rows);

using Kernel = void (*)(const Call&);
// Scratch bytes of a call with at most limits.rows rows.
using ScratchBytes = uint64_t (*)(const graph::Graph&, const graph::Node&,
                                  const graph::RowLimits& limits, const Team& team);

struct KernelRow {
  graph::OpKind op = 0;
  std::string_view name;  // "highway"
  Level level = Level::kReference;
  RowClass smallest = RowClass::kOne;  // row classes it serves
  RowClass largest = RowClass::kMany;
  Kernel run = nullptr;
  ScratchBytes scratch_bytes = nullptr;  // null: none
};

Span<const KernelRow> registry();

// The best row, or null. kReference finds only reference rows; kCpu falls back on them.
const KernelRow* find_kernel(graph::OpKind op, Level level, RowClass rows);

// Operations with a kernel for every row class. Views (slice, reshape) count: they need none. Fused
// operations have kernels at kCpu only: the reference runs what they stand for.
graph::Capabilities capabilities(Level level);

}  // namespace gerbil::kernels
