// The committed test data (tests/data/README.md) as values: where it lies, reference cases by name,
// the trained models' conversations. Whatever is missing throws std::runtime_error that names it: a
// test without its data fails. Plain values, safe to read from several threads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/span.h"
#include "support/safetensors_file.h"

namespace gerbil::testing {

std::filesystem::path source_folder();                      // the repository
std::filesystem::path data_folder();                        // tests/data
std::filesystem::path model_folder(std::string_view name);  // tests/data/models/NAME
std::filesystem::path demo_folder();                        // models/qwen3_5-nano-vl
inline constexpr std::string_view kTinyModels[] = {         // with refs/ and long/
    "qwen2-tiny",         "qwen3-tiny",   "qwen3-tiny-untied",
    "qwen3-tiny-sharded", "qwen3_5-tiny", "qwen3_5-text-tiny"};
inline constexpr std::string_view kExpertModels[] = {  // with refs/ only; an expert's weights apart
    "qwen3_moe-tiny", "qwen3_moe-mixed-tiny", "qwen3_5_moe-tiny"};
std::vector<std::string> models_with_refs();                           // both
inline constexpr std::string_view kWindowModel = "qwen3-window-tiny";  // with long/ only

// Outputs of a reference implementation: tensors "CASE.WHAT".
class References {
 public:
  explicit References(std::filesystem::path file);
  static References refs(std::string_view model);  // tests/data/refs: transformers, short prompts
  static References long_cases(std::string_view model);  // tests/data/long: float64, 3,000 tokens

  // "p0", "p1", ... or "long": all that have input_ids, in the order of their names.
  std::vector<std::string> cases() const;
  // Names after "CASE.": "logits", "hs.layer0", ...
  std::vector<std::string> names(std::string_view test_case) const;
  bool has(std::string_view test_case, std::string_view what) const;
  const StoredTensor& at(std::string_view test_case, std::string_view what) const;
  const std::vector<uint64_t>& shape(std::string_view test_case, std::string_view what) const;
  std::vector<float> floats(std::string_view test_case, std::string_view what) const;
  std::vector<double> doubles(std::string_view test_case, std::string_view what) const;
  std::vector<int32_t> ids(std::string_view test_case, std::string_view what) const;

 private:
  std::filesystem::path file_;
  StoredTensors tensors_;
};

// Rows `positions` of a [rows, width] matrix, one after another: what a `long` case compares.
std::vector<float> select_rows(Span<const float> matrix, size_t width,
                               Span<const int32_t> positions);

// A conversation of a trained nano model and its greedy answer.
struct NanoCase {
  std::string id;    // also the case name in nano/NAME.safetensors
  std::string task;  // "arith", "tool", ...
  bool enable_thinking = false;
  std::string messages_json;  // array of chat messages
  std::string tools_json;     // array of tool declarations, empty: none
  std::string prompt;         // the rendered template
  std::vector<int32_t> input_ids;
  std::vector<int32_t> answer_ids;  // with the stop token
  std::string answer_text;          // with its thinking
  std::string final_text;           // without
};

// name: "qwen3" (model_folder("qwen3-nano")) or "vl" (demo_folder()).
std::vector<NanoCase> nano_cases(std::string_view name);
References nano_references(std::string_view name);  // logits_last8, logits_all of some cases

}  // namespace gerbil::testing
