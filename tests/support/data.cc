#include "support/data.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "support/temp_folder.h"

namespace gerbil::testing {
namespace {

std::string key(std::string_view test_case, std::string_view what) {
  return fmt::format("{}.{}", test_case, what);
}

std::filesystem::path file_of(std::string_view folder, std::string_view name) {
  return data_folder() / folder / fmt::format("{}.safetensors", name);
}

}  // namespace

std::filesystem::path source_folder() { return GERBIL_SOURCE_DIR; }
std::filesystem::path data_folder() { return source_folder() / "tests" / "data"; }
std::filesystem::path model_folder(std::string_view name) {
  return data_folder() / "models" / name;
}
std::filesystem::path demo_folder() { return source_folder() / "models" / "qwen3_5-nano-vl"; }

std::vector<std::string> models_with_refs() {
  std::vector<std::string> names(std::begin(kTinyModels), std::end(kTinyModels));
  names.insert(names.end(), std::begin(kExpertModels), std::end(kExpertModels));
  return names;
}

References::References(std::filesystem::path file)
    : file_(std::move(file)), tensors_(read_safetensors(file_)) {}

References References::refs(std::string_view model) { return References(file_of("refs", model)); }

References References::long_cases(std::string_view model) {
  return References(file_of("long", model));
}

std::vector<std::string> References::cases() const {
  constexpr std::string_view kMark = ".input_ids";
  std::vector<std::string> found;
  for (const auto& [name, tensor] : tensors_) {
    if (name.ends_with(kMark)) found.push_back(name.substr(0, name.size() - kMark.size()));
  }
  return found;
}

std::vector<std::string> References::names(std::string_view test_case) const {
  const std::string prefix = key(test_case, "");
  std::vector<std::string> found;
  for (const auto& [name, tensor] : tensors_) {
    if (name.starts_with(prefix)) found.push_back(name.substr(prefix.size()));
  }
  return found;
}

bool References::has(std::string_view test_case, std::string_view what) const {
  return tensors_.contains(key(test_case, what));
}

const StoredTensor& References::at(std::string_view test_case, std::string_view what) const {
  const auto found = tensors_.find(key(test_case, what));
  if (found == tensors_.end()) {
    throw std::runtime_error(
        fmt::format("{}: has no tensor {}", file_.string(), key(test_case, what)));
  }
  return found->second;
}

const std::vector<uint64_t>& References::shape(std::string_view test_case,
                                               std::string_view what) const {
  return at(test_case, what).shape;
}

std::vector<float> References::floats(std::string_view test_case, std::string_view what) const {
  return to_floats(at(test_case, what));
}

std::vector<double> References::doubles(std::string_view test_case, std::string_view what) const {
  return to_doubles(at(test_case, what));
}

std::vector<int32_t> References::ids(std::string_view test_case, std::string_view what) const {
  std::vector<int32_t> ids;
  for (int64_t id : to_ints(at(test_case, what))) {
    if (!std::in_range<int32_t>(id)) {
      throw std::runtime_error(fmt::format("{}: {} holds {}, which is beyond 32 bits",
                                           file_.string(), key(test_case, what), id));
    }
    ids.push_back(static_cast<int32_t>(id));
  }
  return ids;
}

std::vector<float> select_rows(Span<const float> matrix, size_t width,
                               Span<const int32_t> positions) {
  std::vector<float> rows;
  for (int32_t position : positions) {
    const size_t begin = static_cast<size_t>(position) * width;
    if (position < 0 || begin + width > matrix.size()) {
      throw std::runtime_error(fmt::format("row {} of a matrix of {} values in rows of {}",
                                           position, matrix.size(), width));
    }
    rows.insert(rows.end(), matrix.begin() + begin, matrix.begin() + begin + width);
  }
  return rows;
}

std::vector<NanoCase> nano_cases(std::string_view name) {
  const auto path = data_folder() / "nano" / fmt::format("{}.jsonl", name);
  std::istringstream lines(read_file(path));
  std::vector<NanoCase> cases;
  try {
    for (std::string line; std::getline(lines, line);) {
      // Ordered: a template prints the keys of tools and arguments in the order it is given.
      const auto fields = nlohmann::ordered_json::parse(line);
      const auto& tools = fields.at("tools");
      cases.push_back({.id = fields.at("id"),
                       .task = fields.at("task"),
                       .enable_thinking = fields.at("enable_thinking"),
                       .messages_json = fields.at("messages").dump(),
                       .tools_json = tools.is_null() ? std::string() : tools.dump(),
                       .prompt = fields.at("prompt"),
                       .input_ids = fields.at("input_ids"),
                       .answer_ids = fields.at("answer_ids"),
                       .answer_text = fields.at("answer_text"),
                       .final_text = fields.at("final_text")});
    }
  } catch (const nlohmann::json::exception& error) {
    throw std::runtime_error(
        fmt::format("{}: line {}: {}", path.string(), cases.size() + 1, error.what()));
  }
  return cases;
}

References nano_references(std::string_view name) { return References(file_of("nano", name)); }

}  // namespace gerbil::testing
