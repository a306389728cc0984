#include <sys/mman.h>

#include "platform/huge_pages.h"

namespace gerbil::platform {

Result<AlignedBuffer> allocate_large(uint64_t size_bytes, std::string_view what) {
  constexpr uint64_t kHugePage = uint64_t{2} << 20;
  if (size_bytes < kHugePage) return AlignedBuffer::allocate(size_bytes, what);
  GERBIL_TRY(AlignedBuffer block, AlignedBuffer::allocate(size_bytes, what, kHugePage));
#if defined(MADV_HUGEPAGE)
  // A wish: a system without huge pages says no, and all is as before.
  (void)::madvise(block.data(), static_cast<size_t>(size_bytes), MADV_HUGEPAGE);
#endif
  return block;
}

}  // namespace gerbil::platform
