// Checkpoint files as ByteSources.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "tensor/byte_source.h"

namespace gerbil::format {

// Maps a regular file: view() always succeeds inside the file. Errors name the path. The result is
// immutable and may be read from many threads; the mapping lives as long as it.
Result<std::shared_ptr<const tensor::ByteSource>> map_source(const std::string& path);

}  // namespace gerbil::format
