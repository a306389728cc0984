// The table of model families.
#include <string>

#include "base/quote.h"
#include "model/families/qwen3.h"
#include "model/families/qwen3_5.h"
#include "model/families/qwen3_5_vision.h"
#include "model/family.h"

namespace gerbil::model {
namespace {

template <class Matches>
const Family* find(Matches matches) {
  for (const Family& family : families())
    if (matches(family)) return &family;
  return nullptr;
}

std::string known_architectures() {
  std::string list;
  for (const Family& family : families())
    list += fmt::format("{}{}", list.empty() ? "" : ", ", family.architecture);
  return list;
}

}  // namespace

Span<const Family> families() {
  static constexpr SkipRule kMtp[] = {{"mtp", "mtp."}};
  static constexpr SkipRule kVisionAndMtp[] = {{"vision", "model.visual."}, {"mtp", "mtp."}};
  static const Family kFamilies[] = {
      {"Qwen2ForCausalLM",
       "qwen2",
       {"model", qwen2_names(), {}},
       parse_qwen2_config,
       build_qwen3_text},
      {"Qwen3ForCausalLM",
       "qwen3",
       {"model", qwen3_names(), {}},
       parse_qwen3_config,
       build_qwen3_text},
      {"Qwen3MoeForCausalLM",
       "qwen3_moe",
       {"model", qwen3_names(), {}},
       parse_qwen3_moe_config,
       build_qwen3_text},
      {"Qwen3_5ForCausalLM",
       "qwen3_5_text",
       {"model", qwen3_5_names(), kMtp},
       parse_qwen3_5_text_config,
       build_qwen3_5_text},
      {"Qwen3_5ForConditionalGeneration",
       "qwen3_5",
       {"model.language_model", qwen3_5_names(), kVisionAndMtp},
       parse_qwen3_5_config,
       build_qwen3_5_text,
       qwen3_5_vision()},
      {"Qwen3_5MoeForCausalLM",
       "qwen3_5_moe_text",
       {"model", qwen3_5_names(), kMtp},
       parse_qwen3_5_moe_text_config,
       build_qwen3_5_text},
      {"Qwen3_5MoeForConditionalGeneration",
       "qwen3_5_moe",
       {"model.language_model", qwen3_5_names(), kVisionAndMtp},
       parse_qwen3_5_moe_config,
       build_qwen3_5_text,
       qwen3_5_vision()},
  };
  return kFamilies;
}

Result<const Family*> find_family(const json::Fields& config) {
  if (config.has("architectures")) {
    GERBIL_TRY(const auto names, config.strings("architectures", 16));
    if (names.empty()) return config.expected("architectures", "at least one name");
    const Family* family = find([&](const Family& f) { return f.architecture == names.front(); });
    if (family != nullptr) return family;
    return unsupported("{}: architecture {} is not known to this build (known: {})", config.file(),
                       in_quotes(names.front()), known_architectures());
  }
  GERBIL_TRY(const std::string model_type, config.string("model_type"));
  const Family* family = find([&](const Family& f) { return f.model_type == model_type; });
  if (family != nullptr) return family;
  return unsupported("{}: model_type {} is not known to this build (known architectures: {})",
                     config.file(), in_quotes(model_type), known_architectures());
}

}  // namespace gerbil::model
