#include "api/weight_cache.h"

#include <algorithm>

#include "api/load_options.h"
#include "hub/packed_cache.h"
#include "platform/file.h"

namespace gerbil::api {

const backend::PackedCache* WeightCache::open(backend::WeightChoice choice) {
  using enum backend::WeightChoice;
  const bool quantizes = choice == kQ8 || choice == kQ6 || choice == kQ4;
  if (options_->cache_folder.empty() || options_->cache_bytes == 0 || !quantizes) return nullptr;
  const auto identity = hub::checkpoint_identity(files_->checkpoint);
  if (!identity) return nullptr;  // loading will say what is wrong with the files
  identity_ = fmt::format("gerbil {} {} {}", version(), quant_name(choice), *identity);
  path_ = hub::packed_path(options_->cache_folder, files_->folder, identity_);
  file_ = hub::PackedFile::open(path_, identity_);
  if (file_) (void)platform::touch_file(path_);  // used now; one that cannot be touched serves too
  return this;
}

std::optional<backend::PackedCache::Found> WeightCache::find(std::string_view key) const {
  const auto bytes = file_ ? file_->find(key) : std::nullopt;
  if (!bytes) return std::nullopt;
  return Found{*bytes, file_->owner()};
}

void WeightCache::keep(Span<const backend::Weights* const> weights) const {
  if (path_.empty()) return;
  std::vector<backend::Weights::Quantized> all;
  for (const backend::Weights* some : weights) {
    const std::vector<backend::Weights::Quantized> quantized = some->quantized();
    all.insert(all.end(), quantized.begin(), quantized.end());
  }
  if (std::ranges::all_of(all, &backend::Weights::Quantized::from_cache)) return;
  std::vector<hub::PackedBlob> blobs;
  blobs.reserve(all.size());
  for (const backend::Weights::Quantized& weight : all) blobs.push_back({weight.key, weight.bytes});
  const Status kept =
      hub::save_packed(options_->cache_folder, path_, identity_, blobs, options_->cache_bytes);
  if (!kept && options_->on_note)
    options_->on_note("packed weights are not kept: " + kept.error().message);
}

}  // namespace gerbil::api
