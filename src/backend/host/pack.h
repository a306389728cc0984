// Packing: the stored rows of a weight into the form that kernels read, in slices, on the whole
// team. Beside its result it holds one slice per thread.
#pragma once

#include "backend/host/stacked_rows.h"
#include "base/result.h"
#include "kernels/kernel.h"
#include "platform/thread_pool.h"

namespace gerbil::backend {

// Fills view.matrix_bytes() * view.count bytes at `out`; the stored pages are given back as they
// are used up. Errors name the tensor: a number to quantise that is not finite, or one that f16
// does not hold.
Status pack(const StackedRows& stored, const kernels::WeightView& view, platform::ThreadPool& pool,
            std::byte* out);

}  // namespace gerbil::backend
