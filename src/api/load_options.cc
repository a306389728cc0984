#include "api/load_options.h"

namespace gerbil::api {

std::string_view quant_name(const runtime::RunnerOptions& options) {
  switch (options.weights) {
    case backend::WeightChoice::kStored:
      return "stored";
    case backend::WeightChoice::kF32:
      return "f32";
    case backend::WeightChoice::kBF16:
      return "bf16";
  }
  return "stored";
}

std::string_view kv_name(const runtime::RunnerOptions& options) {
  return options.kv == graph::KvType::kF32 ? "f32" : "f16";
}

runtime::RunnerOptions runner_options(const LoadOptions& options) {
  const bool kv_f32 =
      options.kv == Kv::kF32 || (options.kv == Kv::kAuto && options.quant == Quant::kF32);
  runtime::RunnerOptions result{.reference = options.backend == Backend::kReference,
                                .kv = kv_f32 ? graph::KvType::kF32 : graph::KvType::kF16,
                                .threads = options.threads,
                                .batch = options.batch,
                                .context = options.context};
  if (options.quant == Quant::kF32) result.weights = backend::WeightChoice::kF32;
  if (options.quant == Quant::kBF16) result.weights = backend::WeightChoice::kBF16;
  return result;
}

Status check(const LoadOptions& options) {
  if (options.backend == Backend::kWebGpu)
    return unsupported("backend webgpu is not in this build");
  if (options.threads < 0 || options.threads > 1024)
    return invalid("threads: expected 0 (one per processor) to 1024, found {}", options.threads);
  if (options.context < 0)
    return invalid("context: expected 0 (the model's) or more, found {}", options.context);
  return {};
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
