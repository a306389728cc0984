// What the stages share, and the normalizer.
#include "text/tokenizer_json_steps.h"

#include <array>
#include <utility>

#include "text/tokenizer_json_model.h"
#include "text/utf8.h"

namespace gerbil::text {
namespace {

using json::Fields;
using json::Value;

constexpr size_t kMaxSteps = 64;

Status flatten(const Fields& fields, std::string_view list_key, std::vector<Fields>& steps) {
  if (type_of(fields) != "Sequence") {
    steps.push_back(fields);
    return {};
  }
  GERBIL_CHECK_OK(only_keys(fields, {"type", list_key}));
  GERBIL_TRY(const std::vector<Fields> items, fields.objects(list_key));
  for (const Fields& item : items) GERBIL_CHECK_OK(flatten(item, list_key, steps));
  return {};
}

Result<NormalizerStep> read_step(const Fields& step) {
  constexpr std::array<std::pair<std::string_view, NormalForm>, 4> kForms = {{
      {"NFC", NormalForm::kNfc},
      {"NFD", NormalForm::kNfd},
      {"NFKC", NormalForm::kNfkc},
      {"NFKD", NormalForm::kNfkd},
  }};
  const std::string_view type = type_of(step);
  for (const auto& [name, form] : kForms) {
    if (type != name) continue;
    GERBIL_CHECK_OK(only_keys(step, {"type"}));
    return FormStep{form};
  }
  if (type == "Lowercase") {
    GERBIL_CHECK_OK(only_keys(step, {"type"}));
    return LowercaseStep{};
  }
  if (type == "StripAccents") {
    GERBIL_CHECK_OK(only_keys(step, {"type"}));
    return StripAccentsStep{};
  }
  if (type == "ByteLevel") {
    GERBIL_CHECK_OK(only_keys(step, {"type"}));
    return AlphabetStep{};
  }
  if (type == "Strip") {
    GERBIL_CHECK_OK(only_keys(step, {"type", "strip_left", "strip_right"}));
    StripStep strip;
    GERBIL_TRY(strip.left, step.boolean("strip_left"));
    GERBIL_TRY(strip.right, step.boolean("strip_right"));
    return strip;
  }
  if (type == "Prepend") {
    GERBIL_CHECK_OK(only_keys(step, {"type", "prepend"}));
    PrependStep prepend;
    GERBIL_TRY(prepend.content, step.string("prepend"));
    return prepend;
  }
  if (type == "Replace") {
    GERBIL_CHECK_OK(only_keys(step, {"type", "pattern", "content"}));
    ReplaceStep replace;
    GERBIL_TRY(replace.pattern, read_pattern(step));
    GERBIL_TRY(replace.content, step.string("content"));
    return replace;
  }
  return step.expected("type",
                       "NFC, NFD, NFKC, NFKD, Lowercase, Strip, StripAccents, Replace, Prepend, "
                       "ByteLevel or Sequence",
                       ErrorCode::kUnsupported);
}

}  // namespace

std::string_view type_of(const Fields& fields) {
  const Value* value = fields.find("type");
  const std::string* type = value ? value->string() : nullptr;
  return type ? std::string_view(*type) : std::string_view{};
}

Result<std::vector<Fields>> steps_of(const Fields& root, std::string_view key,
                                     std::string_view list_key) {
  std::vector<Fields> steps;
  GERBIL_TRY(const auto fields, root.optional_object(key));
  if (fields) GERBIL_CHECK_OK(flatten(*fields, list_key, steps));
  if (steps.size() > kMaxSteps)
    return root.expected(key, fmt::format("at most {} steps", kMaxSteps), ErrorCode::kUnsupported);
  return steps;
}

Result<Pattern> read_pattern(const Fields& fields) {
  GERBIL_TRY(const Fields pattern, fields.object("pattern"));
  GERBIL_CHECK_OK(only_keys(pattern, {"Regex", "String"}));
  if (pattern.has("Regex") == pattern.has("String"))
    return fields.expected("pattern", "an object with either \"Regex\" or \"String\"");
  if (pattern.has("String")) {
    GERBIL_TRY(std::string text, pattern.string("String"));
    if (text.empty()) return pattern.expected("String", "a text that is not empty");
    return text;
  }
  GERBIL_TRY(const std::string text, pattern.string("Regex"));
  auto regex = Regex::compile(text);
  if (!regex)
    return with_context(std::move(regex).error(),
                        fmt::format("{}: \"{}\"", pattern.file(), pattern.path("Regex")));
  return *std::move(regex);
}

Result<char32_t> read_character(const Fields& fields, std::string_view key) {
  GERBIL_TRY(const std::string text, fields.string(key));
  const Utf8Step step = text.empty() ? Utf8Step{} : utf8_step(text, 0);
  if (step.kind != Utf8Kind::kCharacter || step.size != text.size())
    return fields.expected(key, "one character");
  return step.codepoint;
}

Result<MetaspaceStep> read_metaspace(const Fields& fields) {
  using Prepend = MetaspaceStep::Prepend;
  GERBIL_CHECK_OK(only_keys(
      fields, {"type", "replacement", "add_prefix_space", "prepend_scheme", "split", "str_rep"}));
  MetaspaceStep step;
  GERBIL_TRY(const char32_t replacement, read_character(fields, "replacement"));
  append_utf8(step.replacement, replacement);
  GERBIL_TRY(const std::string scheme, fields.string_or("prepend_scheme", "always"));
  if (scheme == "always") {
    step.prepend = Prepend::kAlways;
  } else if (scheme == "first") {
    step.prepend = Prepend::kFirst;
  } else if (scheme != "never") {
    return fields.expected("prepend_scheme", "always, first or never", ErrorCode::kUnsupported);
  }
  // How older files said it.
  GERBIL_TRY(const bool prefix_space, fields.boolean_or("add_prefix_space", true));
  if (!prefix_space) step.prepend = Prepend::kNever;
  GERBIL_TRY(step.split, fields.boolean_or("split", true));
  return step;
}

Status read_normalizer(const Fields& root, TokenizerData& data) {
  GERBIL_TRY(const auto steps, steps_of(root, "normalizer", "normalizers"));
  for (const Fields& fields : steps) {
    GERBIL_TRY(NormalizerStep step, read_step(fields));
    data.normalizer.push_back(std::move(step));
  }
  return {};
}

}  // namespace gerbil::text
