// Backend: runs planned graphs. The door between the runtime and reference, cpu and webgpu.
//
// load_weights packs what a graph names, once; make_plan turns a graph into something that runs
// steps; a StateStore holds the bytes of pages and slots, whose numbers the runtime hands out.
// submit never blocks on a result: the CPU is simply done when it returns. A backend and all it
// made belong to one driver thread; Weights are immutable and may be shared by plans. Everything
// outlives nothing but its backend: destroy the backend last.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/profile.h"
#include "base/result.h"
#include "base/span.h"
#include "graph/batch.h"
#include "graph/capabilities.h"
#include "graph/graph.h"
#include "graph/state.h"
#include "graph/weights.h"
#include "platform/cpu_features.h"

namespace gerbil::backend {

// How weights are held: as stored, as numbers of a type, or group-quantised with so many bits.
enum class WeightChoice : uint8_t { kStored, kF32, kBF16, kF16, kQ8, kQ6, kQ4 };

// Done so far and in all, in bytes of stored tensors.
using Progress = std::function<void(uint64_t done_bytes, uint64_t total_bytes)>;

// Packed weights of an earlier run. What a key names never changes.
class PackedCache {
 public:
  struct Found {
    Bytes bytes;
    std::shared_ptr<const void> owner;  // keeps them
  };
  virtual ~PackedCache() = default;
  // Any thread.
  virtual std::optional<Found> find(std::string_view key) const = 0;
};

struct WeightOptions {
  WeightChoice choice = WeightChoice::kStored;
  const PackedCache* cache = nullptr;  // where quantised weights may be found; used during the load
  Progress progress;
};

// A weight as load_weights holds it.
struct PackedWeight {
  std::string role;
  std::string_view encoding;  // "bf16", "q4"
  uint64_t size_bytes = 0;
  bool mapped = false;  // not copied: its pages are the checkpoint's own
};

class Weights {
 public:
  // What a PackedCache may hold: bytes that took work to make.
  struct Quantized {
    std::string key;  // role, shape and layout
    Bytes bytes;
    bool from_cache = false;
  };
  virtual ~Weights() = default;
  virtual uint64_t size_bytes() const = 0;  // packed, in memory or mapped
  virtual std::vector<Quantized> quantized() const = 0;
};

class StateStore {
 public:
  virtual ~StateStore() = default;
  // Makes pages [0, count) of a pool, and slots [0, count), usable. Memory comes in segments when
  // first needed.
  virtual Status reserve_pages(int32_t pool, int32_t count) = 0;
  virtual Status reserve_slots(int32_t count) = 0;
  // Copies a recurrent state out of a slot; `out` has the state's elements.
  virtual Status read_slot(int32_t slot, graph::StateId state, Span<float> out) = 0;
  virtual uint64_t size_bytes() const = 0;
};

// What a caller may watch beside the sampled ids. Called on the driver thread, before take()
// returns.
struct StepObserver {
  // Null: nothing is timed. Else it is overwritten with what the step did; complete when take()
  // returns.
  StepProfile* profile = nullptr;
  // Rows [first, first + count) of a tapped value, [count, width], in pieces for values of wanted
  // rows.
  std::function<Status(std::string_view tap, int64_t first, int64_t count, Span<const float> rows)>
      on_tap;
};

// What a step answers; valid until the next but one submit.
struct StepAnswer {
  Span<const int32_t> ids;  // [wanted], sampled; empty if the batch asks for none
  // Where a row asks for log probabilities, of all rows (those of the others hold anything):
  Span<const float> logprobs;     // [wanted][1 + kMaxLogprobs]: of the sampled id, of the likeliest
  Span<const int32_t> likeliest;  // [wanted][kMaxLogprobs]
};

using Ticket = uint64_t;

class Plan {
 public:
  virtual ~Plan() = default;

  // Starts a step. The batch's memory must stay until take().
  virtual Result<Ticket> submit(const graph::Batch& batch, StateStore& states,
                                const StepObserver* observer) = 0;
  virtual bool ready(Ticket ticket) = 0;
  // Blocks where the platform can, and only if the step is not ready.
  virtual Result<StepAnswer> take(Ticket ticket) = 0;
  // How many steps may be in flight.
  virtual int depth() const = 0;
  virtual uint64_t size_bytes() const = 0;  // work memory, weights and states excluded
  // The graph as it runs, after fusion.
  virtual const graph::Graph& graph() const = 0;
};

struct PlanOptions {
  int64_t rows = 512;  // most rows of a step
  bool taps = false;   // keep every tapped value for observers
  // Products with group-quantised weights take their activations as int8 in blocks of 32.
  bool int8_activations = false;
};

class Backend {
 public:
  virtual ~Backend() = default;

  virtual std::string_view name() const = 0;
  virtual int threads() const = 0;  // of this process that it computes with
  // The instruction set of its kernels, "avx512"; "" where it has no choice.
  virtual std::string_view isa() const = 0;
  // Measures it; takes some hundred milliseconds. Not while a step is in flight.
  virtual Result<MachineRates> measure_machine() = 0;
  virtual graph::Capabilities capabilities() const = 0;
  virtual Result<std::shared_ptr<const Weights>> load_weights(const graph::Graph& graph,
                                                              const graph::WeightMap& map,
                                                              const WeightOptions& options) = 0;
  virtual Result<std::unique_ptr<StateStore>> make_state_store(const graph::StateLayout& layout,
                                                               graph::KvType kv) = 0;
  virtual Result<std::unique_ptr<Plan>> make_plan(graph::Graph graph,
                                                  std::shared_ptr<const Weights> weights,
                                                  const PlanOptions& options) = 0;

  // What the three above take (their size_bytes), without reading a weight or taking the memory.
  virtual std::vector<PackedWeight> measure_weights(const graph::Graph& graph,
                                                    const graph::WeightMap& map,
                                                    WeightChoice choice) const = 0;
  // A store with pages [0, pages[pool]) of every pool and slots [0, slots) reserved.
  virtual uint64_t measure_states(const graph::StateLayout& layout, graph::KvType kv,
                                  Span<const int64_t> pages, int64_t slots) const = 0;
  virtual Result<uint64_t> measure_plan(graph::Graph graph, const PlanOptions& options) const = 0;
};

// Scalar, one thread: the definition of every number.
std::unique_ptr<Backend> make_reference_backend();
// All cores; threads 0: one per usable processor. The level of its kernels is one that the
// processor supports; nothing: the best one.
std::unique_ptr<Backend> make_cpu_backend(int threads,
                                          std::optional<platform::Isa> isa = std::nullopt);

}  // namespace gerbil::backend
