#include "cli/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "cli/option_flags.h"
#include "cli/option_values.h"

namespace gerbil::cli {
namespace {

constexpr std::string_view kHelp =
    R"(gerbil runs small language models on this device, from their published checkpoints.

usage: gerbil COMMAND MODEL ...

  run       answer a prompt or a chat
  chat      talk with a model
  tokenize  print the token ids of a text
  template  print the prompt that a chat becomes
  forward   write a prompt's logits and hidden states to a file
  plan      say what a model would take, without loading it
  bench     measure how fast a model runs here
  pull      fetch a model, or what is missing of it
  ls, rm    list the fetched models; remove one
  cache     list or clear the quantised weights that are kept for the next run

MODEL is a checkpoint's folder; org/name[@revision] on huggingface.co, of which what
is needed is fetched; or demo: the bundled model.
'gerbil COMMAND --help' lists a command's options; 'gerbil --version' prints the version.

  gerbil run demo "What is the capital of Garth?"
)";

// An option and what it takes; what it excludes is said when it happens.
class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() { column_width(32); }
  std::string make_option_opts(const CLI::Option* option) const override {
    const std::string type = option->get_type_name();
    return type.empty() || option->get_expected_max() == 0 ? "" : " " + type;
  }
};

std::string help_of(const CLI::App& app) {
  std::string text = app.help();
  for (size_t at; (at = text.find("\n\n\n")) != std::string::npos;) text.erase(at, 1);
  while (text.ends_with("\n\n")) text.pop_back();
  return text;
}

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

// `words` is consumed. Empty: all is well.
std::optional<Command> parse(CLI::App& app, std::vector<std::string> words) {
  app.formatter(std::make_shared<HelpFormatter>());
  app.set_help_flag("-h,--help", "Print this");
  try {
    std::reverse(words.begin(), words.end());  // as CLI11 wants them
    app.parse(words);
    return std::nullopt;
  } catch (const CLI::CallForHelp&) {
    return ShowText{help_of(app)};
  } catch (const CLI::ExtrasError&) {
    for (const std::string& word : app.remaining()) {
      if (word.starts_with('-') && word != "-") {
        return WrongUsage{fmt::format("unknown option {}", in_quotes(word)),
                          app.get_name() + " --help"};
      }
    }
    return WrongUsage{fmt::format("unexpected {}", in_quotes(app.remaining().front())),
                      app.get_name() + " --help"};
  } catch (const CLI::ParseError& error) {
    return WrongUsage{one_line(error.what()), app.get_name() + " --help"};
  }
}

Command wrong(const CLI::App& app, std::string message) {
  return WrongUsage{std::move(message), app.get_name() + " --help"};
}

Command parse_run(std::vector<std::string> words) {
  RunOptions run;
  CLI::App app("Answers a prompt or a chat. Standard output gets the answer alone.", "gerbil run");
  add_model(app, &run.load.model);
  CLI::Option* prompt = app.add_option_function<std::string>(
                               "PROMPT", [&](const std::string& text) { run.prompt = text; },
                               "The prompt; - or absent: standard input")
                            ->type_name("");
  CLI::Option* messages =
      add_file(app, "--messages", &run.messages_file, "A chat instead: a JSON array of messages")
          ->excludes(prompt);
  CLI::Option* tools =
      add_file(app, "--tools", &run.tools_file, "Functions the model may call: a JSON array");
  CLI::Option* system = app.add_option_function<std::string>(
                               "--system", [&](const std::string& text) { run.system = text; },
                               "A system message before the prompt")
                            ->type_name("TEXT")
                            ->excludes(messages);
  std::vector<CLI::Option*> media;
  for (const bool video : {false, true})
    media.push_back(
        app.add_option_function<std::string>(
               video ? "--video" : "--image",
               [&run, video](const std::string& place) { run.media.push_back({video, place}); },
               video ? "A video before the prompt; repeatable"
                     : "A picture before the prompt; repeatable")
            ->type_name("FILE")
            ->trigger_on_parse()
            ->excludes(messages));
  app.add_option("--image-tokens", run.image_tokens, "Most tokens of a picture or video")
      ->check(CLI::PositiveNumber);
  app.add_option("--fps", run.fps, "Frames of a second of video")->check(CLI::PositiveNumber);
  app.add_option("--max-frames", run.max_frames, "Most frames of a video")
      ->check(CLI::PositiveNumber);
  app.add_flag("--raw", run.raw, "The prompt is raw text: no chat template")
      ->excludes(media[0])
      ->excludes(media[1])
      ->excludes(messages)
      ->excludes(tools)
      ->excludes(system);
  add_template_flags(app, &run.templating);
  add_generation_options(app, &run.generation);
  app.add_flag("--stats", run.stats, "Speeds and choices on standard error");
  app.add_flag("--json", run.json, "The whole answer as one JSON object");
  add_logprobs(app, &run.logprobs);
  app.add_flag("--continue", run.continues, "Go on with the last message, the assistant's")
      ->needs(messages);
  add_load_options(app, &run.load, &run.quiet);

  if (auto done = parse(app, std::move(words))) return *done;
  if (run.raw && run.generation.think) return wrong(app, "--raw excludes --think and --no-think");
  if (run.raw && run.generation.thinking_budget) {
    return wrong(app, "--raw excludes --thinking-budget");
  }
  if (run.raw && run.templating.any()) {
    return wrong(app, "--raw excludes --chat-template, --template-args and --template-time");
  }
  if (run.logprobs && !run.json) return wrong(app, "--logprobs requires --json");
  if (run.messages_file == "-" && run.tools_file == "-") {
    return wrong(app, "--messages and --tools: only one can come from standard input");
  }
  return run;
}

