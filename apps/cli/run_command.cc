// gerbil run: answers a prompt or a chat.
#include <fmt/format.h>

#include <optional>
#include <random>

#include "cli/answer_printer.h"
#include "cli/commands.h"
#include "cli/generation_request.h"
#include "cli/input.h"
#include "cli/json_output.h"
#include "cli/signals.h"
#include "cli/terminal.h"

namespace gerbil::cli {
namespace {

// nullopt: there is no prompt.
Result<std::optional<Request>> read_request(const RunOptions& options) {
  Request request = generation_request(options.generation);
  request.logprobs = options.logprobs;
  Chat chat{.messages = {},
            .tools = {},
            .think = options.generation.think,
            .continue_final_message = options.continues,
            .chat_template = {}};
  if (Result<ChatTemplateOptions> chosen = chat_template_options(options.templating)) {
    chat.chat_template = *std::move(chosen);
  } else {
    return std::unexpected(chosen.error());
  }
  chat.image_tokens = options.image_tokens;
  chat.fps = options.fps;
  chat.max_frames = options.max_frames;
  if (!options.tools_file.empty()) {
    Result<std::string> tools = read_input_file(options.tools_file);
    if (!tools) return std::unexpected(tools.error());
    chat.tools = std::move(*tools);
  }
  if (!options.messages_file.empty()) {
    Result<std::string> messages = read_input_file(options.messages_file);
    if (!messages) return std::unexpected(messages.error());
    chat.messages = std::move(*messages);
    if (const size_t slash = options.messages_file.rfind('/'); slash != std::string::npos)
      chat.media_folder = options.messages_file.substr(0, slash + 1);
    request.prompt = std::move(chat);
    return request;
  }
  if (options.system) {
    if (Status good = check_utf8(*options.system, "--system"); !good) {
      return std::unexpected(good.error());
    }
  }
  auto prompt = read_argument(options.prompt);
  if (!prompt) return std::unexpected(prompt.error());
  if (!*prompt) return std::nullopt;
  if (Status good = check_utf8((*prompt)->text, "the prompt"); !good) {
    return std::unexpected(good.error());
  }
  std::string text = std::move((*prompt)->text);
  if (options.raw) {
    if (text.empty())
      return std::unexpected(Error{ErrorCode::kInvalidArgument, "the prompt is empty"});
    request.prompt = RawText{std::move(text)};
    return request;
  }
  // The line feed that ends a file or an echo is no part of a question.
  if ((*prompt)->from_stdin && text.ends_with('\n')) text.pop_back();
  if ((*prompt)->from_stdin && text.ends_with('\r')) text.pop_back();
  if (text.empty())
    return std::unexpected(Error{ErrorCode::kInvalidArgument, "the prompt is empty"});
  std::vector<std::pair<std::string, std::string>> media;
  media.reserve(options.media.size());
  for (const RunOptions::Media& one : options.media)
    media.emplace_back(one.video ? "video" : "image", one.place);
  chat.messages = messages_json(options.system, text, media);
  request.prompt = std::move(chat);
  return request;
}

// Another answer each time, unless a seed was asked for.
uint64_t random_seed() {
  std::random_device device;
  return device();  // 32 bits: short enough to type again
}

double per_second(int64_t tokens, double milliseconds) {
  return milliseconds > 0 ? static_cast<double>(tokens) * 1000 / milliseconds : 0;
}

void print_stats(const Answer& answer, const ModelInfo& info, uint64_t seed) {
  const Timings& timings = answer.timings;
  const int64_t computed = answer.prompt_tokens - answer.cached_tokens;
  print_error_line(fmt::format(
      "gerbil: prompt {} tokens, {:.1f} tok/s; answer {} tokens, {:.1f} tok/s; loaded in {:.0f} ms",
      answer.prompt_tokens, per_second(computed, timings.prefill_ms), answer.token_ids.size(),
      timings.tok_s, info.load_ms));
  print_error_line(fmt::format("gerbil: {}, backend {}, {}, seed {}", info.architecture,
                               info.backend, info.choices, seed));
}

}  // namespace

ExitCode run(const RunOptions& options) {
  auto request = read_request(options);
  if (!request) return report_error(request.error().message);
  if (!*request) return report_wrong_usage("no PROMPT", "gerbil run --help");
  const uint64_t seed = options.generation.sampling.seed.value_or(random_seed());
  (*request)->sampling.seed = seed;

  ModelLoader loader;
  LoadOptions load = options.load;
  if (const Chat* chat = std::get_if<Chat>(&(*request)->prompt)) {
    if (!options.media.empty()) load.vision = Vision::kYes;
    // In a file of messages: where a part may be no text.
    const bool parts = chat->messages.contains("\"image") || chat->messages.contains("\"video");
    if (options.media.empty() && parts) load.vision = Vision::kIfAny;
  }
  const auto engine = loader.load(load);
  if (!engine) return report_error(engine.error().message);
  const auto session = (*engine)->new_session();
  if (!session) return report_error(session.error().message);

  const bool notes = !options.quiet && !options.json;
  Output output;
  AnswerPrinter printer(&output);
  const auto answer = [&] {
    const InterruptListener listener([&] { (*session)->cancel(); });
    return (*session)->generate(**request, [&](const Delta& delta) {
      if (notes) loader.print_notes();
      if (!options.json) printer.print(delta);
      // Nobody waits for an answer that cannot be written.
      if (!output.status()) (*session)->cancel();
    });
  }();
  if (!answer) {
    printer.finish();
    std::string message = answer.error().message;
    if (message.contains("no chat template")) message += "; --raw gives it the prompt as it is";
    return report_chat_error(message, options.messages_file, options.tools_file);
  }
  if (notes) loader.print_notes();
  if (options.json) {
    output.write(answer_json(*answer, (*engine)->info().load_ms, options.logprobs.has_value()) +
                 '\n');
  } else {
    printer.finish();
  }
  if (!output.status()) return report_error(output.status().error().message);
  if (notes && answer->finish_reason == FinishReason::kContext) {
    print_error_line(
        fmt::format("gerbil: note: the answer ends where the context of {} tokens does",
                    (*engine)->info().context));
  }
  if (notes && answer->thinking_end != ThinkingEnd::kItself) {
    print_error_line(answer->thinking_end == ThinkingEnd::kLoop
                         ? "gerbil: note: the thinking repeated itself and was ended"
                         : "gerbil: note: the thinking was ended at its budget");
  }
  if (options.stats) print_stats(*answer, (*engine)->info(), seed);
  return answer->finish_reason == FinishReason::kCancelled ? kInterrupted : kDone;
}

}  // namespace gerbil::cli
