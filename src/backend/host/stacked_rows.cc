#include "backend/host/stacked_rows.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "kernels/stored_numbers.h"
#include "tensor/tensor_ref.h"

namespace gerbil::backend {
namespace {

// read_rows_f32(), with vectors where they are mapped BF16.
Status decode(const tensor::TensorRef& part, platform::Isa isa, uint64_t first, uint64_t count,
              Span<float> out) {
  if (part.dtype == tensor::DType::kBF16) {
    const uint64_t row_bytes = column_count(part) * size_bytes(part.dtype);
    if (const auto bytes =
            part.source->view(part.offset_bytes + first * row_bytes, count * row_bytes)) {
      kernels::decode_bf16(isa, *bytes, out);
      return {};
    }
  }
  return read_rows_f32(part, first, count, out);
}

}  // namespace

StackedRows::StackedRows(const graph::WeightBinding& binding, platform::Isa isa)
    : binding_(&binding), isa_(isa), first_row_{0} {
  for (const graph::StoredPart& part : binding.parts) {
    tensor::TensorRef matrix = part.tensor;
    if (matrix.shape.rank() == 3 && matrix.shape[2] > 0)
      matrix.shape = {matrix.shape[0] * matrix.shape[1], matrix.shape[2]};
    columns_ = column_count(matrix);
    first_row_.push_back(first_row_.back() + row_count(matrix));
    parts_.push_back(std::move(matrix));
  }
}

std::vector<StackedRows::Piece> StackedRows::pieces(uint64_t first, uint64_t count) const {
  GERBIL_ASSERT(first <= rows() && count <= rows() - first);
  std::vector<Piece> all;
  auto part =
      static_cast<size_t>(std::ranges::upper_bound(first_row_, first) - first_row_.begin() - 1);
  for (; count > 0; ++part) {
    const uint64_t taken = std::min(count, first_row_[part + 1] - first);
    if (taken > 0) all.push_back({part, first - first_row_[part], taken});
    first += taken;
    count -= taken;
  }
  return all;
}

Status StackedRows::read_f32(uint64_t first, uint64_t count, Span<float> out) const {
  GERBIL_ASSERT(out.size() == count * columns_);
  for (const Piece& piece : pieces(first, count)) {
    const Span<float> rows = out.first(piece.count * columns_);
    out = out.subspan(rows.size());
    GERBIL_CHECK_OK(decode(parts_[piece.part], isa_, piece.first, piece.count, rows));
    if (binding_->transform == graph::LoadTransform::kAddOne)
      for (float& value : rows) value += 1.0f;
  }
  return {};
}

Status StackedRows::check_finite(uint64_t first, Span<const float> rows) const {
  if (kernels::all_finite(isa_, rows)) return {};
  const auto bad = std::ranges::find_if(rows, [](float value) { return !std::isfinite(value); });
  return error_at(first, static_cast<uint64_t>(bad - rows.begin()),
                  fmt::format("expected finite numbers, found {}", *bad));
}

std::unexpected<Error> StackedRows::error_at(uint64_t row, uint64_t element,
                                             std::string_view what) const {
  const Piece piece = pieces(row + element / columns_, 1).front();
  return corrupt("{}: tensor \"{}\": {} in row {}, column {}", parts_[piece.part].source->name(),
                 binding_->parts[piece.part].name, what, piece.first, element % columns_);
}

bool StackedRows::stored_as(tensor::DType type) const {
  return binding_->transform == graph::LoadTransform::kNone &&
         std::ranges::all_of(parts_,
                             [&](const tensor::TensorRef& part) { return part.dtype == type; });
}

Status StackedRows::read(uint64_t first, uint64_t count, Span<std::byte> out) const {
  for (const Piece& piece : pieces(first, count)) {
    const tensor::TensorRef& part = parts_[piece.part];
    const auto size = static_cast<size_t>(piece.count * columns_ * size_bytes(part.dtype));
    GERBIL_CHECK_OK(read_rows(part, piece.first, piece.count, out.first(size)));
    out = out.subspan(size);
  }
  GERBIL_ASSERT(out.empty());
  return {};
}

void StackedRows::release(uint64_t first, uint64_t count) const {
  for (const Piece& piece : pieces(first, count)) {
    const tensor::TensorRef& part = parts_[piece.part];
    const uint64_t row_bytes = columns_ * size_bytes(part.dtype);
    part.source->release(part.offset_bytes + piece.first * row_bytes, piece.count * row_bytes);
  }
}

}  // namespace gerbil::backend
