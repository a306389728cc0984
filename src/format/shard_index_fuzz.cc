// Whatever the text is, the index is refused or names plain files of its own folder.
#include <cstdint>

#include "base/check.h"
#include "format/shard_index.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gerbil;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto index = format::parse_shard_index(text, "fuzz.json");
  if (!index) {
    GERBIL_ASSERT(index.error().message.starts_with("fuzz.json: "));
    GERBIL_ASSERT(index.error().message.find('\n') == std::string::npos);
    return 0;
  }
  GERBIL_ASSERT(!index->shards.empty() && index->shards.size() <= index->shard_of.size());
  for (const std::string& shard : index->shards) {
    GERBIL_ASSERT(shard.ends_with(".safetensors") && !shard.starts_with('.'));
    GERBIL_ASSERT(shard.find_first_of(std::string_view("/\\\0", 3)) == std::string::npos);
  }
  return 0;
}