Command parse_chat(std::vector<std::string> words) {
  ChatCommandOptions chat;
  GenerationOptions checked;
  CLI::App app(
      "Talks with a model. A line is a message; /help lists what else can be said. Where standard\n"
      "input is no terminal its lines are the messages, and standard output gets the answers "
      "alone.",
      "gerbil chat");
  add_model(app, &chat.load.model);
  app.add_option_function<std::string>(
         "--system", [&](const std::string& text) { chat.system = text; },
         "What the model is told before the chat")
      ->type_name("TEXT");
  add_file(app, "--load", &chat.load_file,
           "Go on with a chat that /save wrote, or with a JSON array of messages");
  add_file(app, "--tools", &chat.tools_file, "Functions the model may call: a JSON array");
  app.add_flag("--json", chat.json, "Each answer as a JSON object on a line of its own");
  app.add_flag_callback(
      "--no-markdown", [&] { chat.markdown = false; }, "Show answers as the model writes them");
  app.add_flag_callback(
      "--no-history", [&] { chat.history = false; },
      "Neither read nor write the file of past lines");
  app.add_option_function<std::string>(
         "--color",
         [&](const std::string& text) {
           if (text == "auto") {
             chat.color = ColorChoice::kAuto;
           } else if (text == "always") {
             chat.color = ColorChoice::kAlways;
           } else if (text == "never") {
             chat.color = ColorChoice::kNever;
           } else {
             refuse("--color",
                    fmt::format("expected auto, always or never, found {}", in_quotes(text)));
           }
         },
         "Colours and bold type [auto: on a terminal, unless NO_COLOR is set]")
      ->type_name("auto|always|never");
  add_template_flags(app, &chat.templating);
  add_generation_options(app, &checked);
  add_load_options(app, &chat.load, &chat.quiet);

  if (auto done = parse(app, std::move(words))) return *done;
  if (chat.tools_file == "-" || chat.load_file == "-") {
    return wrong(app, "--load and --tools: standard input is for the messages");
  }
  chat.settings = given_generation_options(app);
  return chat;
}

Command parse_tokenize(std::vector<std::string> words) {
  TokenizeOptions options;
  CLI::App app(
      "Prints the token ids of a text, without a chat template. What is no UTF-8 is read as "
      "U+FFFD.",
      "gerbil tokenize");
  add_model(app, &options.model);
  app.add_option_function<std::string>(
         "TEXT", [&](const std::string& text) { options.text = text; },
         "The text; - or absent: standard input")
      ->type_name("");
  app.add_flag("--json", options.json, "As a JSON array");
  if (auto done = parse(app, std::move(words))) return *done;
  return options;
}

Command parse_template(std::vector<std::string> words) {
  TemplateOptions options;
  bool bare = false;
  CLI::App app("Prints the prompt that a chat becomes, and nothing else.", "gerbil template");
  add_model(app, &options.model);
  add_file(app, "--messages", &options.messages_file, "The chat: a JSON array of messages")
      ->required();
  add_file(app, "--tools", &options.tools_file, "Functions the model may call: a JSON array");
  add_think(app, &options.chat.think);
  add_template_flags(app, &options.templating);
  app.add_flag("--no-generation-prompt", bare, "Without the opening of the model's turn");
  if (auto done = parse(app, std::move(words))) return *done;
  if (options.messages_file == "-" && options.tools_file == "-") {
    return wrong(app, "--messages and --tools: only one can come from standard input");
  }
  options.chat.add_generation_prompt = !bare;
  return options;
}

