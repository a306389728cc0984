#include "cli/line_editor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <histedit.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <initializer_list>
#include <optional>
#include <utility>

#include "cli/environment.h"
#include "cli/history_file.h"
#include "cli/key_reader.h"
#include "cli/terminal_modes.h"
#include "cli/unicode_text.h"

namespace gerbil::cli {
namespace {

// What libedit is told where something comes that is no key: bound to functions of ours.
constexpr wchar_t kPasteKey = 0x1F;
constexpr wchar_t kInterruptKey = 0x1E;

constexpr size_t kShownPasteLines = 8;  // more, or more characters, become a mark
constexpr size_t kShownPasteBytes = 1000;

// Where the handler of SIGWINCH writes.
std::atomic<int> g_wake{-1};

void send_wake(char what) {
  const int saved = errno;
  const int wake = g_wake;
  if (wake >= 0) [[maybe_unused]]
    const ssize_t written = ::write(wake, &what, 1);
  errno = saved;
}

void on_resize_signal(int) { send_wake(kWakeResize); }
void on_continue_signal(int) { send_wake(kWakeContinue); }
void on_stop_signal(int number);

void handle(int number, void (*handler)(int), int flags) {
  struct sigaction action{};
  action.sa_handler = handler;
  action.sa_flags = flags;
  ::sigaction(number, &action, nullptr);
}

void handle_stop() { handle(SIGTSTP, on_stop_signal, SA_RESTART | SA_RESETHAND | SA_NODEFER); }

// Ctrl-Z: whoever has the terminal next gets it as it was.
void on_stop_signal(int number) {
  TerminalModes::restore();
  std::raise(number);  // stops here; where there is no shell to go on with, it does nothing
  handle_stop();
  send_wake(kWakeContinue);
}

std::wstring to_wide(std::string_view text) {
  std::wstring wide;
  for (const char32_t c : from_utf8(text)) wide += static_cast<wchar_t>(c);
  return wide;
}

std::string from_wide(std::wstring_view text) {
  std::string bytes;
  for (const wchar_t c : text) append_utf8(bytes, static_cast<char32_t>(c));
  return bytes;
}

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

}  // namespace

struct LineEditor::Impl {
  Options options;
  bool dumb = environment("TERM").value_or("dumb") == "dumb";
  File input;
  File output;
  int wake[2] = {-1, -1};
  EditLine* editor = nullptr;
  HistoryW* history = nullptr;
  std::optional<KeyReader> keys;
  std::wstring prompt;
  std::wstring paste;      // waits for paste_key()
  bool interrupt = false;  // waits for interrupt_key()
  bool interrupted = false;
  std::string left;                                        // what was typed when it came
  std::vector<std::pair<std::string, std::string>> marks;  // of long pastes, and their text

  static Impl& of(EditLine* editor) {
    void* data = nullptr;
    el_wget(editor, EL_CLIENTDATA, &data);
    return *static_cast<Impl*>(data);
  }

  ~Impl() {
    g_wake = -1;
    if (editor != nullptr) el_end(editor);
    if (history != nullptr) history_wend(history);
    for (const int end : wake) {
      if (end >= 0) ::close(end);
    }
  }

  void write(std::string_view text) const {
    std::fwrite(text.data(), 1, text.size(), output.get());
    std::fflush(output.get());
  }

  // libedit believes that it still has it.
  void take_terminal_again() const {
    el_wset(editor, EL_PREP_TERM, 0);
    el_wset(editor, EL_PREP_TERM, 1);
    if (!dumb) write("\x1b[?2004h");
  }

  std::string typed() const {
    const LineInfoW* line = el_wline(editor);
    return from_wide({line->buffer, static_cast<size_t>(line->lastchar - line->buffer)});
  }

