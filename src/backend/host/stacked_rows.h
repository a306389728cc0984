// StackedRows: the stored parts of a weight as one matrix, row by row, for packing. Experts that
// lie in one tensor [experts, out, in] are experts * out rows.
//
// Immutable and safe to read from many threads.
#pragma once

#include <vector>

#include "base/result.h"
#include "base/span.h"
#include "graph/weights.h"
#include "platform/cpu_features.h"

namespace gerbil::backend {

class StackedRows {
 public:
  // The binding must outlive this. `isa` is the level of what decodes, checks and quantises: the
  // result does not depend on it.
  StackedRows(const graph::WeightBinding& binding, platform::Isa isa);

  platform::Isa isa() const { return isa_; }

  uint64_t rows() const { return first_row_.back(); }
  uint64_t columns() const { return columns_; }

  // Rows [first, first + count) decoded and transformed; [count, columns].
  Status read_f32(uint64_t first, uint64_t count, Span<float> out) const;
  // Are the numbers to be taken as they lie there: all of that type, and not transformed?
  bool stored_as(tensor::DType type) const;
  // Rows as they lie there, where stored_as() some type.
  Status read(uint64_t first, uint64_t count, Span<std::byte> out) const;
  // An error where a number of the rows from `first` on is NaN or infinite.
  Status check_finite(uint64_t first, Span<const float> rows) const;
  // Says what is wrong with an element of the rows from `row` on: names its tensor and its place.
  std::unexpected<Error> error_at(uint64_t row, uint64_t element, std::string_view what) const;
  // These rows will not be read again: their pages may go.
  void release(uint64_t first, uint64_t count) const;

 private:
  struct Piece {
    size_t part;
    uint64_t first, count;  // rows of the part
  };
  std::vector<Piece> pieces(uint64_t first, uint64_t count) const;

  const graph::WeightBinding* binding_;
  platform::Isa isa_;
  std::vector<tensor::TensorRef> parts_;  // as matrices
  std::vector<uint64_t> first_row_;       // [parts + 1]
  uint64_t columns_ = 0;
};

}  // namespace gerbil::backend
