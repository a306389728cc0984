#include "bad_input/bad_input.h"

#include <sys/stat.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "support/safetensors_file.h"
#include "support/temp_folder.h"

namespace gerbil::testing {
namespace {

namespace fs = std::filesystem;

Result<std::unique_ptr<Engine>> load(const std::string& folder, LoadOptions options) {
  options.model = folder;
  if (options.threads == 0) options.threads = 1;
  return Engine::load(options);
}

template <class T>
Status status_of(const Result<T>& result) {
  return result ? Status() : std::unexpected(result.error());
}

Change replaces(std::string_view file, const std::function<void(const fs::path&)>& make) {
  return [file = std::string(file), make](CheckpointCopy& copy) {
    fs::remove(copy.path() / file);
    make(copy.path() / file);
  };
}

}  // namespace

Attempt loads(const LoadOptions& options) {
  return [=](const std::string& folder) { return status_of(load(folder, options)); };
}

Attempt forwards(const ForwardRequest& request, const LoadOptions& options) {
  return [=](const std::string& folder) -> Status {
    const auto engine = load(folder, options);
    if (!engine) return status_of(engine);
    const TempFolder out;
    const Status done = (*engine)->forward(request, (out / "out.safetensors").string());
    if (!done && !fs::is_empty(out.path())) throw std::runtime_error("a partial output was left");
    return done;
  };
}

Attempt answers(const Request& request, const LoadOptions& options) {
  return [=](const std::string& folder) -> Status {
    const auto engine = load(folder, options);
    if (!engine) return status_of(engine);
    const auto session = (*engine)->new_session();
    if (!session) return status_of(session);
    bool began = false;
    const auto answer = (*session)->generate(request, [&](const Delta&) { began = true; });
    if (!answer && began) throw std::runtime_error("an answer began before the error");
    return status_of(answer);
  };
}

Attempt encodes(std::string_view text) {
  return [text = std::string(text)](const std::string& folder) -> Status {
    const auto tokenizer = Tokenizer::load(folder);
    if (!tokenizer) return status_of(tokenizer);
    return status_of((*tokenizer)->encode(text));
  };
}

Attempt renders(std::string_view messages, std::string_view tools) {
  return [messages = std::string(messages),
          tools = std::string(tools)](const std::string& folder) -> Status {
    const auto tokenizer = Tokenizer::load(folder);
    if (!tokenizer) return status_of(tokenizer);
    return status_of((*tokenizer)->render(messages, tools, {}));
  };
}

Change nothing() {
  return [](CheckpointCopy&) {};
}

Change writes(std::string_view file, std::string_view bytes) {
  return [file = std::string(file), bytes = std::string(bytes)](CheckpointCopy& copy) {
    copy.write(file, bytes);
  };
}

Change removes(std::string_view file) {
  return [file = std::string(file)](CheckpointCopy& copy) { copy.remove(file); };
}

Change cuts(std::string_view file, uint64_t size_bytes) {
  return [file = std::string(file), size_bytes](CheckpointCopy& copy) {
    copy.truncate(file, size_bytes);
  };
}

Change sets(std::string_view file, std::vector<std::string> path, const nlohmann::json& value) {
  return [file = std::string(file), path = std::move(path), value](CheckpointCopy& copy) {
    copy.edit_json(file, [&](nlohmann::json& root) {
      nlohmann::json* at = &root;
      for (const std::string& key : path) at = &(*at)[key];
      *at = value;
    });
  };
}

Change pipe_at(std::string_view file) {
  return replaces(file, [](const fs::path& path) {
    if (::mkfifo(path.c_str(), 0600) != 0) throw std::runtime_error("no pipe at " + path.string());
  });
}

Change folder_at(std::string_view file) {
  return replaces(file, [](const fs::path& path) { fs::create_directory(path); });
}

Change link_at(std::string_view file, std::string_view target) {
  return replaces(file, [target = std::string(target)](const fs::path& path) {
    fs::create_symlink(target, path);
  });
}

Change header(std::string_view json, std::string_view data) {
  return writes("model.safetensors", safetensors_bytes(json, data));
}

}  // namespace gerbil::testing
