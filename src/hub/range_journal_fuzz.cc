// Whatever the journal is, its parts lie inside of the file; and what is left of it behind a cut is
// the same again.
#include <cstdint>

#include "base/check.h"
#include "hub/model_name.h"
#include "hub/range_journal.h"
#include "hub/range_set.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gerbil;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto journal = hub::parse_journal(text);
  if (!journal) return 0;
  GERBIL_ASSERT(journal->good_bytes <= size && journal->sealed_parts <= journal->parts.size());
  GERBIL_ASSERT(hub::is_safe_etag(journal->etag));
  hub::RangeSet set;
  for (const auto& part : journal->parts) {
    GERBIL_ASSERT(part.range.size_bytes > 0 && part.range.offset_bytes <= journal->size_bytes &&
                  part.range.size_bytes <= journal->size_bytes - part.range.offset_bytes);
    set.add(part.range);
    GERBIL_ASSERT(set.contains(part.range));
  }
  GERBIL_ASSERT(set.size_bytes() <= journal->size_bytes);
  const auto again = hub::parse_journal(text.substr(0, journal->good_bytes));
  GERBIL_ASSERT(again && again->parts.size() == journal->parts.size());
  return 0;
}
