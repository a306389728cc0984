// The journal beside a file that is there in parts: which parts, and what they hold.
//
//   gerbil ranges 1 SIZE ETAG       of the whole file
//   OFFSET SIZE HASH                a part that was written: XXH3 of its bytes, 16 hex digits
//   sealed                          all that stands above is on the disk
//
// Lines are only appended. Whoever is killed leaves at most a torn last line, which is as good as
// none; parts behind the last seal are checked against their hash before they count. The text is
// hostile like any other; pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hub/byte_range.h"

namespace gerbil::hub {

struct RangeJournal {
  struct Part {
    ByteRange range;
    uint64_t hash = 0;
  };
  uint64_t size_bytes = 0;
  std::string etag;
  std::vector<Part> parts;  // each inside of the file, none empty
  size_t sealed_parts = 0;  // the first so many
  uint64_t good_bytes = 0;  // of the text, up to its first line that makes no sense
};

std::string journal_start(uint64_t size_bytes, std::string_view etag);
std::string journal_line(const RangeJournal::Part& part);
inline constexpr std::string_view kJournalSeal = "sealed\n";

// Nothing where the first line is no start of a journal.
std::optional<RangeJournal> parse_journal(std::string_view text);

}  // namespace gerbil::hub
