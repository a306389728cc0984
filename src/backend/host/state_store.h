// HostStateStore: pages and slots in this process's memory, in segments that are allocated when
// first needed and never move, so that views of them stay valid. Belongs to the driver thread.
#pragma once

#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "base/aligned_buffer.h"
#include "kernels/kernel.h"

namespace gerbil::backend {

class HostStateStore final : public StateStore {
 public:
  HostStateStore(graph::StateLayout layout, graph::KvType kv);

  // size_bytes() of a store with so many pages ([pool]) and slots reserved.
  static uint64_t measure(const graph::StateLayout& layout, graph::KvType kv,
                          Span<const int64_t> pages, int64_t slots);

  Status reserve_pages(int32_t pool, int32_t count) override;
  Status reserve_slots(int32_t count) override;
  Status read_slot(int32_t slot, graph::StateId state, Span<float> out) override;
  uint64_t size_bytes() const override;

  kernels::KvView kv_view(graph::StateId state) const;
  kernels::SlotView slot_view(graph::StateId state) const;
  void copy_page(const graph::PageCopy& copy);

 private:
  struct Segments {
    uint64_t unit_bytes = 0;  // a page or a slot
    int64_t units_per_segment = 1;
    std::vector<AlignedBuffer> blocks;
    std::vector<std::byte*> starts;
  };
  static Segments make_segments(uint64_t unit_bytes);
  static uint64_t slot_bytes(const graph::StateLayout& layout);
  static Status grow(Segments& segments, int32_t count, std::string_view what);

  graph::StateLayout layout_;
  graph::KvType kv_;
  std::vector<Segments> pools_;
  Segments slots_;
  std::vector<float*> slot_starts_;
};

}  // namespace gerbil::backend
