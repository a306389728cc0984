// The `loop` of a for statement: its items and where it stands. Owned by the Runtime of a
// rendering, because a template may keep the value; the items are let go when the statement ends.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "text/jinja/value.h"

namespace gerbil::text::jinja {

struct ForStatement;

struct LoopState {
  std::vector<Value> items;
  Charge charge;  // for the items
  int64_t length = 0;
  int64_t index0 = 0;
  uint32_t depth0 = 0;
  std::optional<Value> last_changed;  // what loop.changed() saw

  // A recursive loop can be called: these say what to run again.
  const ForStatement* statement = nullptr;
  Scope* scope = nullptr;
};

}  // namespace gerbil::text::jinja
