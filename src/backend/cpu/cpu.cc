// The CPU backend: Highway kernels on every processor, fused operations, values sharing memory.
#include "backend/host/host_backend.h"

namespace gerbil::backend {

std::unique_ptr<Backend> make_cpu_backend(int threads, std::optional<platform::Isa> isa) {
  return std::make_unique<HostBackend>("cpu", kernels::Level::kCpu,
                                       isa.value_or(platform::best_isa()), threads);
}

}  // namespace gerbil::backend
