#include "cli/chat_talk.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cli/chat_file.h"
#include "cli/environment.h"
#include "cli/input.h"
#include "cli/json_output.h"
#include "cli/option_values.h"
#include "cli/unicode_text.h"

namespace gerbil::cli {
namespace {

using Next = ChatTalk::Next;

double per_second(int64_t tokens, double milliseconds) {
  return milliseconds > 0 ? static_cast<double>(tokens) * 1000 / milliseconds : 0;
}

// The beginning of a text, on one line.
std::string gist(std::string_view text) {
  constexpr size_t kLongest = 40;
  std::u32string start = from_utf8(text.substr(0, 4 * kLongest + 4));
  std::ranges::replace(start, U'\n', U' ');
  if (start.size() > kLongest) start = start.substr(0, kLongest - 1) + U"…";
  return to_utf8(start);
}

std::string expand_home(const std::string& path) {
  const auto home = environment("HOME");
  return path.starts_with("~/") && home ? *home + path.substr(1) : path;
}

// "1 answer", "2 answers".
template <class Count>
std::string counted(Count count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

}  // namespace

Next ChatTalk::say(const std::string& message) {
  if (Status good = check_utf8(message, "the message"); !good) {
    screen_->error(good.error().message);
    return Next::kGoOn;
  }
  session_->messages().add_user(message);
  const size_t before = session_->messages().size();
  const Next next = answer();
  if (session_->messages().size() == before) {  // no answer: the next message must not follow it
    session_->messages().take_exchange();
    screen_->note("your message is taken back");
  }
  return next;
}

Next ChatTalk::answer() {
  if (modes_ != nullptr) modes_->set_echo(false);
  AnswerView view = screen_->answer_view();
  interrupt_->begin_answer();
  const Result<Answer> answer = session_->answer([&](const Delta& delta) {
    if (!options_.json) view.show(delta);
    // Nobody waits for an answer that cannot be written.
    if (!screen_->output().status()) session_->session().cancel();
  });
  const bool interrupted = interrupt_->end_answer();
  view.finish();
  if (modes_ != nullptr) modes_->set_echo(true);
  if (!answer) {
    const bool full = answer.error().message.contains("context");
    screen_->error(full ? answer.error().message + "; /undo or /clear makes room"
                        : answer.error().message);
  } else if (options_.json) {
    screen_->output().write(answer_json(*answer, session_->info().load_ms, false) + '\n');
  }
  if (!screen_->output().status()) {
    screen_->error(screen_->output().status().error().message);
    return Next::kLeave;
  }
  if (answer) comment(*answer);
  screen_->gap();
  return interrupted ? Next::kInterrupted : Next::kGoOn;
}

void ChatTalk::comment(const Answer& answer) {
  if (options_.quiet) return;
  switch (answer.finish_reason) {
    case FinishReason::kCancelled:
      screen_->note(is_empty(answer) ? "stopped" : "stopped; what was said stays in the chat");
      return;
    case FinishReason::kLength:
      screen_->note("cut off at max_tokens; /set max_tokens default lets answers end themselves");
      return;
    case FinishReason::kContext:
      screen_->note(
          fmt::format("the context of {} tokens is full: /undo or /clear makes room, and "
                      "--context N may allow more",
                      session_->info().context));
      return;
    case FinishReason::kStop:
      if (is_empty(answer)) screen_->note("the model says nothing");
      return;
  }
}

Next ChatTalk::command(const ChatLine& line) {
  if (line.kind == ChatLine::Kind::kUnknown) {
    screen_->error(line.text);
    return Next::kGoOn;
  }
  switch (line.command) {
    case SlashCommand::kHelp:
      help();
      break;
    case SlashCommand::kSystem:
      system(line.text);
      break;
    case SlashCommand::kSet:
      set(line.text);
      break;
    case SlashCommand::kRetry:
      return retry();
    case SlashCommand::kUndo:
      undo();
      break;
    case SlashCommand::kClear:
      session_->messages().clear();
      if (!options_.quiet) screen_->note("a new chat");
      break;
    case SlashCommand::kSave:
      save(line.text);
      break;
    case SlashCommand::kLoad:
      if (line.text.empty()) {
        screen_->error("/load: which FILE?");
      } else if (const Status loaded = load(expand_home(line.text), true); !loaded) {
        screen_->error(loaded.error().message);
      }
      break;
    case SlashCommand::kStats:
      stats();
      break;
    case SlashCommand::kQuit:
      return Next::kLeave;
  }
  return Next::kGoOn;
}

Next ChatTalk::retry() {
  ChatMessages& messages = session_->messages();
  if (!messages.last_user()) {
    screen_->error("/retry: there is no message to answer");
    return Next::kGoOn;
  }
  std::vector<ChatMessages::Message> old = messages.take_answer();
  const size_t before = messages.size();
  const Next next = answer();
  if (messages.size() == before) {
    messages.put_back(std::move(old));
    screen_->note("the answer before stays");
  }
  return next;
}

void ChatTalk::undo() {
  const std::optional<std::string> text = session_->messages().last_user();
  if (!text) {
    screen_->error("/undo: there is nothing to take back");
    return;
  }
  session_->messages().take_exchange();
  if (!options_.quiet) screen_->note(fmt::format("taken back: {}", gist(*text)));
}

void ChatTalk::system(const std::string& argument) {
  ChatMessages& messages = session_->messages();
  if (argument.empty()) {
    screen_->info(messages.system() ? *messages.system()
                                    : "no system message; /system TEXT sets one");
    return;
  }
  if (Status good = check_utf8(argument, "/system"); !good) {
    screen_->error(good.error().message);
    return;
  }
  if (argument == "-") {
    messages.set_system(std::nullopt);
  } else {
    messages.set_system(argument);
  }
  if (!options_.quiet) {
    screen_->note(argument == "-" ? "no system message" : "the model is told so from now on");
  }
}

void ChatTalk::set(const std::string& argument) {
  if (argument.empty()) return list_settings();
  const size_t end = std::min(argument.find_first_of(" \t="), argument.size());
  const std::string key = argument.substr(0, end);
  std::string_view value = trimmed(std::string_view(argument).substr(end));
  if (value.starts_with('=')) value = trimmed(value.substr(1));
  if (value.empty()) {
    for (const SettingInfo& info : session_->settings().list()) {
      if (info.name == key) {
        return screen_->info(fmt::format("{} {}", info.name, info.value.value_or("default")));
      }
    }
  }
  if (Status done = session_->settings().set(key, {std::string(value)}); !done) {
    screen_->error(done.error().message);
  }
}

void ChatTalk::list_settings() {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const SettingInfo& info : session_->settings().list()) {
    rows.emplace_back(fmt::format("{} {}", info.name, info.value.value_or("-")), info.help);
  }
  screen_->table(rows);
}

void ChatTalk::save(const std::string& argument) {
  constexpr std::string_view kForce = "--force";
  std::string_view path = argument;
  const bool force =
      path.starts_with(kForce) && (path.size() == kForce.size() || path[kForce.size()] == ' ');
  if (force) path = trimmed(path.substr(kForce.size()));
  if (path.empty()) return screen_->error("/save: which FILE?");
  const std::string file = expand_home(std::string(path));
  const Status saved = save_chat(file,
                                 {.model = options_.load.model,
                                  .settings = session_->settings().given(),
                                  .messages = session_->messages()},
                                 force);
  if (!saved) return screen_->error(saved.error().message);
  if (!options_.quiet) screen_->note(fmt::format("saved to {}", file));
}

Status ChatTalk::load(const std::string& path, bool settings) {
  Result<SavedChat> chat = load_chat(path);
  if (!chat) return std::unexpected(chat.error());
  ChatSettings changed = session_->settings();
  for (const Setting& setting : chat->settings) {
    if (!settings && changed.value(setting.name)) continue;  // the command line rules
    if (Status done = changed.set(setting.name, setting.values); !done) {
      return std::unexpected(
          Error{done.error().code, fmt::format("{}: {}", path, done.error().message)});
    }
  }
  session_->settings() = std::move(changed);
  std::optional<std::string> system = session_->messages().system();
  session_->messages() = std::move(chat->messages);
  if (!settings && system) session_->messages().set_system(std::move(system));
  if (options_.quiet) return {};
  const std::optional<std::string> last = session_->messages().last_user();
  screen_->note(fmt::format("{} messages of {}{}", session_->messages().size(), path,
                            last ? fmt::format(", the last of yours: {}", gist(*last)) : ""));
  return {};
}

void ChatTalk::help() {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const SlashCommandInfo& info : slash_commands()) {
    rows.emplace_back(info.arguments.empty() ? std::string(info.name)
                                             : fmt::format("{} {}", info.name, info.arguments),
                      info.help);
  }
  screen_->table(rows);
  screen_->gap();
  screen_->info(
      "Several lines: end a line with \\ to go on, or put \"\"\" before the first and behind the "
      "last "
      "one; Alt-Enter and pasted text make no end either.");
  screen_->info("A message that begins with a slash is written with two: //etc is a folder.");
  screen_->info("Ctrl-C stops an answer; the arrow keys bring back what you typed; Ctrl-D leaves.");
}

