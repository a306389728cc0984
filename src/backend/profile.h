// What a step did and how long it took, for those who ask for it (StepObserver::profile). Plain
// data: a backend fills one for each step, on the host from its clock, on a device from the
// device's.
#pragma once

#include <string_view>
#include <vector>

#include "graph/cost.h"
#include "graph/graph.h"

namespace gerbil::backend {

// A call of a kernel. A node has more than one where its rows are computed in pieces.
struct OpCall {
  const graph::Node* node = nullptr;  // of the plan's graph
  std::string_view kernel;            // "highway"; lives as long as the program
  int64_t rows = 0;                   // of its outputs
  double start_s = 0;                 // as platform::monotonic_seconds
  double seconds = 0;
  graph::Cost cost;
};

struct StepProfile {
  double start_s = 0;
  double seconds = 0;         // from submit to the answer: the calls and what is between them
  std::vector<OpCall> calls;  // in the order of their start
};

// What a machine can do at best: the numbers beside which a profile makes sense.
struct MachineRates {
  double read_bytes_s = 0;  // from memory, with every thread
  double read_bytes_s_one_thread = 0;
  double int8_products_s = 0;  // products of 8-bit integers, each added to a sum
  double int8_products_s_one_thread = 0;
  double f32_operations_s = 0;  // multiplications and additions
  double f32_operations_s_one_thread = 0;
};

}  // namespace gerbil::backend
