#include "cli/history_file.h"

#include <sys/stat.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "cli/environment.h"
#include "cli/input.h"
#include "cli/safe_file.h"

namespace gerbil::cli {
namespace {

constexpr uint64_t kMaxFileBytes = uint64_t{16} << 20;
constexpr size_t kMaxEntryBytes = 65536;

std::string escaped(std::string_view entry) {
  std::string line;
  for (const char c : entry) {
    if (c == '\n') {
      line += "\\n";
    } else if (c == '\\') {
      line += "\\\\";
    } else {
      line += c;
    }
  }
  return line + '\n';
}

std::string unescaped(std::string_view line) {
  std::string entry;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\\' || i + 1 == line.size()) {
      entry += line[i];
    } else {
      entry += line[++i] == 'n' ? '\n' : line[i];
    }
  }
  return entry;
}

}  // namespace

std::optional<std::string> HistoryFile::default_path() {
  const auto state = environment("XDG_STATE_HOME");
  // The base directory specification says to ignore a relative one.
  if (state && state->starts_with('/')) return *state + "/gerbil/chat_history";
  const auto home = environment("HOME");
  if (home && home->starts_with('/')) return *home + "/.local/state/gerbil/chat_history";
  return std::nullopt;
}

HistoryFile::HistoryFile(std::string path) : path_(std::move(path)) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path folder = fs::path(path_).parent_path();
  fs::create_directories(folder.parent_path(), error);
  ::mkdir(folder.c_str(), 0700);
}

std::vector<std::string> HistoryFile::read() {
  std::vector<std::string> entries;
  const auto text = read_own_file(path_, kMaxFileBytes);
  if (!text || !*text) return entries;
  for (std::string_view rest = **text; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (!line.empty() && line.size() <= kMaxEntryBytes && check_utf8(line, "")) {
      entries.push_back(unescaped(line));
    }
  }
  if (entries.size() <= kMaxEntries) return entries;
  const bool much = entries.size() > 2 * kMaxEntries;
  entries.erase(entries.begin(), entries.end() - static_cast<ptrdiff_t>(kMaxEntries));
  if (much) {
    std::string kept;
    for (const std::string& entry : entries) kept += escaped(entry);
    std::ignore = write_own_file(path_, kept);
  }
  return entries;
}

void HistoryFile::append(std::string_view entry) {
  const std::string line = escaped(entry);
  if (line.size() <= kMaxEntryBytes) std::ignore = append_own_file(path_, line);
}

}  // namespace gerbil::cli
