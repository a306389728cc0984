#include "api/load_options.h"

namespace gerbil::api {

std::string_view quant_name(backend::WeightChoice choice) {
  using enum backend::WeightChoice;
  switch (choice) {
    case kStored:
      return "stored";
    case kF32:
      return "f32";
    case kBF16:
      return "bf16";
    case kF16:
      return "f16";
    case kQ8:
      return "q8";
    case kQ6:
      return "q6";
    case kQ4:
      return "q4";
  }
  return "stored";
}

std::string_view activations_name(const runtime::Choices& choices) {
  return choices.int8_activations ? "int8" : "f32";
}

std::string_view kv_name(const runtime::RunnerOptions& options) {
  switch (options.kv) {
    case graph::KvType::kF32:
      return "f32";
    case graph::KvType::kF16:
      return "f16";
    case graph::KvType::kQ8:
      return "q8";
  }
  return "f16";
}

namespace {

// Nothing: chosen by what fits.
std::optional<backend::WeightChoice> weight_choice(Quant quant) {
  using enum backend::WeightChoice;
  switch (quant) {
    case Quant::kAuto:
      return std::nullopt;
    case Quant::kStored:
      return kStored;
    case Quant::kF32:
      return kF32;
    case Quant::kBF16:
      return kBF16;
    case Quant::kF16:
      return kF16;
    case Quant::kQ8:
      return kQ8;
    case Quant::kQ6:
      return kQ6;
    case Quant::kQ4:
      return kQ4;
  }
  return kStored;
}

graph::KvType kv_type(const LoadOptions& options) {
  switch (options.kv) {
    case Kv::kAuto:
      return options.quant == Quant::kF32 ? graph::KvType::kF32 : graph::KvType::kF16;
    case Kv::kF32:
      return graph::KvType::kF32;
    case Kv::kF16:
      return graph::KvType::kF16;
    case Kv::kQ8:
      return graph::KvType::kQ8;
  }
  return graph::KvType::kF16;
}

}  // namespace

model::VisionWish vision_wish(const LoadOptions& options) {
  switch (options.vision) {
    case Vision::kNo:
      return model::VisionWish::kNo;
    case Vision::kIfAny:
      return model::VisionWish::kIfAny;
    case Vision::kYes:
      return model::VisionWish::kYes;
  }
  return model::VisionWish::kNo;
}

namespace {

// Nothing: the best that there is.
std::optional<platform::Isa> isa_level(Isa isa) {
  switch (isa) {
    case Isa::kAuto:
      return std::nullopt;
    case Isa::kBaseline:
      return platform::Isa::kBaseline;
    case Isa::kSse4:
      return platform::Isa::kSse4;
    case Isa::kAvx2:
      return platform::Isa::kAvx2;
    case Isa::kAvx512:
      return platform::Isa::kAvx512;
    case Isa::kNeon:
      return platform::Isa::kNeon;
    case Isa::kNeonDot:
      return platform::Isa::kNeonDot;
    case Isa::kNeonI8mm:
      return platform::Isa::kNeonI8mm;
  }
  return std::nullopt;
}

Status check_isa(const LoadOptions& options) {
  const auto level = isa_level(options.isa);
  if (!level) return {};
  if (options.backend == Backend::kReference)
    return invalid("isa {}: the reference backend has no choice of instruction sets",
                   platform::name(*level));
  if (platform::supports(*level)) return {};
  std::string known;
  for (const platform::Isa isa : platform::supported_isas())
    known += (known.empty() ? "" : ", ") + std::string(platform::name(isa));
  return unsupported("isa {}: this processor has {}", platform::name(*level), known);
}

}  // namespace

runtime::RunnerOptions runner_options(const LoadOptions& options) {
  runtime::RunnerOptions result{.reference = options.backend == Backend::kReference,
                                .kv = kv_type(options),
                                .isa = isa_level(options.isa),
                                .threads = options.threads,
                                .batch = options.batch,
                                .context = options.context};
  result.weights = weight_choice(options.quant);
  if (options.activations != Activations::kAuto)
    result.int8_activations = options.activations == Activations::kInt8;
  return result;
}

Status check(const LoadOptions& options) {
  if (options.backend == Backend::kWebGpu)
    return unsupported("backend webgpu is not in this build");
  if (options.threads < 0 || options.threads > 1024)
    return invalid("threads: expected 0 (one per processor) to 1024, found {}", options.threads);
  if (options.context < 0)
    return invalid("context: expected 0 (the model's) or more, found {}", options.context);
  return check_isa(options);
}

std::string skipped_line(const model::LoadReport& report) {
  std::string line;
  for (const model::LoadReport::Skipped& skipped : report.skipped)
    line += fmt::format("{}{} {} tensors ({:.1f} MB)", line.empty() ? "" : " and ",
                        skipped.count.tensors, skipped.rule,
                        static_cast<double>(skipped.count.bytes) / 1e6);
  return line + " are skipped";
}

}  // namespace gerbil::api
