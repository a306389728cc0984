// Reading the inputs of forward from a safetensors file.
#include <algorithm>
#include <cstring>

#include "base/quote.h"
#include "format/safetensors.h"
#include "runtime/forward.h"

namespace gerbil::runtime {
namespace {

using tensor::DType;

uint64_t u64(int64_t value) { return static_cast<uint64_t>(value); }

constexpr uint64_t kMaxMedia = 4096;  // pictures, or videos, of a prompt
constexpr int64_t kMaxSide = 1 << 16;

// The integers of a tensor whose size was checked.
Result<std::vector<int64_t>> read_integers(const tensor::TensorRef& tensor, std::string_view what) {
  if (tensor.dtype != DType::kI64 && tensor.dtype != DType::kI32)
    return invalid("{}: expected I64 or I32, found {}", what, name(tensor.dtype));
  std::vector<std::byte> bytes(tensor.size_bytes);
  GERBIL_CHECK_OK(tensor.source->read(tensor.offset_bytes, bytes));
  std::vector<int64_t> numbers(*tensor.shape.elements());
  if (tensor.dtype == DType::kI64) {
    std::memcpy(numbers.data(), bytes.data(), bytes.size());
  } else {
    std::vector<int32_t> narrow(numbers.size());
    std::memcpy(narrow.data(), bytes.data(), bytes.size());
    std::ranges::copy(narrow, numbers.begin());
  }
  return numbers;
}

// One number a token: [T] or [1, T], no more of them than the context has room for.
Result<std::vector<int64_t>> read_row(const tensor::TensorRef& tensor, const Runner& runner,
                                      std::string_view what) {
  const tensor::Shape& shape = tensor.shape;
  if (shape.rank() != 1 && (shape.rank() != 2 || shape[0] != 1))
    return invalid("{}: expected shape [T] or [1, T], found {}", what, to_string(shape));
  if (tensor.dtype != DType::kI64 && tensor.dtype != DType::kI32)
    return invalid("{}: expected I64 or I32, found {}", what, name(tensor.dtype));
  if (shape.back() == 0) return invalid("{}: expected at least one token, found none", what);
  if (shape.back() > u64(runner.context()))
    return invalid("{}: {} tokens do not fit the context of {}", what, shape.back(),
                   runner.context());
  return read_integers(tensor, what);
}

class Reader {
 public:
  Reader(const std::string& file, const format::Checkpoint& tensors, const Runner& runner)
      : file_(file), tensors_(tensors), runner_(runner) {}

  Result<ForwardInput> run() {
    ForwardInput input;
    GERBIL_CHECK_OK(read_ids(input));
    for (const auto& [name, tensor] : tensors_.tensors)
      if (std::ranges::find(kKnown, name) == std::end(kKnown))
        return unsupported("{}: tensor {} is an input that this build does not take", file_,
                           in_quotes(name));
    GERBIL_CHECK_OK(check_mask(input.ids.size()));
    GERBIL_TRY(input.pictures, read_media("pixel_values", "image_grid_thw"));
    GERBIL_TRY(input.videos, read_media("pixel_values_videos", "video_grid_thw"));
    GERBIL_CHECK_OK(read_types(input));
    return input;
  }

 private:
  static constexpr std::string_view kKnown[] = {
      "input_ids",      "attention_mask",      "mm_token_type_ids", "pixel_values",
      "image_grid_thw", "pixel_values_videos", "video_grid_thw"};

  std::string what(std::string_view name) const { return fmt::format("{}: {}", file_, name); }

  // The numbers of a tensor beside input_ids, as many as that has; nothing where it is absent.
  Result<std::vector<int64_t>> read_beside(std::string_view name, size_t tokens) const {
    const tensor::TensorRef* tensor = tensors_.find(name);
    if (tensor == nullptr) return std::vector<int64_t>{};
    GERBIL_TRY(std::vector<int64_t> numbers, read_row(*tensor, runner_, what(name)));
    if (numbers.size() != tokens)
      return invalid("{}: expected {} numbers, as input_ids has, found {}", what(name), tokens,
                     numbers.size());
    return numbers;
  }

  Status read_ids(ForwardInput& input) const {
    const tensor::TensorRef* ids = tensors_.find("input_ids");
    if (ids == nullptr)
      return fail(ErrorCode::kNotFound, "{}: tensor \"input_ids\" is missing", file_);
    GERBIL_TRY(const std::vector<int64_t> numbers, read_row(*ids, runner_, what("input_ids")));
    for (const int64_t id : numbers) {
      if (id < 0 || id >= runner_.vocab())
        return invalid("{}: expected ids from 0 to {}, found {} at position {}", what("input_ids"),
                       runner_.vocab() - 1, id, input.ids.size());
      input.ids.push_back(static_cast<int32_t>(id));
    }
    return {};
  }

