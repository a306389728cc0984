// The options that several commands take, as flags of a CLI11 application. What is wrong with a
// value becomes a CLI::ParseError, which ends in parse_command_line(). One thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/options.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace gerbil::cli {

// Throws what CLI11 reports as the error of that option.
[[noreturn]] void refuse(const std::string& option, const std::string& why);

void add_model(CLI::App& app, std::string* model);
CLI::Option* add_file(CLI::App& app, const std::string& name, std::string* file,
                      const std::string& help);
void add_think(CLI::App& app, std::optional<bool>* think);
// How the model runs.
void add_load_options(CLI::App& app, LoadOptions* load, bool* quiet);
// How answers are made: the same for every command that generates.
void add_generation_options(CLI::App& app, GenerationOptions* generation);
void add_logprobs(CLI::App& app, std::optional<int32_t>* logprobs);
// A whole number from 1 to `most`.
void add_counted(CLI::App& app, const std::string& name, int64_t most, int64_t* count,
                 const std::string& help);
void add_seed(CLI::App& app, uint64_t* seed, const std::string& help);
// Those of the generation options that a parsed command line has.
std::vector<Setting> given_generation_options(const CLI::App& app);

}  // namespace gerbil::cli
