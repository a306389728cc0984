#include "cli/option_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <limits>
#include <string_view>

#include "cli/option_values.h"

namespace gerbil::cli {
namespace {

constexpr const char* kModelHelp = "A checkpoint's folder, org/name of a hub, or demo";

template <class T>
CLI::Option* add_number(CLI::App& app, const std::string& name, std::string type, T low, T high,
                        std::string expected, std::function<void(T)> store,
                        const std::string& help) {
  return app
      .add_option_function<std::string>(
          name,
          [=](const std::string& text) {
            const std::optional<T> value = parse_number<T>(text);
            if (!value || *value < low || *value > high) {
              refuse(name, fmt::format("expected {}, found {}", expected, in_quotes(text)));
            }
            store(*value);
          },
          help)
      ->type_name(std::move(type));
}

template <class T>
CLI::Option* add_choice(CLI::App& app, const std::string& name, const std::string& values,
                        Result<T> (*from_name)(std::string_view), T* target,
                        const std::string& help) {
  return app
      .add_option_function<std::string>(
          name,
          [=](const std::string& text) {
            const Result<T> value = from_name(text);
            // The message begins with the choice's name: "quant q4 is not in this build".
            if (!value) throw CLI::ValidationError("--" + value.error().message);
            *target = *value;
          },
          help)
      ->type_name(values);
}

// An option that may be repeated.
CLI::Option* add_list(CLI::App& app, const std::string& name, std::string type,
                      const std::string& help,
                      const std::function<void(const std::vector<std::string>&)>& store) {
  return app.add_option_function<std::vector<std::string>>(name, store, help)
      ->type_name(std::move(type))
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

// "123=-5.5"
LogitBias to_bias(const std::string& text) {
  const size_t sign = std::min(text.find('='), text.size());
  const auto id = parse_number<int32_t>(text.substr(0, sign));
  const auto bias = parse_number<double>(sign < text.size() ? text.substr(sign + 1) : "");
  if (!id || *id < 0 || !bias || !(*bias >= -100 && *bias <= 100)) {
    refuse("--logit-bias",
           fmt::format("expected ID=BIAS with a bias from -100 to 100, found {}", in_quotes(text)));
  }
  return {*id, *bias};
}

void add_sampling(CLI::App& app, Sampling* sampling) {
  constexpr const char* kGroup = "Sampling (defaults: the checkpoint's generation_config.json)";
  add_number<double>(
      app, "--temperature", "T", 0, 100, "a number from 0 to 100",
      [=](double value) { sampling->temperature = value; }, "0: always the likeliest token")
      ->group(kGroup);
  add_number<int32_t>(
      app, "--top-k", "K", 0, std::numeric_limits<int32_t>::max(), "a whole number from 0 on",
      [=](int32_t value) { sampling->top_k = value; }, "Only the K likeliest; 0: off")
      ->group(kGroup);
  add_number<double>(
      app, "--top-p", "P", std::numeric_limits<double>::min(), 1, "a number above 0, at most 1",
      [=](double value) { sampling->top_p = value; }, "Only the likeliest that together reach P")
      ->group(kGroup);
  add_number<double>(
      app, "--min-p", "P", 0, 1, "a number from 0 to 1",
      [=](double value) { sampling->min_p = value; },
      "Only those at least P times as likely as the likeliest")
      ->group(kGroup);
  add_number<double>(
      app, "--repetition-penalty", "R", std::numeric_limits<float>::min(), 100,
      "a number above 0, at most 100", [=](double value) { sampling->repetition_penalty = value; },
      "Divides the logits of tokens in prompt and answer [1: off]")
      ->group(kGroup);
  add_number<double>(
      app, "--presence-penalty", "X", -2, 2, "a number from -2 to 2",
      [=](double value) { sampling->presence_penalty = value; },
      "Taken off the logits of tokens in the answer [0]")
      ->group(kGroup);
  add_number<double>(
      app, "--frequency-penalty", "X", -2, 2, "a number from -2 to 2",
      [=](double value) { sampling->frequency_penalty = value; },
      "Likewise, once for each time they are in it [0]")
      ->group(kGroup);
  add_list(app, "--logit-bias", "ID=BIAS", "Added to a token's logit, -100 to 100; may be repeated",
           [=](const std::vector<std::string>& texts) {
             sampling->logit_bias.clear();
             for (const std::string& text : texts) sampling->logit_bias.push_back(to_bias(text));
           })
      ->group(kGroup);
  add_number<uint64_t>(
      app, "--seed", "N", 0, std::numeric_limits<uint64_t>::max(), "a whole number from 0 on",
      [=](uint64_t value) { sampling->seed = value; },
      "The same seed draws the same answer, on every backend [a new one each time]")
      ->group(kGroup);
}

}  // namespace

void refuse(const std::string& option, const std::string& why) {
  throw CLI::ValidationError(option, why);
}

void add_logprobs(CLI::App& app, std::optional<int32_t>* logprobs) {
  add_number<int32_t>(
      app, "--logprobs", "N", 0, kMaxLogprobs, fmt::format("0 to {}", kMaxLogprobs),
      [=](int32_t value) { *logprobs = value; },
      "With --json: log probabilities of the tokens, and of the N likeliest");
}

void add_counted(CLI::App& app, const std::string& name, int64_t most, int64_t* count,
                 const std::string& help) {
  add_number<int64_t>(
      app, name, "N", 1, most, fmt::format("1 to {}", most), [=](int64_t value) { *count = value; },
      help);
}

void add_seed(CLI::App& app, uint64_t* seed, const std::string& help) {
  add_number<uint64_t>(
      app, "--seed", "N", 0, std::numeric_limits<uint64_t>::max(), "a whole number from 0 on",
      [=](uint64_t value) { *seed = value; }, help);
}

void add_model(CLI::App& app, std::string* model) {
  app.add_option("MODEL", *model, kModelHelp)->required()->type_name("");
}

CLI::Option* add_file(CLI::App& app, const std::string& name, std::string* file,
                      const std::string& help) {
  return app
      .add_option_function<std::string>(
          name,
          [=](const std::string& text) {
            if (text.empty()) refuse(name, "expected the name of a file, found \"\"");
            *file = text;
          },
          help)
      ->type_name("FILE");
}

void add_load_options(CLI::App& app, LoadOptions* load, bool* quiet) {
  constexpr const char* kGroup = "How it runs";
  add_choice<Backend>(app, "--backend", "auto|reference|cpu|webgpu", backend_from_name,
                      &load->backend, "What computes")
      ->group(kGroup);
  add_choice<Quant>(app, "--quant", "auto|stored|f32|bf16|f16|q8|q6|q4", quant_from_name,
                    &load->quant, "How weights are held")
      ->group(kGroup);
  add_choice<Activations>(app, "--activations", "auto|f32|int8", activations_from_name,
                          &load->activations, "What products with quantised weights read")
      ->group(kGroup);
  add_choice<Kv>(app, "--kv", "auto|f32|f16|q8", kv_from_name, &load->kv,
                 "How the KV cache is held")
      ->group(kGroup);
  add_choice<Isa>(app, "--isa", "auto|baseline|sse4|avx2|avx512|neon|neon-dot|neon-i8mm",
                  isa_from_name, &load->isa, "Instruction set of the CPU's kernels [the best]")
      ->group(kGroup);
  add_number<int>(
      app, "--threads", "N", 0, 1024, "0 (one per processor) to 1024",
      [=](int value) { load->threads = value; }, "Threads; 0: one per usable processor")
      ->group(kGroup);
  add_number<int64_t>(
      app, "--batch", "N", 1, 65536, "1 to 65536", [=](int64_t value) { load->batch = value; },
      "Most tokens of a step [512]")
      ->group(kGroup);
  add_number<int64_t>(
      app, "--context", "N", 1, std::numeric_limits<int64_t>::max(), "a number above 0",
      [=](int64_t value) { load->context = value; },
      "Most tokens of prompt and answer [the model's maximum, or what fits]")
      ->group(kGroup);
  app.add_flag_callback(
         "--no-cache", [=] { load->cache_bytes = 0; },
         "Neither keep quantised weights for the next run nor take those of an earlier one")
      ->group(kGroup);
  app.add_flag("--quiet", *quiet, "No notes on standard error")->group(kGroup);
}

void add_think(CLI::App& app, std::optional<bool>* think) {
  CLI::Option* on = app.add_flag_callback(
      "--think", [=] { *think = true; }, "Let the model think before it answers");
  CLI::Option* off =
      app.add_flag_callback("--no-think", [=] { *think = false; }, "Let it answer at once");
  off->excludes(on);
}

void add_generation_options(CLI::App& app, GenerationOptions* generation) {
  add_think(app, &generation->think);
  add_number<int64_t>(
      app, "--max-tokens", "N", 1, std::numeric_limits<int64_t>::max(), "a number above 0",
      [=](int64_t value) { generation->max_tokens = value; },
      "Most tokens of an answer [until the model stops]");
  add_list(app, "--stop", "TEXT", "A text that ends the answer; may be repeated",
           [=](const std::vector<std::string>& texts) {
             for (const std::string& text : texts) {
               if (text.empty()) refuse("--stop", "expected a text, found \"\"");
             }
             generation->stop = texts;
           });
  add_list(app, "--stop-token", "ID",
           "A token that ends the answer, beside the checkpoint's own; may be repeated",
           [=](const std::vector<std::string>& texts) {
             generation->stop_tokens.clear();
             for (const std::string& text : texts) {
               const auto id = parse_number<int32_t>(text);
               if (!id || *id < 0) {
                 refuse("--stop-token",
                        fmt::format("expected a token id, found {}", in_quotes(text)));
               }
               generation->stop_tokens.push_back(*id);
             }
           });
  add_number<int64_t>(
      app, "--thinking-budget", "N", 0, std::numeric_limits<int64_t>::max(),
      "a whole number from 0 on", [=](int64_t value) { generation->thinking_budget = value; },
      "Most tokens of thinking; then the model must answer [no limit]");
  add_sampling(app, &generation->sampling);
}

std::vector<Setting> given_generation_options(const CLI::App& app) {
  CLI::App known;
  GenerationOptions unused;
  known.set_help_flag();
  add_generation_options(known, &unused);
  std::vector<Setting> given;
  for (const CLI::Option* option : known.get_options()) {
    const std::string name = option->get_single_name();
    const CLI::Option* parsed = app.get_option_no_throw("--" + name);
    if (parsed == nullptr || parsed->count() == 0) continue;
    if (option->get_expected_max() != 0) {
      given.push_back({name, parsed->results()});
    } else if (name.starts_with("no-")) {
      given.push_back({name.substr(3), {"off"}});
    } else {
      given.push_back({name, {"on"}});
    }
  }
  return given;
}

}  // namespace gerbil::cli