  // What a paste is shown as.
  std::wstring show_paste(std::string text) {
    const auto lines = static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
    if (lines <= kShownPasteLines && text.size() <= kShownPasteBytes) return to_wide(text);
    std::string mark = fmt::format("[pasted {} {}]", lines, lines == 1 ? "line" : "lines");
    for (int i = 2;
         std::ranges::find(marks, mark, [](const auto& m) { return m.first; }) != marks.end();
         ++i) {
      mark = fmt::format("[pasted {} lines, {}]", lines, i);
    }
    marks.emplace_back(mark, std::move(text));
    return to_wide(mark);
  }

  std::string expand_pastes(std::string text) {
    for (const auto& [mark, paste_text] : std::exchange(marks, {})) {
      const size_t at = text.find(mark);
      if (at != std::string::npos) text.replace(at, mark.size(), paste_text);
    }
    return text;
  }

  // ---- called by libedit

  static int read_key(EditLine* editor, wchar_t* c) {
    Impl& self = of(editor);
    while (true) {
      Key key = self.keys->next();
      switch (key.kind) {
        case Key::Kind::kCharacter:
          *c = static_cast<wchar_t>(key.c);
          return 1;
        case Key::Kind::kPaste:
          self.paste = self.show_paste(std::move(key.paste));
          *c = kPasteKey;
          return 1;
        case Key::Kind::kWoken:
          if (key.woken == kWakeInterrupt) {
            self.interrupt = true;
            *c = kInterruptKey;
            return 1;
          }
          if (key.woken == kWakeContinue) self.take_terminal_again();
          if (!self.dumb) self.write("\r\x1b[J");
          el_resize(editor);
          el_wset(editor, EL_REFRESH);
          break;
        case Key::Kind::kEnd:
          return 0;
      }
    }
  }

  static wchar_t* show_prompt(EditLine* editor) { return of(editor).prompt.data(); }

