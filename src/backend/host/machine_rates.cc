#include "backend/host/machine_rates.h"

#include <algorithm>

#include "base/aligned_buffer.h"
#include "kernels/machine_limits.h"
#include "platform/clock.h"
#include "platform/memory.h"

namespace gerbil::backend {
namespace {

constexpr uint64_t kMostBytes = 256ULL << 20;
constexpr uint64_t kLeastBytes = 16ULL << 20;
constexpr double kSeconds = 0.05;  // of each rate, at least
constexpr int kTries = 3;          // likewise

// Much more than caches hold, and a small part of the memory that is free.
uint64_t buffer_bytes() {
  const uint64_t free_bytes = platform::physical_memory().available_bytes;
  if (free_bytes == 0) return kLeastBytes;
  return std::clamp(free_bytes / 8 / kLeastBytes * kLeastBytes, kLeastBytes, kMostBytes);
}

// The best of the tries, in units a second.
template <class F>
double best_rate(F&& work) {
  double best = 0;
  const double begin = platform::monotonic_seconds();
  for (int i = 0; i < kTries || platform::monotonic_seconds() - begin < kSeconds; ++i) {
    const double start = platform::monotonic_seconds();
    const auto units = static_cast<double>(work());
    const double seconds = platform::monotonic_seconds() - start;
    if (seconds > 0) best = std::max(best, units / seconds);
  }
  return best;
}

}  // namespace

Result<MachineRates> measure_host(platform::Isa isa, platform::ThreadPool& pool) {
  const uint64_t bytes = buffer_bytes();
  GERBIL_TRY(const AlignedBuffer buffer,
             AlignedBuffer::allocate(bytes, "measuring how fast memory is read"));
  const Span<float> numbers(buffer.as<float>(), bytes / sizeof(float));
  // Written before it is read: pages that never were are all the same one.
  const auto blocks = static_cast<int64_t>(bytes / kLeastBytes);
  constexpr size_t kBlock = kLeastBytes / sizeof(float);
  pool.parallel_for(blocks, [&](int64_t block) {
    std::ranges::fill(numbers.subspan(static_cast<size_t>(block) * kBlock, kBlock), 1.0f);
  });

  platform::ThreadPool one(1);
  const auto read = [&](platform::ThreadPool& with) {
    return best_rate([&] { return kernels::read_all(numbers, isa, with) > 0 ? bytes : 0; });
  };
  const auto int8 = [&](platform::ThreadPool& with) {
    return best_rate([&] { return kernels::multiply_add_int8(isa, with); });
  };
  const auto f32 = [&](platform::ThreadPool& with) {
    return best_rate([&] { return kernels::multiply_add(isa, with); });
  };
  MachineRates rates{.read_bytes_s_one_thread = read(one),
                     .int8_products_s_one_thread = int8(one),
                     .f32_operations_s_one_thread = f32(one)};
  // What one of the threads can do, all of them can.
  rates.read_bytes_s = std::max(read(pool), rates.read_bytes_s_one_thread);
  rates.int8_products_s = std::max(int8(pool), rates.int8_products_s_one_thread);
  rates.f32_operations_s = std::max(f32(pool), rates.f32_operations_s_one_thread);
  return rates;
}

}  // namespace gerbil::backend
