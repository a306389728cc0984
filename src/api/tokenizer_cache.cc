#include "api/tokenizer_cache.h"

#include "hub/packed_cache.h"
#include "platform/file.h"

namespace gerbil::api {
namespace {

// Tokenizers of smaller files are built in a few milliseconds.
constexpr size_t kWorthKeeping = size_t{1} << 20;
constexpr std::string_view kKey = "tables";

std::optional<text::Tokenizer> take(const std::string& path, std::string_view identity,
                                    std::string_view name) {
  const auto file = hub::PackedFile::open(path, identity);
  const auto tables = file ? file->find(kKey) : std::nullopt;
  if (!tables) return std::nullopt;
  auto tokenizer = text::Tokenizer::from_tables(*tables, file->owner(), name);
  if (!tokenizer) return std::nullopt;
  (void)platform::touch_file(path);  // used now; one that cannot be touched serves too
  return *std::move(tokenizer);
}

}  // namespace

Result<text::Tokenizer> load_tokenizer(const hub::ModelFiles& files, const LoadOptions& options) {
  const std::string& json = *files.tokenizer;
  const std::string name = files.path("tokenizer.json");
  if (options.cache_folder.empty() || options.cache_bytes == 0 || json.size() < kWorthKeeping)
    return text::Tokenizer::from_json(json, name);
  // With the folder: nobody's tokenizer is taken for that of another model.
  const std::string identity = fmt::format("gerbil {} tokenizer {} {}", version(),
                                           hub::content_identity(json), files.folder);
  const std::string path =
      hub::packed_path(options.cache_folder, files.folder + "-tokenizer", identity);
  if (auto tokenizer = take(path, identity, name)) return *std::move(tokenizer);
  GERBIL_TRY(text::Tokenizer tokenizer, text::Tokenizer::from_json(json, name));
  const std::string tables = tokenizer.tables();
  const hub::PackedBlob blob{std::string(kKey), std::as_bytes(Span<const char>(tables))};
  const Status kept =
      hub::save_packed(options.cache_folder, path, identity, {&blob, 1}, options.cache_bytes);
  if (!kept && options.on_note)
    options.on_note("the tokenizer's tables are not kept: " + kept.error().message);
  return tokenizer;
}

}  // namespace gerbil::api
