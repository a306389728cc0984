// AlignedBuffer: an owned block of bytes on a 64-byte border or a larger one, or an error instead
// of an exception when memory is out. Contents start undefined; large blocks are only backed by
// memory once they are touched.
#pragma once

#include <cstdlib>
#include <memory>

#include "base/checked_math.h"
#include "base/result.h"
#include "base/span.h"

namespace gerbil {

class AlignedBuffer {
 public:
  static constexpr uint64_t kAlignment = 64;

  AlignedBuffer() = default;

  // `what` is what errors call the block: "the KV cache". `alignment`: a power of two, 64 or more.
  static Result<AlignedBuffer> allocate(uint64_t size_bytes, std::string_view what,
                                        uint64_t alignment = kAlignment) {
    AlignedBuffer buffer;
    buffer.size_bytes_ = size_bytes;
    if (size_bytes == 0) return buffer;
    if (size_bytes > SIZE_MAX - alignment)
      return fail(ErrorCode::kOutOfMemory, "{}: {} bytes are more than can be addressed", what,
                  size_bytes);
    buffer.data_.reset(
        static_cast<std::byte*>(std::aligned_alloc(alignment, round_up(size_bytes, alignment))));
    if (buffer.data_ == nullptr)
      return fail(ErrorCode::kOutOfMemory, "{}: {} bytes of memory were refused", what, size_bytes);
    return buffer;
  }

  std::byte* data() const { return data_.get(); }
  uint64_t size_bytes() const { return size_bytes_; }
  Span<std::byte> bytes() const { return {data_.get(), static_cast<size_t>(size_bytes_)}; }
  template <class T>
  T* as() const {
    return reinterpret_cast<T*>(data_.get());
  }

 private:
  struct Free {
    void operator()(std::byte* block) const { std::free(block); }
  };
  std::unique_ptr<std::byte, Free> data_;
  uint64_t size_bytes_ = 0;
};

}  // namespace gerbil
