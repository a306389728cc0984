// The tokenizer of a checkpoint, from tables that an earlier load kept where there are any.
#pragma once

#include "base/result.h"
#include "gerbil/gerbil.h"
#include "hub/model_files.h"
#include "text/tokenizer.h"

namespace gerbil::api {

// `files` has a tokenizer. Where options name a cache folder, the tables of large ones are kept
// there for the next load; trouble with that is a note, never an error.
Result<text::Tokenizer> load_tokenizer(const hub::ModelFiles& files, const LoadOptions& options);

}  // namespace gerbil::api
