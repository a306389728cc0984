// Dom: a parsed JSON text before a tree of Values is made of it, for files whose bulk is one large
// table (a tokenizer's vocabulary) that is read straight from the parser's own tree.
//
// The rest of the file becomes Values as usual, with the tables left out. Who reads
// elements includes simdjson.h. Immutable once parsed; owns all it needs,
// and elements are views of it. Errors are those of json::parse. What is read from elements is
// hostile: duplicate keys are the reader's to find.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "base/span.h"

namespace simdjson::dom {
class element;
class parser;
}  // namespace simdjson::dom

namespace gerbil::json {

class Dom {
 public:
  Dom(Dom&&) noexcept;
  Dom& operator=(Dom&&) noexcept;
  ~Dom();

  static Result<Dom> parse(std::string_view text, std::string_view name, const Limits& limits = {});

  simdjson::dom::element root() const;

  // The tree, with null for the members at these paths ("model.vocab").
  Result<Value> value_without(Span<const std::string_view> paths) const;

  // What an error says of an element.
  std::string describe(simdjson::dom::element element) const;

 private:
  Dom();

  std::unique_ptr<simdjson::dom::parser> parser_;
  std::string name_;
  Limits limits_;
};

}  // namespace gerbil::json
