#include "backend/host/state_store.h"

#include <algorithm>
#include <cstring>

namespace gerbil::backend {
namespace {

constexpr uint64_t kSegmentBytes = uint64_t{8} << 20;

}  // namespace

HostStateStore::HostStateStore(graph::StateLayout layout, graph::KvType kv)
    : layout_(std::move(layout)), kv_(kv) {
  for (const graph::PagePool& pool : layout_.pools)
    pools_.push_back(make_segments(pool.page_bytes(kv_)));
  slots_ = make_segments(slot_bytes(layout_));
}

uint64_t HostStateStore::slot_bytes(const graph::StateLayout& layout) {
  return static_cast<uint64_t>(layout.slot_elements) * sizeof(float);
}

uint64_t HostStateStore::measure(const graph::StateLayout& layout, graph::KvType kv,
                                 Span<const int64_t> pages, int64_t slots) {
  const auto bytes_of = [](const Segments& segments, int64_t units) {
    const auto blocks = static_cast<uint64_t>((units + segments.units_per_segment - 1) /
                                              segments.units_per_segment);
    return blocks * static_cast<uint64_t>(segments.units_per_segment) * segments.unit_bytes;
  };
  GERBIL_ASSERT(pages.size() == layout.pools.size());
  uint64_t sum = bytes_of(make_segments(slot_bytes(layout)), slots);
  for (size_t pool = 0; pool < pages.size(); ++pool)
    sum += bytes_of(make_segments(layout.pools[pool].page_bytes(kv)), pages[pool]);
  return sum;
}

HostStateStore::Segments HostStateStore::make_segments(uint64_t unit_bytes) {
  Segments segments;
  segments.unit_bytes = unit_bytes;
  if (unit_bytes > 0)
    segments.units_per_segment =
        static_cast<int64_t>(std::max<uint64_t>(1, kSegmentBytes / unit_bytes));
  return segments;
}

Status HostStateStore::grow(Segments& segments, int32_t count, std::string_view what) {
  while (static_cast<int64_t>(segments.blocks.size()) * segments.units_per_segment < count) {
    GERBIL_TRY(AlignedBuffer block,
               AlignedBuffer::allocate(
                   static_cast<uint64_t>(segments.units_per_segment) * segments.unit_bytes, what));
    segments.starts.push_back(block.data());
    segments.blocks.push_back(std::move(block));
  }
  return {};
}

Status HostStateStore::reserve_pages(int32_t pool, int32_t count) {
  return grow(pools_[static_cast<size_t>(pool)], count, "the KV cache");
}

Status HostStateStore::reserve_slots(int32_t count) {
  GERBIL_CHECK_OK(grow(slots_, count, "the recurrent states"));
  slot_starts_.clear();
  for (std::byte* start : slots_.starts) slot_starts_.push_back(reinterpret_cast<float*>(start));
  return {};
}

Status HostStateStore::read_slot(int32_t slot, graph::StateId state, Span<float> out) {
  const kernels::SlotView view = slot_view(state);
  GERBIL_ASSERT(static_cast<int64_t>(out.size()) == view.elements);
  std::copy_n(view.slot(slot), view.elements, out.data());
  return {};
}

uint64_t HostStateStore::size_bytes() const {
  uint64_t sum = 0;
  for (const AlignedBuffer& block : slots_.blocks) sum += block.size_bytes();
  for (const Segments& pool : pools_)
    for (const AlignedBuffer& block : pool.blocks) sum += block.size_bytes();
  return sum;
}

kernels::KvView HostStateStore::kv_view(graph::StateId state) const {
  const int32_t number = layout_.number[static_cast<size_t>(state)];
  const auto pool = static_cast<size_t>(layout_.kv[static_cast<size_t>(number)].pool);
  return {.type = kv_,
          .kv_heads = layout_.pools[pool].kv_heads,
          .head_dim = layout_.pools[pool].head_dim,
          .number = number,
          .segments = pools_[pool].starts,
          .pages_per_segment = pools_[pool].units_per_segment,
          .page_bytes = pools_[pool].unit_bytes};
}

kernels::SlotView HostStateStore::slot_view(graph::StateId state) const {
  const auto number = static_cast<size_t>(layout_.number[static_cast<size_t>(state)]);
  return {.segments = slot_starts_,
          .slots_per_segment = slots_.units_per_segment,
          .slot_elements = layout_.slot_elements,
          .offset = layout_.recurrent[number].offset,
          .elements = layout_.recurrent[number].elements};
}

void HostStateStore::copy_page(const graph::PageCopy& copy) {
  const Segments& pool = pools_[static_cast<size_t>(copy.pool)];
  const auto page = [&](int32_t id) {
    return pool.starts[static_cast<size_t>(id / pool.units_per_segment)] +
           static_cast<uint64_t>(id % pool.units_per_segment) * pool.unit_bytes;
  };
  std::memcpy(page(copy.to), page(copy.from), pool.unit_bytes);
}

}  // namespace gerbil::backend
