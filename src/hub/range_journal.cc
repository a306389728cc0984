#include "hub/range_journal.h"

#include <fmt/format.h>

#include "hub/http_reply.h"
#include "hub/model_name.h"

namespace gerbil::hub {
namespace {

constexpr std::string_view kStart = "gerbil ranges 1 ";

std::optional<uint64_t> parse_hash(std::string_view text) {
  if (text.size() != 16) return std::nullopt;
  uint64_t hash = 0;
  for (const char c : text) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && (c < 'a' || c > 'f')) return std::nullopt;
    hash = hash << 4 | static_cast<uint64_t>(digit ? c - '0' : c - 'a' + 10);
  }
  return hash;
}

std::optional<RangeJournal::Part> parse_part(std::string_view line, uint64_t file_bytes) {
  const size_t first = line.find(' ');
  const size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto offset = parse_decimal(line.substr(0, first));
  const auto size = parse_decimal(line.substr(first + 1, second - first - 1));
  const auto hash = parse_hash(line.substr(second + 1));
  if (!offset || !size || !hash || *size == 0 || *offset > file_bytes ||
      *size > file_bytes - *offset)
    return std::nullopt;
  return RangeJournal::Part{{*offset, *size}, *hash};
}

}  // namespace

std::string journal_start(uint64_t size_bytes, std::string_view etag) {
  return fmt::format("{}{} {}\n", kStart, size_bytes, etag);
}

std::string journal_line(const RangeJournal::Part& part) {
  return fmt::format("{} {} {:016x}\n", part.range.offset_bytes, part.range.size_bytes, part.hash);
}

std::optional<RangeJournal> parse_journal(std::string_view text) {
  RangeJournal journal;
  const auto line_at = [&](uint64_t at) -> std::optional<std::string_view> {
    const size_t end = text.find('\n', at);
    if (end == std::string_view::npos) return std::nullopt;
    return text.substr(at, end - at);
  };
  const auto start = line_at(0);
  if (!start || !start->starts_with(kStart)) return std::nullopt;
  const std::string_view rest = start->substr(kStart.size());
  const size_t space = rest.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const auto size = parse_decimal(rest.substr(0, space));
  if (!size || !is_safe_etag(rest.substr(space + 1))) return std::nullopt;
  journal.size_bytes = *size;
  journal.etag = rest.substr(space + 1);
  journal.good_bytes = start->size() + 1;
  while (const auto line = line_at(journal.good_bytes)) {
    if (*line == kJournalSeal.substr(0, kJournalSeal.size() - 1)) {
      journal.sealed_parts = journal.parts.size();
    } else if (const auto part = parse_part(*line, journal.size_bytes)) {
      journal.parts.push_back(*part);
    } else {
      break;
    }
    journal.good_bytes += line->size() + 1;
  }
  return journal;
}

}  // namespace gerbil::hub
