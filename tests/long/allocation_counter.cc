#include "long/allocation_counter.h"

#include <atomic>
#include <cerrno>
#include <cstddef>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define GERBIL_SANITIZED
#endif
#endif
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(GERBIL_SANITIZED)
#define GERBIL_COUNTS
#endif

namespace gerbil::testing {
namespace {

std::atomic<uint64_t> g_allocations{0};

}  // namespace

bool allocations_are_counted() {
#ifdef GERBIL_COUNTS
  return true;
#else
  return false;
#endif
}

uint64_t allocations() { return g_allocations.load(); }

}  // namespace gerbil::testing

#ifdef GERBIL_COUNTS
// What operator new and everything else calls in the end. The names are the C library's.
// NOLINTBEGIN
extern "C" {

void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* block, size_t size);
void* __libc_memalign(size_t alignment, size_t size);

void* malloc(size_t size) {
  ++gerbil::testing::g_allocations;
  return __libc_malloc(size);
}
void* calloc(size_t count, size_t size) {
  ++gerbil::testing::g_allocations;
  return __libc_calloc(count, size);
}
void* realloc(void* block, size_t size) {
  ++gerbil::testing::g_allocations;
  return __libc_realloc(block, size);
}
void* aligned_alloc(size_t alignment, size_t size) {
  ++gerbil::testing::g_allocations;
  return __libc_memalign(alignment, size);
}
void* memalign(size_t alignment, size_t size) {
  ++gerbil::testing::g_allocations;
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** block, size_t alignment, size_t size) {
  ++gerbil::testing::g_allocations;
  *block = __libc_memalign(alignment, size);
  return *block == nullptr ? ENOMEM : 0;
}

}  // extern "C"
// NOLINTEND
#endif