  static unsigned char paste_key(EditLine* editor, wint_t) {
    const std::wstring text = std::exchange(of(editor).paste, {});
    if (text.empty()) return CC_NORM;
    return el_winsertstr(editor, text.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
  }

  static unsigned char interrupt_key(EditLine* editor, wint_t) {
    Impl& self = of(editor);
    if (!std::exchange(self.interrupt, false)) return CC_NORM;
    self.interrupted = true;
    self.left = self.typed();
    return CC_EOF;
  }

  static unsigned char line_feed_key(EditLine* editor, wint_t) {
    return el_winsertstr(editor, L"\n") == 0 ? CC_REFRESH : CC_ERROR;
  }

  static unsigned char complete_key(EditLine* editor, wint_t) {
    Impl& self = of(editor);
    const LineInfoW* line = el_wline(editor);
    const std::string text =
        from_wide({line->buffer, static_cast<size_t>(line->cursor - line->buffer)});
    if (!text.starts_with('/') || !self.options.complete) {
      return el_winsertstr(editor, L"\t") == 0 ? CC_REFRESH : CC_ERROR;
    }
    const std::vector<std::string> candidates = self.options.complete(text);
    if (candidates.empty()) return CC_ERROR;
    std::string common = candidates[0];
    for (const std::string& candidate : candidates) {
      common.resize(
          static_cast<size_t>(std::ranges::mismatch(common, candidate).in1 - common.begin()));
    }
    if (common.size() > text.size()) {
      const std::wstring rest = to_wide(std::string_view(common).substr(text.size()));
      return el_winsertstr(editor, rest.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
    }
    self.write("\n");
    for (const std::string& candidate : candidates) self.write(candidate + "\n");
    return CC_REDISPLAY;
  }

  bool set_up() {
    editor = el_init("gerbil", input.get(), output.get(), output.get());
    history = history_winit();
    if (editor == nullptr || history == nullptr) return false;
    el_wset(editor, EL_CLIENTDATA, this);
    HistEventW event;
    history_w(history, &event, H_SETSIZE, static_cast<int>(HistoryFile::kMaxEntries));
    history_w(history, &event, H_SETUNIQUE, 1);
    el_wset(editor, EL_HIST, history_w, history);
    el_wset(editor, EL_PROMPT_ESC, show_prompt, L'\1');
    el_wset(editor, EL_EDITOR, L"emacs");
    el_wset(editor, EL_GETCFN, read_key);
    el_source(editor, nullptr);  // ~/.editrc
    const auto bind = [&](const wchar_t* name, unsigned char (*function)(EditLine*, wint_t),
                          std::initializer_list<const wchar_t*> key_names) {
      el_wset(editor, EL_ADDFN, name, name, function);
      for (const wchar_t* key : key_names) {
        el_wset(editor, EL_BIND, key, name, nullptr);
        el_wset(editor, EL_BIND, L"-a", key, name, nullptr);
      }
    };
    bind(L"gerbil-paste", paste_key, {L"^_"});
    bind(L"gerbil-interrupt", interrupt_key, {L"^^"});
    bind(L"gerbil-complete", complete_key, {L"^I"});
    bind(L"gerbil-line-feed", line_feed_key, {L"\\e\\r", L"\\e\\n"});
    return true;
  }
};

LineEditor::LineEditor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LineEditor::~LineEditor() = default;

Result<std::unique_ptr<LineEditor>> LineEditor::create(int output, Options options) {
  auto impl = std::make_unique<Impl>();
  impl->options = std::move(options);
  impl->input = File(::fdopen(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3), "r"));
  impl->output = File(::fdopen(::fcntl(output, F_DUPFD_CLOEXEC, 3), "w"));
  const bool opened =
      impl->input && impl->output && ::pipe2(impl->wake, O_CLOEXEC | O_NONBLOCK) == 0;
  if (!opened || !impl->set_up()) {
    return std::unexpected(Error{ErrorCode::kIo, "the terminal cannot be edited on"});
  }
  impl->keys.emplace(STDIN_FILENO, impl->wake[0]);
  g_wake = impl->wake[1];
  handle(SIGWINCH, on_resize_signal, SA_RESTART);
  handle(SIGCONT, on_continue_signal, SA_RESTART);
  handle_stop();
  return std::unique_ptr<LineEditor>(new LineEditor(std::move(impl)));
}

LineEditor::Line LineEditor::read(std::string_view prompt) {
  Impl& self = *impl_;
  // What lies between two \1 has no width; libedit writes it with the character behind it.
  const std::string_view mark = prompt.substr(0, prompt.find(' '));
  self.prompt = to_wide(self.options.styles ? fmt::format("\1\x1b[1m\1{}\1\x1b[0m\1 ", mark)
                                            : std::string(prompt));
  self.interrupted = false;
  if (!self.dumb) self.write("\x1b[?2004h");
  el_resize(self.editor);
  el_wset(self.editor, EL_PREP_TERM, 1);  // libedit itself would show the prompt before
  int size = 0;
  const wchar_t* line = el_wgets(self.editor, &size);
  if (!self.dumb) self.write("\x1b[?2004l");
  if (self.interrupted) {
    self.write("^C\n");
    self.marks.clear();
    return {.kind = Line::Kind::kInterrupted, .text = std::exchange(self.left, {})};
  }
  if (line == nullptr || size <= 0) {
    self.write("\n");
    return {.kind = Line::Kind::kEnd};
  }
  std::string text = from_wide({line, static_cast<size_t>(size)});
  if (text.ends_with('\n')) text.pop_back();
  return {.kind = Line::Kind::kText, .text = self.expand_pastes(std::move(text))};
}

void LineEditor::add_history(std::string_view entry) {
  HistEventW event;
  history_w(impl_->history, &event, H_ENTER, to_wide(entry).c_str());
}

void LineEditor::interrupt() {
  [[maybe_unused]] const ssize_t written = ::write(impl_->wake[1], &kWakeInterrupt, 1);
}

}  // namespace gerbil::cli
