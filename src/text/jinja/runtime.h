// What one rendering may use up, and the objects that live as long as it does.
//
// Every operation whose cost depends on the template or the messages asks here first: work() for
// time, string() / list() / dict() for memory. A limit that is passed is an ordinary error. Owned
// by the rendering; one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "text/jinja/loop_state.h"
#include "text/jinja/value.h"

namespace gerbil::text::jinja {

struct Limits {
  uint64_t max_source_bytes = 1u << 20;
  uint32_t max_nesting = 200;  // brackets, blocks and chained operators in the source
  uint32_t max_depth = 600;    // expressions and blocks being evaluated, macro calls included
  uint64_t max_steps = 20'000'000;
  uint64_t max_output_bytes = 64u << 20;  // also of one string
  uint64_t max_memory_bytes = 256u << 20;
};

inline constexpr uint32_t kMaxContainerDepth = 100;
inline constexpr int64_t kMaxRange = 100'000;  // as the sandbox of Jinja has it

// A local date and time, handed in by the caller: the library asks no clock.
struct CivilTime {
  int year = 1970;
  int month = 1;  // 1 to 12
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
};

using Symbol = uint32_t;  // a name of the template: an index into its Ast's symbols

struct Scope {
  Scope* parent = nullptr;
  bool captured = false;  // a macro may still look here after the block has ended
  std::vector<std::pair<Symbol, Value>> variables;

  const Value* find_here(Symbol symbol) const;
  void set(Symbol symbol, Value value);
};

class Runtime {
 public:
  Runtime(const Limits& limits, std::optional<CivilTime> now) : limits_(limits), now_(now) {}
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  const Limits& limits() const { return limits_; }
  const std::optional<CivilTime>& now() const { return now_; }

  // Counts `units` steps: about one per value touched or 64 bytes moved.
  Status work(uint64_t units);
  // The cost of looking for `part` in `text`, at worst.
  Status search_work(std::string_view text, std::string_view part);
  // Whether a string of that many bytes may be made: ask before making it.
  Status room_for(uint64_t bytes);

  Result<Value> string(std::string text, bool markup = false);
  Result<Value> list(std::vector<Value> items, ListKind kind = ListKind::kList);
  Result<Value> dict(Dict dict);

  Result<Namespace*> make_namespace();
  Result<LoopState*> make_loop(std::vector<Value> items);
  Result<Scope*> open_scope(Scope* parent);
  void close_scope(Scope* scope);  // reused unless captured

 private:
  Status reserve(uint64_t bytes);

  Limits limits_;
  std::optional<CivilTime> now_;
  uint64_t steps_ = 0;
  uint64_t memory_bytes_ = 0;  // before everything that holds a Charge on it
  std::deque<Namespace> namespaces_;
  std::deque<LoopState> loops_;
  std::deque<Scope> scopes_;
  std::vector<Scope*> free_scopes_;
};

// A string that is not counted: constants of the template, messages' text.
Value uncounted_string(std::string text);
Value undefined_because(std::string reason);

}  // namespace gerbil::text::jinja
