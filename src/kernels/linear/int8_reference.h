// The definition of a product of an int8 row and a matrix in tiles (int8.h), for the reference
// kernels that have one.
#pragma once

#include "kernels/kernel.h"

namespace gerbil::kernels::linear {

// y[n] of all rows n of `w`, from a row x [w.columns] that is quantised first; `bias` may be null.
void int8_product(const float* x, const WeightView& w, const float* bias, float* y);

}  // namespace gerbil::kernels::linear
