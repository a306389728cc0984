// The CPU backend: Highway kernels on every processor, fused operations, values sharing memory.
#include "backend/host/host_backend.h"

namespace gerbil::backend {

std::unique_ptr<Backend> make_cpu_backend(int threads) {
  return std::make_unique<HostBackend>("cpu", kernels::Level::kCpu, threads);
}

}  // namespace gerbil::backend
