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
std::optional<std::unexpected<Error>> other_weights(const ModelFiles& files) {
  auto names = files.remote ? Result<std::vector<std::string>>(files.remote->files())
                            : platform::list_folder(files.folder);
  if (!names) return std::nullopt;
  const std::string model = files.remote ? files.remote->name().text() : files.folder;
  if (const auto name = std::ranges::find_if(*names, is_gguf); name != names->end())
    return unsupported("{}: has its weights as GGUF ({}), which is not in this build", model,
                       in_quotes(*name));
  if (const auto name = std::ranges::find_if(*names, is_pickle); name != names->end())
    return unsupported("{}: has its weights as pickled tensors ({}); only safetensors are read",
                       model, in_quotes(*name));
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

namespace {

// The model of a hub: its small files are in the cache then, and the headers of its weights.
Result<std::shared_ptr<RemoteModel>> open_remote(ModelName name, const HubOptions& options) {
  if (is_gguf(name.file)) return unsupported("{}: GGUF files are not in this build", name.text());
  if (!name.file.empty())
    return invalid("{}: a single file is no model; leave out \":{}\"", name.text(), name.file);
  return RemoteModel::open(std::move(name), options.hub,
                           {.weights = options.weights, .refresh = options.refresh});
}

}  // namespace

Result<ModelFiles> open_model(std::string_view reference, const HubOptions& options) {
  ModelFiles files;
  const auto name = parse_model_name(reference);
  if (name && platform::file_kind(std::string(reference)) == platform::FileKind::kNone) {
    GERBIL_TRY(files.remote, open_remote(*name, options));
    files.folder = files.remote->folder();
  } else {
    GERBIL_TRY(files.folder, resolve_folder(reference, options));
  }
  bool weights =
      has(files.folder, format::kSafetensorsFile) || has(files.folder, format::kShardIndexFile);
  if (files.remote)
    weights |= std::ranges::any_of(files.remote->files(), [](const std::string& file) {
      return file == format::kSafetensorsFile || file == format::kShardIndexFile;
    });
  if (!weights && (options.weights || !has(files.folder, kConfigFile)))
    if (auto reason = other_weights(files)) return *std::move(reason);
  if (!has(files.folder, kConfigFile))
    return fail(ErrorCode::kNotFound, "{}: has no config.json", files.folder);
  GERBIL_TRY(files.config, platform::read_text_file(files.path(kConfigFile), kMaxConfigBytes));
  for (const TextFile& file : kOptionalTexts) {
    if (!has(files.folder, file.name)) continue;
    GERBIL_TRY(files.*file.text, platform::read_text_file(files.path(file.name), file.max_bytes));
  }
  GERBIL_CHECK_OK(read_additional_templates(files));
  if (options.weights) {
    GERBIL_TRY(files.checkpoint,
               files.remote ? files.remote->checkpoint() : format::open_checkpoint(files.folder));
  }
  return files;
}

Status fetch_weights(ModelFiles& files, Span<const tensor::TensorRef> needed) {
  return files.remote ? files.remote->fetch(needed, files.checkpoint) : Status();
}

}  // namespace gerbil::hub
