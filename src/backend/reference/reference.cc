// The reference backend: scalar kernels, one thread, no fusion, no shared memory: the definition of
// every number.
#include "backend/host/host_backend.h"

namespace gerbil::backend {

std::unique_ptr<Backend> make_reference_backend() {
  return std::make_unique<HostBackend>("reference", kernels::Level::kReference,
                                       platform::best_isa(), 1);
}

}  // namespace gerbil::backend
