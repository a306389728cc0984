#include "tensor/byte_source.h"

#include <algorithm>

namespace gerbil::tensor {

std::optional<Bytes> MemorySource::view(uint64_t offset_bytes, uint64_t size_bytes) const {
  if (offset_bytes > bytes_.size() || size_bytes > bytes_.size() - offset_bytes)
    return std::nullopt;
  return Bytes(bytes_).subspan(offset_bytes, size_bytes);
}

Status MemorySource::read(uint64_t offset_bytes, Span<std::byte> out) const {
  const auto bytes = view(offset_bytes, out.size());
  if (!bytes)
    return corrupt("{}: bytes {} to {} were asked for, it has {}", name_, offset_bytes,
                   offset_bytes + out.size(), bytes_.size());
  std::ranges::copy(*bytes, out.begin());
  return {};
}

}  // namespace gerbil::tensor
