// The vision tower of Qwen3.5: patches of pictures or of pairs of frames, a stretched table of
// learned positions, rotation by row and column, attention within each picture or pair of frames;
// every square of patches becomes a row of the text model.
//
// Source: transformers 5.17, modeling_qwen3_5.py. Taps: vis.patch_embed, vis.block0_in, vis.blockI
// (output of block I) over patches, vis.merger over merged rows.
#pragma once

#include "model/family.h"

namespace gerbil::model {

const VisionFamily* qwen3_5_vision();

}  // namespace gerbil::model
