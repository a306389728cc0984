// Where the time of a run went: the calls of a StepProfile summed by kind of operation, by the
// weights that they work with, and by layer, each beside the least time that this machine could do
// the same work in. Plain sums; one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gerbil/gerbil.h"

namespace gerbil::cli {

// What a run had to move and to compute at least.
struct Work {
  uint64_t read_bytes = 0;    // weights and states
  uint64_t memory_bytes = 0;  // these, and states written
  uint64_t value_bytes = 0;   // inputs and outputs of operations: mostly in caches
  double f32_operations = 0;
  double int8_operations = 0;  // of these two, a product and its addition are two operations

  void add(const OpCall& call, bool int8_activations);
  // The time it takes at the machine's rates: that of reading, or that of computing. Values count
  // where there is nothing else.
  double least_seconds(const MachineRates& rates) const;
};

struct ProfileRow {
  std::string op;    // "linear"; of a layer's row empty
  std::string part;  // the weight without its layer, "mlp.down"; in a row of all parts empty
  int64_t layer = -1;
  int64_t calls = 0;
  double seconds = 0;
  double least_seconds = 0;
  uint64_t bytes = 0;  // all that is moved, values included
  double operations = 0;
};

class Profile {
 public:
  Profile(const MachineRates& rates, bool int8_activations)
      : rates_(rates), int8_activations_(int8_activations) {}

  void add(const StepProfile& step);

  int64_t steps() const { return steps_; }
  double step_seconds() const { return step_seconds_; }
  double call_seconds() const { return call_seconds_; }
  // Longest first; layers in their order, what belongs to none at the end.
  std::vector<ProfileRow> ops() const;
  std::vector<ProfileRow> parts() const;
  std::vector<ProfileRow> layers() const;

 private:
  MachineRates rates_;
  bool int8_activations_;
  int64_t steps_ = 0;
  double step_seconds_ = 0;
  double call_seconds_ = 0;
  std::vector<ProfileRow> parts_;
  std::vector<ProfileRow> layers_;
};

// Does the time of `op` go into products of 8-bit integers, where activations are int8?
bool multiplies_rows(std::string_view op);

}  // namespace gerbil::cli
