// gerbil chat: talks with a model, at a terminal or through pipes.
#include <fmt/format.h>
#include <unistd.h>

#include <optional>
#include <utility>

#include "cli/chat_talk.h"
#include "cli/commands.h"
#include "cli/history_file.h"
#include "cli/input.h"
#include "cli/line_editor.h"
#include "cli/line_source.h"
#include "cli/message_input.h"
#include "cli/unicode_text.h"

namespace gerbil::cli {
namespace {

using Next = ChatTalk::Next;

// Messages and commands of a line.
Next take_line(const std::string& line, MessageInput& input, ChatTalk& talk,
               const std::function<void(const std::string&)>& remember) {
  std::string text = line;
  if (!input.open()) {
    ChatLine parsed = parse_chat_line(line);
    if (parsed.kind != ChatLine::Kind::kMessage) {
      remember(line);
      return talk.command(parsed);
    }
    text = std::move(parsed.text);
  }
  const std::optional<std::string> message = input.add(text);
  if (!message || trimmed(*message).empty()) return Next::kGoOn;
  remember(*message);
  return talk.say(*message);
}

ExitCode read_pipe(ChatTalk& talk, const ChatScreen& screen) {
  LineSource lines;
  MessageInput input;
  const auto exit_code = [&] { return screen.failed() ? kFailed : kDone; };
  while (true) {
    Result<std::optional<std::string>> line = lines.next();
    if (!line) return report_error(line.error().message);
    Next next = Next::kLeave;
    if (*line) {
      next = take_line(**line, input, talk, [](const std::string&) {});
    } else if (input.open()) {
      const std::string message = input.take();
      if (!trimmed(message).empty() && talk.say(message) == Next::kInterrupted) {
        return kInterrupted;
      }
    }
    if (next == Next::kInterrupted) return kInterrupted;
    if (next == Next::kLeave) return exit_code();
  }
}

ExitCode read_terminal(ChatTalk& talk, ChatScreen& screen, LineEditor& editor,
                       std::optional<HistoryFile>& history) {
  if (history) {
    for (const std::string& entry : history->read()) editor.add_history(entry);
  }
  const auto remember = [&](const std::string& entry) {
    editor.add_history(entry);
    if (history) history->append(entry);
  };
  MessageInput input;
  while (true) {
    const LineEditor::Line line = editor.read(input.open() ? "... " : "> ");
    switch (line.kind) {
      case LineEditor::Line::Kind::kEnd:
        return screen.output().status() ? kDone : kFailed;
      case LineEditor::Line::Kind::kInterrupted:
        if (!input.open() && line.text.empty()) screen.note("Ctrl-D or /quit leaves");
        input.take();
        break;
      case LineEditor::Line::Kind::kText:
        if (take_line(line.text, input, talk, remember) == Next::kLeave) {
          return screen.output().status() ? kDone : kFailed;
        }
        break;
    }
  }
}

ChatLook choose_look(const ChatCommandOptions& options) {
  const bool always = options.color == ColorChoice::kAlways;
  ChatLook look;
  look.terminal = is_terminal(STDOUT_FILENO) || always;
  look.styles = always || (options.color == ColorChoice::kAuto && output_has_styles());
  look.markdown = options.markdown;
  return look;
}

ExitCode talk_with(const ChatCommandOptions& options, ChatSession& session, ChatScreen& screen,
                   bool person, ModelLoader& loader) {
  std::unique_ptr<LineEditor> editor;
  std::optional<TerminalModes> modes;
  if (person) {
    modes.emplace();
    auto created = LineEditor::create(
        STDOUT_FILENO, {.styles = screen.look().styles, .complete = complete_command});
    if (!created) return report_error(created.error().message);
    editor = *std::move(created);
  }
  ChatInterrupt interrupt(&session.session(), [&] {
    if (!editor) ::_exit(kInterrupted);
    editor->interrupt();
  });
  ChatTalk talk(options, &session, &screen, &interrupt, modes ? &*modes : nullptr);
  if (!options.load_file.empty()) {
    if (Status loaded = talk.load(options.load_file, false); !loaded) {
      return report_error(loaded.error().message);
    }
  }
  if (!options.quiet) loader.print_notes();
  if (!editor) return read_pipe(talk, screen);
  if (!options.quiet) {
    screen.note(fmt::format("{}, context of {} tokens; /help lists the commands, Ctrl-D leaves",
                            session.info().architecture, session.info().context));
    screen.gap();
  }
  std::optional<HistoryFile> history;
  const std::optional<std::string> path = HistoryFile::default_path();
  if (options.history && path) history.emplace(*path);
  return read_terminal(talk, screen, *editor, history);
}

}  // namespace

ExitCode chat(const ChatCommandOptions& options) {
  use_utf8_locale();
  std::string tools;
  if (!options.tools_file.empty()) {
    Result<std::string> text = read_input_file(options.tools_file);
    if (!text) return report_error(text.error().message);
    tools = *std::move(text);
  }
  if (options.system) {
    if (Status good = check_utf8(*options.system, "--system"); !good) {
      return report_error(good.error().message);
    }
  }
  Result<ChatTemplateOptions> chat_template = chat_template_options(options.templating);
  if (!chat_template) return report_error(chat_template.error().message);
  ModelLoader loader;
  Result<std::unique_ptr<Engine>> engine = loader.load(options.load);
  if (!engine) return report_error(engine.error().message);
  Result<std::unique_ptr<Session>> session = (*engine)->new_session();
  if (!session) return report_error(session.error().message);
  ChatSession chat_session(*std::move(engine), *std::move(session), std::move(tools),
                           *std::move(chat_template));
  chat_session.settings() = ChatSettings(options.settings);
  chat_session.messages().set_system(options.system);
  const bool person = is_terminal(STDIN_FILENO) && is_terminal(STDOUT_FILENO);
  ChatScreen screen(person, choose_look(options));
  return talk_with(options, chat_session, screen, person, loader);
}

}  // namespace gerbil::cli
