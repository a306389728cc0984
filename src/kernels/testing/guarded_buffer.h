// GuardedBuffer: memory for a kernel under test, with canary bytes on both sides. An element is
// placed `shift_bytes` behind a 64-byte boundary, so that a case can ask for misaligned views.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/span.h"

namespace gerbil::kernels::testing {

class GuardedBuffer {
 public:
  GuardedBuffer() = default;
  explicit GuardedBuffer(uint64_t bytes, uint64_t shift_bytes = 0)
      : memory_(bytes + shift_bytes + 2 * kGuardBytes + kAlignment), bytes_(bytes) {
    const auto address = reinterpret_cast<uintptr_t>(memory_.data()) + kGuardBytes;
    begin_ = kGuardBytes + (kAlignment - address % kAlignment) % kAlignment + shift_bytes;
    std::fill_n(memory_.begin(), begin_, kCanary);
    std::fill(memory_.begin() + static_cast<int64_t>(begin_ + bytes_), memory_.end(), kCanary);
  }

  std::byte* data() { return memory_.data() + begin_; }
  const std::byte* data() const { return memory_.data() + begin_; }
  Span<std::byte> bytes() { return {data(), bytes_}; }
  Bytes bytes() const { return {data(), bytes_}; }

  // Nothing was written around the bytes.
  bool intact() const {
    const auto is_canary = [](std::byte b) { return b == kCanary; };
    return std::all_of(memory_.begin(), memory_.begin() + static_cast<int64_t>(begin_),
                       is_canary) &&
           std::all_of(memory_.begin() + static_cast<int64_t>(begin_ + bytes_), memory_.end(),
                       is_canary);
  }

 private:
  static constexpr uint64_t kAlignment = 64;
  static constexpr uint64_t kGuardBytes = 256;
  static constexpr std::byte kCanary{0xa5};

  std::vector<std::byte> memory_;
  uint64_t bytes_ = 0;
  uint64_t begin_ = 0;
};

}  // namespace gerbil::kernels::testing