  Status check_mask(size_t tokens) const {
    GERBIL_TRY(const auto mask, read_beside("attention_mask", tokens));
    for (size_t i = 0; i < mask.size(); ++i)
      if (mask[i] != 1)
        return unsupported(
            "{}: expected 1 everywhere (masked tokens are not in this build), found {} at position "
            "{}",
            what("attention_mask"), mask[i], i);
    return {};
  }

  Status read_types(ForwardInput& input) const {
    GERBIL_TRY(const auto numbers, read_beside("mm_token_type_ids", input.ids.size()));
    bool media = !input.pictures.grids.empty() || !input.videos.grids.empty();
    for (size_t i = 0; i < numbers.size(); ++i) {
      if (numbers[i] < 0 || numbers[i] > 2)
        return invalid("{}: expected 0 (text), 1 (picture) or 2 (video), found {} at position {}",
                       what("mm_token_type_ids"), numbers[i], i);
      if (numbers[i] != 0 && !media)
        return invalid("{}: position {} is a place for a picture or video, but the file has none",
                       what("mm_token_type_ids"), i);
      input.types.push_back(static_cast<TokenType>(numbers[i]));
    }
    if (!media) input.types.clear();
    return {};
  }

  Result<ForwardMedia> read_media(std::string_view pixels, std::string_view grids) const {
    const tensor::TensorRef* patches = tensors_.find(pixels);
    const tensor::TensorRef* shapes = tensors_.find(grids);
    if (patches == nullptr && shapes == nullptr) return ForwardMedia{};
    if (runner_.encoder() == nullptr)
      return unsupported(
          "{}: tensor {}: the model takes no pictures or videos, or was loaded without their "
          "encoder",
          file_, in_quotes(patches != nullptr ? pixels : grids));
    if (patches == nullptr || shapes == nullptr)
      return fail(ErrorCode::kNotFound, "{}: tensor {} is missing beside {}", file_,
                  in_quotes(patches == nullptr ? pixels : grids),
                  in_quotes(patches == nullptr ? grids : pixels));
    const model::VisionConfig& config = runner_.encoder()->config();
    ForwardMedia media;
    GERBIL_TRY(media.grids, read_grids(*shapes, what(grids), config));
    uint64_t wanted = 0;
    for (const Grid& grid : media.grids) wanted += u64(grid.patches());
    const auto width = u64(config.patch_numbers());
    const tensor::Shape expected{wanted, width};
    if (patches->shape != expected)
      return invalid("{}: expected shape {}, found {}", what(pixels), to_string(expected),
                     to_string(patches->shape));
    media.patches.resize(wanted * width);
    GERBIL_CHECK_OK(tensor::read_rows_f32(*patches, 0, wanted, media.patches));
    return media;
  }

  Result<std::vector<Grid>> read_grids(const tensor::TensorRef& tensor, const std::string& name,
                                       const model::VisionConfig& config) const {
    const tensor::Shape& shape = tensor.shape;
    if (shape.rank() != 2 || shape[0] < 1 || shape[0] > kMaxMedia || shape[1] != 3)
      return invalid("{}: expected shape [1 to {}, 3], found {}", name, kMaxMedia,
                     to_string(shape));
    GERBIL_TRY(const auto numbers, read_integers(tensor, name));
    std::vector<Grid> all;
    int64_t places = 0;
    for (size_t i = 0; i < numbers.size(); i += 3) {
      const Grid grid{numbers[i], numbers[i + 1], numbers[i + 2]};
      const auto side = [&](int64_t n, int64_t unit) {
        return n >= 1 && n <= kMaxSide && n % unit == 0;
      };
      if (!side(grid.t, 1) || !side(grid.h, config.merge_size) || !side(grid.w, config.merge_size))
        return invalid("{}: expected frames and multiples of {} from 1 to {}, found {}, {}, {}",
                       name, config.merge_size, kMaxSide, grid.t, grid.h, grid.w);
      places += grid.patches() / config.merged();
      if (places > runner_.context())
        return invalid("{}: more places than the context of {} has", name, runner_.context());
      all.push_back(grid);
    }
    return all;
  }

  const std::string& file_;
  const format::Checkpoint& tensors_;
  const Runner& runner_;
};

}  // namespace

Result<ForwardInput> read_forward_input(const std::string& file, const Runner& runner) {
  GERBIL_TRY(const format::Checkpoint inputs, format::open_safetensors(file));
  return Reader(file, inputs, runner).run();
}

Result<bool> has_media(const std::string& file) {
  GERBIL_TRY(const format::Checkpoint inputs, format::open_safetensors(file));
  return inputs.find("pixel_values") != nullptr || inputs.find("pixel_values_videos") != nullptr;
}

}  // namespace gerbil::runtime
