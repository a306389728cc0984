// The command line as plain values. parse_command_line() reads no file, no environment and no
// model: it only says what was asked for, or why that makes no sense. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cli/template_flags.h"
#include "gerbil/gerbil.h"

namespace gerbil::cli {

// How answers are made; the flags are the same for every command that generates.
struct GenerationOptions {
  Sampling sampling;
  int64_t max_tokens = 0;
  std::vector<std::string> stop;
  std::vector<int32_t> stop_tokens;
  std::optional<bool> think;
  std::optional<int64_t> thinking_budget;
};

// One of these flags as it was written: {"top-k", {"40"}}; of a switch {"think", {"on"}}.
struct Setting {
  std::string name;
  std::vector<std::string> values;
};

struct RunOptions {
  LoadOptions load;                   // without the callbacks and the bundled models' folder
  std::optional<std::string> prompt;  // absent or "-": standard input
  struct Media {
    bool video = false;
    std::string place;
  };
  std::vector<Media> media;  // before the prompt, in this order
  std::optional<int64_t> image_tokens, max_frames;
  std::optional<double> fps;
  std::string messages_file;  // instead of a prompt; "-": standard input
  std::string tools_file;
  std::optional<std::string> system;
  TemplateFlags templating;
  GenerationOptions generation;
  std::optional<int32_t> logprobs;
  bool raw = false;
  bool continues = false;  // the last message is to be gone on with
  bool stats = false;
  bool json = false;
  bool quiet = false;
};

enum class ColorChoice { kAuto, kAlways, kNever };

struct ChatCommandOptions {
  LoadOptions load;
  std::vector<Setting> settings;  // of GenerationOptions, so that the chat can show and change them
  std::optional<std::string> system;
  std::string load_file;  // a saved chat to go on with
  std::string tools_file;
  TemplateFlags templating;
  ColorChoice color = ColorChoice::kAuto;
  bool markdown = true;
  bool history = true;
  bool json = false;
  bool quiet = false;
};

struct TokenizeOptions {
  std::string model;
  std::optional<std::string> text;  // absent or "-": standard input
  bool json = false;
};

struct TemplateOptions {
  std::string model;
  std::string messages_file;
  std::string tools_file;
  ChatOptions chat;  // without its template
  TemplateFlags templating;
};

struct ForwardOptions {
  LoadOptions load;
  ForwardRequest request;
  std::string output_file;
  bool quiet = false;
};

struct PlanOptions {
  LoadOptions load;
  bool json = false;
  bool quiet = false;
};

// What `gerbil bench` measures; every list has at least one number.
struct BenchOptions {
  LoadOptions load;
  std::vector<int64_t> prompts = {512};  // tokens
  std::vector<int64_t> tokens = {128};   // of a decode
  std::vector<int64_t> depths = {0};     // tokens in the cache before it
  std::vector<PictureTest> pictures;
  bool text = true;  // prompts and answers too
  int64_t repetitions = 5;
  uint64_t seed = 0;
  std::string trace_file;
  bool profile = false;
  bool json = false;
  bool quiet = false;
};

struct CacheOptions {
  bool clear = false;
  bool json = false;
};

struct PullCommandOptions {
  PullOptions pull;  // without the hub and the callbacks
  bool json = false;
  bool quiet = false;
};

struct ListOptions {
  bool json = false;
};

struct RemoveOptions {
  std::vector<std::string> models;
  bool json = false;
};

struct ShowText {
  std::string text;  // help or version, for standard output
};

struct WrongUsage {
  std::string message;  // one line
  std::string help;     // the command whose help says more: "gerbil run --help"
};

using Command = std::variant<RunOptions, ChatCommandOptions, TokenizeOptions, TemplateOptions,
                             ForwardOptions, PlanOptions, BenchOptions, CacheOptions,
                             PullCommandOptions, ListOptions, RemoveOptions, ShowText, WrongUsage>;

// `arguments` without the program's name.
Command parse_command_line(const std::vector<std::string>& arguments);

}  // namespace gerbil::cli
