#include "cli/plan_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/terminal.h"

namespace gerbil::cli {
namespace {

std::string scaled(uint64_t value, const std::array<const char*, 5>& units) {
  if (value < 1000) return fmt::format("{}{}", value, units[0]);
  auto number = static_cast<double>(value);
  size_t unit = 0;
  // 999.95 would print as 1000.0.
  for (; number >= 999.95 && unit + 1 < units.size(); ++unit) number /= 1000;
  return fmt::format("{:.1f}{}", number, units[unit]);
}

// A name, what is said of it, and bytes at the right.
void add_line(std::string& text, std::string_view name, std::string_view what, uint64_t bytes) {
  const std::string left =
      what.empty() ? fmt::format("  {}", name) : fmt::format("  {:<20}{}", name, what);
  text += fmt::format("{:<66}{:>12}\n", left, bytes_text(bytes));
}

std::string layers_text(const Plan& plan) {
  std::string kinds;
  const auto add = [&](int64_t count, std::string_view kind) {
    if (count > 0) kinds += fmt::format("{}{} {}", kinds.empty() ? "" : ", ", count, kind);
  };
  if (plan.windowed_layers + plan.recurrent_layers > 0) {
    add(plan.layers - plan.windowed_layers - plan.recurrent_layers, "attention");
    add(plan.windowed_layers, "windowed attention");
    add(plan.recurrent_layers, "recurrent");
    return fmt::format("{} layers ({})", plan.layers, kinds);
  }
  return fmt::format("{} layers", plan.layers);
}

std::string encodings_text(const std::vector<Plan::Encoding>& encodings) {
  std::string text;
  for (const Plan::Encoding& encoding : encodings)
    text += fmt::format("{}{}", text.empty() ? "" : " + ", encoding.name);
  return text;
}

// "1.6 M as bf16 + f32, stored as bf16, 16.12 bits"
std::string class_text(const Plan::WeightClass& of) {
  const std::string stored = encodings_text(of.stored);
  const std::string held = encodings_text(of.held);
  std::string text = fmt::format("{:>8} as {}", parameters_text(of.parameters), held);
  if (stored != held) text += fmt::format(", stored as {}", stored);
  if (of.parameters > 0)
    text += fmt::format(", {:.2f} bits",
                        static_cast<double>(of.bytes) * 8 / static_cast<double>(of.parameters));
  return text;
}

void add_states(const Plan& plan, std::string& text) {
  if (plan.kv_bytes > 0) {
    add_line(text, "KV cache",
             fmt::format("{} tokens, {} per 1024, in blocks", count_text(plan.context),
                         bytes_text(plan.kv_bytes_per_1k_tokens)),
             plan.kv_bytes);
    if (plan.kv_window_bytes > 0)
      text +=
          fmt::format("  {:<20}windows hold at most {}\n", "", bytes_text(plan.kv_window_bytes));
  }
  if (plan.recurrent_bytes > 0)
    add_line(text, "recurrent states",
             fmt::format("at most {} of {}, in blocks", plan.recurrent_states,
                         bytes_text(plan.recurrent_state_bytes)),
             plan.recurrent_bytes);
}

std::string verdict(const Plan& plan) {
  if (plan.free_bytes == 0)
    return "unknown whether it fits: the system does not say how much memory is free\n";
  const std::string largest = plan.largest_context == 0
                                  ? std::string("no context would fit")
                                  : fmt::format("the largest context that fits: {} tokens",
                                                count_text(plan.largest_context));
  return fmt::format("{}: {} of memory are free\n{}\n", plan.fits ? "fits" : "does not fit",
                     bytes_text(plan.free_bytes), largest);
}

}  // namespace

std::string bytes_text(uint64_t bytes) { return scaled(bytes, {" B", " kB", " MB", " GB", " TB"}); }
std::string parameters_text(uint64_t count) { return scaled(count, {"", " k", " M", " B", " T"}); }

std::string count_text(int64_t count) {
  std::string text = std::to_string(count);
  for (auto at = static_cast<ptrdiff_t>(text.size()) - 3; at > (count < 0 ? 1 : 0); at -= 3)
    text.insert(static_cast<size_t>(at), ",");
  return text;
}

std::string plan_text(const Plan& plan) {
  std::string text = for_terminal(plan.folder) + "\n";
  text += fmt::format("  {}, {} parameters\n", plan.architecture, parameters_text(plan.parameters));
  if (plan.experts > 0)
    text +=
        fmt::format("  {} of {} experts a token: {} parameters at work\n", plan.experts_per_token,
                    plan.experts, parameters_text(plan.active_parameters));
  text += fmt::format("  {}, hidden {}\n", layers_text(plan), count_text(plan.hidden));
  text += fmt::format("  vocabulary {}, context up to {} tokens\n", count_text(plan.vocab_size),
                      count_text(plan.max_context));
  text += plan.tokenizer_tokens == 0
              ? std::string("  no tokenizer: takes token ids only\n")
              : fmt::format("  tokenizer of {} tokens, {} chat template\n",
                            count_text(plan.tokenizer_tokens), plan.chat_template ? "with" : "no");

  text += "\non disk\n";
  add_line(text, "needed", fmt::format("{} tensors", count_text(plan.needed_tensors)),
           plan.needed_bytes);
  if (plan.missing_bytes > 0) add_line(text, "not fetched yet", "", plan.missing_bytes);
  for (const Plan::Skipped& skipped : plan.skipped)
    add_line(text, fmt::format("skipped: {}", skipped.rule),
             fmt::format("{} tensors", count_text(skipped.tensors)), skipped.bytes);

  text += fmt::format("\nin memory ({}, {} threads, quant {}, activations {}, kv {})\n",
                      plan.backend, plan.threads, plan.quant, plan.activations, plan.kv);
  for (const Plan::WeightClass& of : plan.weights)
    add_line(text, of.name, class_text(of), of.bytes);
  add_line(text, "all weights",
           fmt::format("{:>8}, {} mapped from files", parameters_text(plan.parameters),
                       bytes_text(plan.mapped_bytes)),
           plan.weight_bytes);
  add_line(text, "work memory", fmt::format("a step of {} tokens", count_text(plan.batch)),
           plan.step_bytes);
  add_states(plan, text);
  add_line(text, "total", "", plan.total_bytes);
  text += "\n" + verdict(plan);
  return text;
}

}  // namespace gerbil::cli
