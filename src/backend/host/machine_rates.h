// measure_host: how fast this machine reads memory and computes, with a backend's own threads and
// instruction set.
// Takes a few hundred milliseconds and, for that long, up to 256 MiB.
#pragma once

#include "backend/profile.h"
#include "base/result.h"
#include "platform/cpu_features.h"
#include "platform/thread_pool.h"

namespace gerbil::backend {

// Of each rate the best of several tries: what disturbs a limit only lowers it.
Result<MachineRates> measure_host(platform::Isa isa, platform::ThreadPool& pool);

}  // namespace gerbil::backend