void ChatTalk::stats() {
  const ModelInfo& info = session_->info();
  std::vector<std::pair<std::string, std::string>> rows;
  if (const std::optional<Answer>& answer = session_->last_answer()) {
    const Timings& timings = answer->timings;
    const int64_t computed = answer->prompt_tokens - answer->cached_tokens;
    const auto tokens = static_cast<int64_t>(answer->token_ids.size());
    const int64_t used = answer->prompt_tokens + tokens;
    rows.emplace_back("answer", fmt::format("{}, {:.1f} tok/s, seed {}", counted(tokens, "token"),
                                            timings.tok_s, session_->last_seed()));
    rows.emplace_back(
        "prompt", fmt::format("{} tokens, {} of them cached, {:.1f} tok/s", answer->prompt_tokens,
                              answer->cached_tokens, per_second(computed, timings.prefill_ms)));
    rows.emplace_back("context",
                      fmt::format("{} of {} tokens used ({:.0f} %)", used, info.context,
                                  100.0 * static_cast<double>(used) /
                                      static_cast<double>(std::max<int64_t>(1, info.context))));
  } else {
    rows.emplace_back("context", fmt::format("0 of {} tokens used", info.context));
  }
  rows.emplace_back("chat", fmt::format("{}; {} of {} since the start",
                                        counted(session_->messages().size(), "message"),
                                        counted(session_->totals().answers, "answer"),
                                        counted(session_->totals().tokens, "token")));
  rows.emplace_back(
      "model", fmt::format("{}, backend {}, {}", info.architecture, info.backend, info.choices));
  screen_->table(rows);
}

std::vector<std::string> complete_command(const std::string& text) {
  std::vector<std::string> found;
  if (text.find(' ') == std::string::npos) {
    for (const SlashCommandInfo& info : slash_commands()) {
      std::string name(info.name);
      if (!info.arguments.empty()) name += ' ';
      if (name.starts_with(text)) found.push_back(std::move(name));
    }
  } else if (text.starts_with("/set ")) {
    for (const SettingInfo& info : ChatSettings().list()) {
      std::string line = "/set " + info.name + " ";
      if (line.starts_with(text)) found.push_back(std::move(line));
    }
  }
  return found;
}

}  // namespace gerbil::cli
