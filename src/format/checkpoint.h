// Checkpoint: the named tensors of a folder or file, and its plain metadata. It knows no model.
//
// A plain value: copy it, read it from many threads. Every TensorRef was checked against its file:
// its bytes lie inside, their number is what shape and dtype say, and no two tensors of a file
// overlap. The refs keep their files mapped.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tensor/tensor_ref.h"

namespace gerbil::format {

struct Checkpoint {
  std::map<std::string, tensor::TensorRef, std::less<>> tensors;
  std::map<std::string, std::string, std::less<>> metadata;
  std::vector<std::string> files;  // the files' paths, in the order they were opened

  // nullptr where there is none.
  const tensor::TensorRef* find(std::string_view name) const {
    const auto found = tensors.find(name);
    return found == tensors.end() ? nullptr : &found->second;
  }
};

// The names that open_checkpoint looks for.
inline constexpr std::string_view kSafetensorsFile = "model.safetensors";
inline constexpr std::string_view kShardIndexFile = "model.safetensors.index.json";

// The checkpoint in `folder`: model.safetensors, or else the shards that
// model.safetensors.index.json names (transformers looks in this order too). Strict: a tensor that
// the index places in a shard is there and nowhere else, and no shard holds a tensor that the index
// does not name. kNotFound where there is neither file.
Result<Checkpoint> open_checkpoint(const std::string& folder);

// The same of a folder whose weights lie elsewhere: `open` gives those of a name, kNotFound where
// there are none. The index, where it is needed, is read from the folder.
struct OpenedFile {
  std::shared_ptr<const tensor::ByteSource> source;
  std::string path;  // for Checkpoint::files
};
using OpenFile = std::function<Result<OpenedFile>(const std::string& name)>;
Result<Checkpoint> open_checkpoint(const std::string& folder, const OpenFile& open);

}  // namespace gerbil::format
