#include "text/jinja/ast.h"

#include <algorithm>

namespace gerbil::text::jinja {
namespace {

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};

uint32_t height_of(ExprRef expr) { return expr ? expr->height : 0; }

uint32_t height_of(const CallArguments& arguments) {
  uint32_t height = std::max(height_of(arguments.star), height_of(arguments.double_star));
  for (ExprRef expr : arguments.positional) height = std::max(height, expr->height);
  for (const auto& [name, expr] : arguments.named) height = std::max(height, expr->height);
  return height;
}

}  // namespace

uint32_t height_below(const ExprNode& node) {
  return std::visit(
      Overloaded{
          [](const ConstantExpr&) { return 0u; },
          [](const NameExpr&) { return 0u; },
          [](const ListExpr& e) {
            uint32_t height = 0;
            for (ExprRef item : e.items) height = std::max(height, item->height);
            return height;
          },
          [](const DictExpr& e) {
            uint32_t height = 0;
            for (const auto& [key, value] : e.entries)
              height = std::max({height, key->height, value->height});
            return height;
          },
          [](const UnaryExpr& e) { return e.operand->height; },
          [](const BinaryExpr& e) { return std::max(e.left->height, e.right->height); },
          [](const CompareExpr& e) {
            uint32_t height = e.first->height;
            for (const auto& [op, operand] : e.rest) height = std::max(height, operand->height);
            return height;
          },
          [](const ConcatExpr& e) {
            uint32_t height = 0;
            for (ExprRef part : e.parts) height = std::max(height, part->height);
            return height;
          },
          [](const ConditionalExpr& e) {
            return std::max({e.test->height, e.value->height, height_of(e.otherwise)});
          },
          [](const AttributeExpr& e) { return e.object->height; },
          [](const SubscriptExpr& e) { return std::max(e.object->height, e.index->height); },
          [](const SliceExpr& e) {
            return std::max(
                {e.object->height, height_of(e.start), height_of(e.stop), height_of(e.step)});
          },
          [](const CallExpr& e) { return std::max(e.callee->height, height_of(e.arguments)); },
          [](const FilterExpr& e) {
            return std::max(height_of(e.input), height_of(e.call.arguments));
          },
          [](const TestExpr& e) { return std::max(e.input->height, height_of(e.call.arguments)); },
      },
      node);
}

}  // namespace gerbil::text::jinja