Command parse_forward(std::vector<std::string> words) {
  ForwardOptions options;
  options.load.quant = Quant::kStored;
  options.load.activations = Activations::kF32;
  options.load.kv = Kv::kF32;
  ForwardRequest& request = options.request;
  CLI::App app(
      "Runs a prompt and writes input_ids and the logits of all its positions as safetensors.\n"
      "Unless told otherwise: --quant stored --activations f32 --kv f32.",
      "gerbil forward");
  add_model(app, &options.load.model);
  app.add_option_function<std::string>(
         "--input-ids",
         [&](const std::string& text) {
           Result<std::vector<int32_t>> ids = parse_token_ids(text);
           if (!ids) refuse("--input-ids", ids.error().message);
           request.input_ids = std::move(*ids);
         },
         "Token ids")
      ->type_name("1,2,3");
  app.add_option("--prompt", request.prompt, "Raw text")->type_name("TEXT");
  add_file(app, "--inputs", &request.inputs_file,
           "Safetensors with input_ids [T] or [1, T], and pictures as the processors write them");
  app.add_flag("--taps", request.taps, "Hidden states and, after the prompt, recurrent states too");
  add_file(app, "-o,--output", &options.output_file, "Where to")->required();
  add_load_options(app, &options.load, &options.quiet);

  if (auto done = parse(app, std::move(words))) return *done;
  const size_t given = app.count("--input-ids") + app.count("--prompt") + app.count("--inputs");
  if (given != 1) return wrong(app, "expected one of --input-ids, --prompt and --inputs");
  return options;
}

Command parse_plan(std::vector<std::string> words) {
  PlanOptions options;
  CLI::App app(
      "Says what a model would take: what is needed of its files and what is skipped, bytes in\n"
      "memory by part, and whether it fits here. No weight is read.",
      "gerbil plan");
  add_model(app, &options.load.model);
  app.add_flag("--json", options.json, "As one JSON object (docs/plan.md)");
  add_load_options(app, &options.load, &options.quiet);
  if (auto done = parse(app, std::move(words))) return *done;
  return options;
}

void add_counts(CLI::App& app, const std::string& name, int64_t least, std::vector<int64_t>* counts,
                const std::string& help) {
  app.add_option_function<std::string>(
         name,
         [=](const std::string& text) {
           Result<std::vector<int64_t>> given = parse_counts(text, least, 1 << 24);
           if (!given) refuse(name, given.error().message);
           *counts = std::move(*given);
         },
         help)
      ->type_name("N,N,...");
}

Command parse_bench(std::vector<std::string> words) {
  BenchOptions options;
  CLI::App app(
      "Measures how fast a model reads prompts and writes answers on this machine, beside what\n"
      "the machine can do at best. Prompts are random tokens: no tokenizer is needed. Where\n"
      "pictures are named, they are measured, and text only if -p, -n or -d is given.",
      "gerbil bench");
  add_model(app, &options.load.model);
  add_counts(app, "-p,--prompt", 1, &options.prompts, "Tokens of a prompt [512]");
  add_counts(app, "-n,--tokens", 1, &options.tokens, "Tokens of an answer [128]");
  add_counts(app, "-d,--depth", 0, &options.depths,
             "Tokens that stand before the answer, untimed [0]");
  app.add_option_function<std::string>(
         "--image-size",
         [&](const std::string& text) {
           const auto sizes = parse_sizes(text);
           if (!sizes) refuse("--image-size", sizes.error().message);
           for (const PixelSize& size : *sizes)
             options.pictures.push_back({.width = size.width, .height = size.height});
         },
         "Pictures of noise to encode, in pixels")
      ->type_name("WxH,...")
      ->trigger_on_parse();  // pictures keep their order
  app.add_option_function<std::string>(
         "--image", [&](const std::string& file) { options.pictures.push_back({.place = file}); },
         "A picture to encode; repeatable")
      ->type_name("FILE")
      ->trigger_on_parse();
  add_counted(app, "-r,--repetitions", 1000, &options.repetitions,
              "How often each is measured, behind a run that is not [5]");
  add_seed(app, &options.seed, "Another seed is another prompt [0]");
  app.add_flag("--profile", options.profile, "Times of every operation and layer too");
  add_file(app, "--trace", &options.trace_file,
           "Every call of an operation, for a trace viewer (ui.perfetto.dev)");
  app.add_flag("--json", options.json, "As one JSON object (docs/benchmarks.md)");
  add_load_options(app, &options.load, &options.quiet);
  if (auto done = parse(app, std::move(words))) return *done;
  if (!options.pictures.empty()) {
    options.load.vision = Vision::kYes;
    options.text = app.count("--prompt") + app.count("--tokens") + app.count("--depth") > 0;
  }
  return options;
}

