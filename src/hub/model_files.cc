#include "hub/model_files.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/quote.h"
#include "platform/file.h"

namespace gerbil::hub {
namespace {

struct TextFile {
  std::string_view name;
  std::optional<std::string> ModelFiles::* text;
  uint64_t max_bytes;
};

constexpr std::string_view kConfigFile = "config.json";
constexpr uint64_t kMaxConfigBytes = 16u << 20;
constexpr std::array<TextFile, 8> kOptionalTexts = {{
    {"generation_config.json", &ModelFiles::generation_config, 1u << 20},
    {"tokenizer.json", &ModelFiles::tokenizer, 256u << 20},
    {"tokenizer_config.json", &ModelFiles::tokenizer_config, 64u << 20},
    {"chat_template.jinja", &ModelFiles::chat_template, 4u << 20},
    {"chat_template.json", &ModelFiles::chat_template_json, 4u << 20},
    {"preprocessor_config.json", &ModelFiles::preprocessor_config, 1u << 20},
    {"video_preprocessor_config.json", &ModelFiles::video_preprocessor_config, 1u << 20},
    {"processor_config.json", &ModelFiles::processor_config, 1u << 20},
}};

// "org/name" or "org/name@revision", as the Hugging Face hub spells it.
bool looks_like_a_hub_name(std::string_view reference) {
  const size_t slash = reference.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == reference.size()) return false;
  if (reference.starts_with('.') || reference.find('/', slash + 1) != std::string_view::npos)
    return false;
  return std::ranges::all_of(reference, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_./@").find(c) != std::string_view::npos;
  });
}

bool is_gguf(std::string_view name) { return name.ends_with(".gguf"); }

bool is_pickle(std::string_view name) {
  return name.ends_with(".bin") || name.ends_with(".pt") || name.ends_with(".pth");
}

Result<std::string> resolve_folder(std::string_view reference, const HubOptions& options) {
  if (reference.empty()) return invalid("no model was named");
  if (reference == kDemo && options.demo_folder.empty())
    return fail(ErrorCode::kNotFound, "demo: the bundled model is not installed");
  std::string folder(reference == kDemo ? options.demo_folder : reference);
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  switch (platform::file_kind(folder)) {
    case platform::FileKind::kFolder:
      return folder;
    case platform::FileKind::kNone:
      if (reference != kDemo && looks_like_a_hub_name(reference))
        return unsupported("{}: is not a folder; fetching from a hub is not in this build", folder);
      return fail(ErrorCode::kNotFound, "{}: there is no such folder", in_quotes(folder, 1000));
    case platform::FileKind::kUnknown: {
      const auto names = platform::list_folder(folder);  // says why
      if (!names) return std::unexpected(names.error());
      return folder;
    }
    default:
      if (is_gguf(folder)) return unsupported("{}: GGUF files are not in this build", folder);
      return invalid("{}: is a file; a model is the folder with its config.json", folder);
  }
}

// Why a folder without config or safetensors cannot be run, where its other files tell.
std::optional<std::unexpected<Error>> other_weights(const std::string& folder) {
  const auto names = platform::list_folder(folder);
  if (!names) return std::nullopt;
  if (const auto name = std::ranges::find_if(*names, is_gguf); name != names->end())
    return unsupported("{}: has its weights as GGUF ({}), which is not in this build", folder,
                       in_quotes(*name));
  if (const auto name = std::ranges::find_if(*names, is_pickle); name != names->end())
    return unsupported("{}: has its weights as pickled tensors ({}); only safetensors are read",
                       folder, in_quotes(*name));
  return std::nullopt;
}

bool has(const std::string& folder, std::string_view name) {
  return platform::file_kind(platform::join_path(folder, name)) != platform::FileKind::kNone;
}

// additional_chat_templates/NAME.jinja
Status read_additional_templates(ModelFiles& files) {
  constexpr std::string_view kFolder = "additional_chat_templates";
  constexpr std::string_view kEnding = ".jinja";
  constexpr size_t kMost = 64;
  constexpr uint64_t kMaxBytes = 4u << 20;
  const std::string folder = files.path(kFolder);
  if (platform::file_kind(folder) != platform::FileKind::kFolder) return {};
  GERBIL_TRY(std::vector<std::string> names, platform::list_folder(folder));
  std::erase_if(names, [&](const std::string& name) {
    return !name.ends_with(kEnding) || name.size() == kEnding.size();
  });
  if (names.size() > kMost)
    return unsupported("{}: expected at most {} templates, found {}", folder, kMost, names.size());
  std::ranges::sort(names);
  for (const std::string& name : names) {
    GERBIL_TRY(std::string text,
               platform::read_text_file(platform::join_path(folder, name), kMaxBytes));
    files.additional_chat_templates.emplace_back(name.substr(0, name.size() - kEnding.size()),
                                                 std::move(text));
  }
  return {};
}

}  // namespace

std::string ModelFiles::path(std::string_view file) const {
  return platform::join_path(folder, file);
}

Result<ModelFiles> open_model(std::string_view reference, const HubOptions& options) {
  ModelFiles files;
  GERBIL_TRY(files.folder, resolve_folder(reference, options));
  const bool weights =
      has(files.folder, format::kSafetensorsFile) || has(files.folder, format::kShardIndexFile);
  if (!weights && (options.weights || !has(files.folder, kConfigFile)))
    if (auto reason = other_weights(files.folder)) return *std::move(reason);
  if (!has(files.folder, kConfigFile))
    return fail(ErrorCode::kNotFound, "{}: has no config.json", files.folder);
  GERBIL_TRY(files.config, platform::read_text_file(files.path(kConfigFile), kMaxConfigBytes));
  for (const TextFile& file : kOptionalTexts) {
    if (!has(files.folder, file.name)) continue;
    GERBIL_TRY(files.*file.text, platform::read_text_file(files.path(file.name), file.max_bytes));
  }
  GERBIL_CHECK_OK(read_additional_templates(files));
  if (options.weights) {
    GERBIL_TRY(files.checkpoint, format::open_checkpoint(files.folder));
  }
  return files;
}

}  // namespace gerbil::hub
