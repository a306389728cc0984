// JPEG through libjpeg-turbo: accurate integer DCT and smooth upsampling, the library's defaults
// and Pillow's. Four components are CMYK, inverted as Adobe stores it whether the file says so or
// not: Pillow does the same.
#include <algorithm>
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string>

#include "media/picture_codec.h"

// It wants <cstdio> before it.
#include <jpeglib.h>

namespace gerbil::media {
namespace {

constexpr int kMaxScans = 100;  // of a progressive picture: each costs a pass over all of it

// libjpeg leaves through longjmp, so what runs in between owns nothing.
struct Reader {
  jpeg_decompress_struct codec{};
  jpeg_error_mgr errors{};
  jpeg_source_mgr source{};
  jpeg_progress_mgr progress{};
  std::jmp_buf leave{};
  char message[JMSG_LENGTH_MAX] = "";
};

Reader& reader_of(j_common_ptr codec) { return *static_cast<Reader*>(codec->client_data); }

[[noreturn]] void leave_with(Reader& reader, const char* message) {
  std::strncpy(reader.message, message, sizeof(reader.message) - 1);
  std::longjmp(reader.leave, 1);
}

[[noreturn]] void on_error(j_common_ptr codec) {
  char message[JMSG_LENGTH_MAX];
  codec->err->format_message(codec, message);
  leave_with(reader_of(codec), message);
}

void on_message(j_common_ptr, int) {}

void on_progress(j_common_ptr codec) {
  Reader& reader = reader_of(codec);
  if (reader.codec.input_scan_number > kMaxScans) leave_with(reader, "too many scans");
}

void start_source(j_decompress_ptr) {}

boolean on_end_of_bytes(j_decompress_ptr codec) {
  leave_with(reader_of(reinterpret_cast<j_common_ptr>(codec)), "the file ends in the middle");
}

void skip_bytes(j_decompress_ptr codec, long count) {
  if (count <= 0) return;
  if (static_cast<size_t>(count) > codec->src->bytes_in_buffer) on_end_of_bytes(codec);
  codec->src->next_input_byte += count;
  codec->src->bytes_in_buffer -= static_cast<size_t>(count);
}

void read_header(Reader& reader, Bytes bytes) {
  jpeg_decompress_struct& codec = reader.codec;
  codec.client_data = &reader;
  jpeg_create_decompress(&codec);
  reader.source.init_source = start_source;
  reader.source.fill_input_buffer = on_end_of_bytes;
  reader.source.skip_input_data = skip_bytes;
  reader.source.resync_to_restart = jpeg_resync_to_restart;
  reader.source.term_source = start_source;
  reader.source.next_input_byte = reinterpret_cast<const JOCTET*>(bytes.data());
  reader.source.bytes_in_buffer = bytes.size();
  codec.src = &reader.source;
  reader.progress.progress_monitor = on_progress;
  codec.progress = &reader.progress;
  jpeg_save_markers(&codec, JPEG_APP0 + 1, 0xFFFF);
  jpeg_read_header(&codec, TRUE);
}

// Rows of `channels` bytes a pixel.
void read_rows(Reader& reader, uint8_t* rows, size_t row_bytes) {
  jpeg_decompress_struct& codec = reader.codec;
  codec.out_color_space = codec.num_components == 1   ? JCS_GRAYSCALE
                          : codec.num_components == 3 ? JCS_RGB
                                                      : JCS_CMYK;
  jpeg_start_decompress(&codec);
  while (codec.output_scanline < codec.output_height) {
    JSAMPROW row = rows + codec.output_scanline * row_bytes;
    jpeg_read_scanlines(&codec, &row, 1);
  }
  jpeg_finish_decompress(&codec);
}

// Runs `step`; false where libjpeg left, with reader.message.
template <class Step>
bool guarded(Reader& reader, Step step) {
  if (setjmp(reader.leave) != 0) return false;  // NOLINT
  step();
  return true;
}

int orientation_of(const jpeg_decompress_struct& codec) {
  constexpr std::string_view kXmp("http://ns.adobe.com/xap/1.0/\0", 29);
  std::string_view xmp;
  for (auto* marker = codec.marker_list; marker != nullptr; marker = marker->next) {
    const std::string_view data(reinterpret_cast<const char*>(marker->data), marker->data_length);
    if (data.starts_with(std::string_view("Exif\0\0", 6))) {
      const int found = exif_orientation(std::as_bytes(Span<const char>(data)));
      if (found != 0) return found;
    } else if (data.starts_with(kXmp)) {
      xmp = data.substr(kXmp.size());
    }
  }
  return std::max(xmp_orientation(xmp), 1);
}

// In place, from the front: a pixel's three bytes lie at or before its four.
void cmyk_to_rgb(std::vector<uint8_t>& rows, size_t pixels) {
  for (size_t i = 0; i < pixels; ++i) {
    const uint8_t* in = rows.data() + i * 4;  // inverted: 255 is no ink
    const uint32_t paper = in[3];
    uint8_t rgb[3];
    for (size_t c = 0; c < 3; ++c) {
      const uint32_t product = (255u - in[c]) * paper + 128;  // rounded division by 255
      rgb[c] = static_cast<uint8_t>(paper - ((product + (product >> 8)) >> 8));
    }
    std::copy_n(rgb, 3, rows.data() + i * 3);
  }
  rows.resize(pixels * 3);
}

Result<Decoded> decode(Reader& reader, Bytes bytes, const PictureLimits& limits) {
  const auto broken = [&] { return corrupt("a broken JPEG: {}", reader.message); };
  if (!guarded(reader, [&] { read_header(reader, bytes); })) return broken();
  const jpeg_decompress_struct& codec = reader.codec;
  GERBIL_CHECK_OK(check_size(codec.image_width, codec.image_height, limits));
  const auto channels = static_cast<size_t>(codec.num_components);
  if (channels != 1 && channels != 3 && channels != 4) {
    return unsupported("a JPEG of {} components: expected 1, 3 or 4", channels);
  }
  Decoded decoded;
  decoded.orientation = orientation_of(codec);
  Picture& picture = decoded.picture;
  picture.width = codec.image_width;
  picture.height = codec.image_height;
  const size_t pixels = size_t{codec.image_width} * codec.image_height;
  picture.rgb.resize(pixels * std::max<size_t>(channels, 3));
  // Grey rows come to lie at the end, and spread from there to the front.
  uint8_t* rows = picture.rgb.data() + picture.rgb.size() - pixels * channels;
  if (!guarded(reader, [&] { read_rows(reader, rows, codec.image_width * channels); })) {
    return broken();
  }
  if (channels == 1) {
    for (size_t i = 0; i < pixels; ++i) {
      const uint8_t grey = rows[i];
      std::fill_n(picture.rgb.data() + i * 3, 3, grey);
    }
  }
  if (channels == 4) cmyk_to_rgb(picture.rgb, pixels);
  return decoded;
}

}  // namespace

Result<Decoded> decode_jpeg(Bytes bytes, const PictureLimits& limits) {
  Reader reader;
  reader.codec.err = jpeg_std_error(&reader.errors);
  reader.errors.error_exit = on_error;
  reader.errors.emit_message = on_message;
  auto decoded = decode(reader, bytes, limits);
  jpeg_destroy_decompress(&reader.codec);
  return decoded;
}

}  // namespace gerbil::media