Command parse_cache(std::vector<std::string> words) {
  CacheOptions options;
  std::string what;
  CLI::App app(
      "Quantised weights that are kept for the next run, in $GERBIL_CACHE, $XDG_CACHE_HOME/gerbil "
      "or ~/.cache/gerbil.",
      "gerbil cache");
  app.add_option("ACTION", what, "ls: list the files, the last used first; clear: remove them")
      ->required()
      ->check(CLI::IsMember({"ls", "clear"}))
      ->type_name("ls|clear");
  app.add_flag("--json", options.json, "As one JSON object");
  if (auto done = parse(app, std::move(words))) return *done;
  options.clear = what == "clear";
  return options;
}

Command parse_pull(std::vector<std::string> words) {
  PullCommandOptions options;
  CLI::App app(
      "Fetches what a model needs into the cache of the Hugging Face client, as far as it is not\n"
      "there: configs, tokenizer and, of the weights, the bytes that are used. Reads HF_ENDPOINT,\n"
      "HF_TOKEN, HF_HOME, HF_HUB_CACHE and HF_HUB_OFFLINE. Interrupted, it goes on the next time.",
      "gerbil pull");
  app.add_option("MODEL", options.pull.model,
                 "org/name[@revision]; org/name:file fetches one file, whatever it is")
      ->required()
      ->type_name("");
  app.add_flag("--vision", options.pull.vision, "The encoder of pictures and videos too");
  app.add_flag("--all", options.pull.whole, "Every tensor, so that other programs can use it");
  app.add_flag("--dry-run", options.pull.dry_run,
               "Only say what would be fetched; configs and headers are");
  app.add_flag("--json", options.json, "As one JSON object");
  app.add_flag("--quiet", options.quiet, "No progress and no notes on standard error");
  if (auto done = parse(app, std::move(words))) return *done;
  return options;
}

Command parse_list(std::vector<std::string> words) {
  ListOptions options;
  CLI::App app("Lists the models in the cache of the Hugging Face client.", "gerbil ls");
  app.add_flag("--json", options.json, "As one JSON object");
  if (auto done = parse(app, std::move(words))) return *done;
  return options;
}

Command parse_remove(std::vector<std::string> words) {
  RemoveOptions options;
  CLI::App app("Removes models from the cache of the Hugging Face client, all revisions of them.",
               "gerbil rm");
  app.add_option("MODEL", options.models, "org/name, as gerbil ls lists it")
      ->required()
      ->type_name("");
  app.add_flag("--json", options.json, "What was removed, as a JSON object each");
  if (auto done = parse(app, std::move(words))) return *done;
  return options;
}

}  // namespace

Command parse_command_line(const std::vector<std::string>& arguments) {
  if (arguments.empty()) return WrongUsage{"no command", "gerbil --help"};
  const std::string& name = arguments.front();
  std::vector<std::string> words(arguments.begin() + 1, arguments.end());
  if (name == "run") return parse_run(std::move(words));
  if (name == "chat") return parse_chat(std::move(words));
  if (name == "tokenize") return parse_tokenize(std::move(words));
  if (name == "template") return parse_template(std::move(words));
  if (name == "forward") return parse_forward(std::move(words));
  if (name == "plan") return parse_plan(std::move(words));
  if (name == "bench") return parse_bench(std::move(words));
  if (name == "cache") return parse_cache(std::move(words));
  if (name == "pull") return parse_pull(std::move(words));
  if (name == "ls") return parse_list(std::move(words));
  if (name == "rm") return parse_remove(std::move(words));
  if (name == "--help" || name == "-h" || name == "help") return ShowText{std::string(kHelp)};
  if (name == "--version") return ShowText{fmt::format("gerbil {}\n", version())};
  return WrongUsage{
      fmt::format("unknown {} {}", name.starts_with('-') ? "option" : "command", in_quotes(name)),
      "gerbil --help"};
}

}  // namespace gerbil::cli
