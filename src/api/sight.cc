#include "api/sight.h"

#include <algorithm>

#include "base/quote.h"
#include "media/identity.h"
#include "media/picture.h"
#include "media/video.h"
#include "platform/file.h"

namespace gerbil::api {
namespace {

constexpr json::Limits kConfigLimits{.max_depth = 32, .max_values = 1 << 16, .max_bytes = 1 << 20};

// FNV-1a: tells the pictures of a conversation apart.
uint64_t content_of(std::string_view key) {
  uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : key) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3U;
  return hash;
}

template <class T>
std::string text_of(const std::optional<T>& number) {
  return number ? fmt::format("{}", *number) : "-";
}

void repeat(std::string& to, std::string_view text, int64_t count) {
  for (int64_t i = 0; i < count; ++i) to += text;
}

}  // namespace

Result<Sight> Sight::load(const hub::ModelFiles& files, const model::Model& model,
                          const Prompter& prompter, const LogSink& log) {
  if (!files.preprocessor_config)
    return fail(ErrorCode::kNotFound, "{} is missing: it says how pictures are prepared",
                files.path("preprocessor_config.json"));
  const std::string picture_file = files.path("preprocessor_config.json");
  const std::string video_file = files.path("video_preprocessor_config.json");
  GERBIL_TRY(const json::Value picture,
             json::parse(*files.preprocessor_config, picture_file, kConfigLimits));
  std::optional<json::Value> video;
  if (files.video_preprocessor_config) {
    GERBIL_TRY(video, json::parse(*files.video_preprocessor_config, video_file, kConfigLimits));
  }
  GERBIL_TRY(auto processor,
             model::QwenVisionProcessor::create(picture, picture_file, video ? &*video : nullptr,
                                                video_file, log));
  const model::VisionConfig& config = *model.vision;
  GERBIL_CHECK_OK(
      processor.check_encoder(config.patch_size, config.temporal_patch_size, config.merge_size));
  if (!model.config->image_token || !model.config->video_token)
    return invalid("{}: image_token_id or video_token_id is missing", files.path("config.json"));
  Sight sight(std::move(processor), config);
  sight.picture_id_ = *model.config->image_token;
  sight.video_id_ = *model.config->video_token;
  GERBIL_TRY(const text::Tokenizer* tokenizer, prompter.tokenizer());
  const auto text_of = [&](int32_t id) {
    return tokenizer->decode(std::vector<int32_t>{id}, false);
  };
  sight.picture_pad_ = text_of(sight.picture_id_);
  sight.video_pad_ = text_of(sight.video_id_);
  sight.start_ = "<|vision_start|>";
  sight.end_ = "<|vision_end|>";
  return sight;
}

Result<SeenMedia> Sight::read_picture(const media::Picture& picture, std::string_view name,
                                      const model::PictureRequest& request) const {
  GERBIL_TRY(model::VisionInput input, processor_.picture(picture, name, request));
  SeenMedia seen;
  seen.encoded.grid = {input.grid_t, input.grid_h, input.grid_w};
  seen.patches = std::move(input.patches);
  return seen;
}

Result<SeenMedia> Sight::read_video(const text::MediaPart& part, const std::string& place,
                                    const Chat& chat) const {
  std::unique_ptr<media::VideoReader> reader;
  if (platform::is_folder(place)) {
    if (part.fps == 0)
      return invalid("{}: a folder of frames needs \"fps\" beside it: how many make a second",
                     place);
    GERBIL_TRY(reader, media::open_frame_folder(place, part.fps));
  } else {
    GERBIL_TRY(reader, media::open_video(place));
  }
  GERBIL_TRY(model::VideoPatches frames,
             processor_.video(std::move(reader), {.max_tokens = chat.image_tokens,
                                                  .fps = chat.fps,
                                                  .max_frames = chat.max_frames}));
  const model::VideoPlan& plan = frames.plan();
  SeenMedia seen{.video = true};
  seen.encoded.grid = {plan.grid_t, plan.grid_h, plan.grid_w};
  seen.encoded.timestamps = plan.timestamps;
  seen.frames.emplace(std::move(frames));
  return seen;
}

Result<SeenMedia> Sight::read(const text::MediaPart& part, const Chat& chat,
                              SeenCache& seen) const {
  const bool whole = part.place.starts_with('/') || part.place.starts_with("data:");
  const std::string place = whole || chat.media_folder.empty()
                                ? part.place
                                : platform::join_path(chat.media_folder, part.place);
  // What cannot be told from others is what cannot be opened: opening it says why.
  std::string key;
  if (const auto identity = media::media_identity(place)) {
    key = fmt::format("{} {}", *identity, text_of(chat.image_tokens));
    if (part.video)
      key += fmt::format(" video {} {} {}", part.fps, text_of(chat.fps), text_of(chat.max_frames));
    if (const EncodedMedia* encoded = seen.find(key))
      return SeenMedia{.video = part.video, .key = key, .encoded = *encoded};
  }
  SeenMedia opened;
  if (part.video) {
    GERBIL_TRY(opened, read_video(part, place, chat));
  } else {
    GERBIL_TRY(const media::Picture picture, media::open_picture(place));
    GERBIL_TRY(opened, read_picture(picture, place, {.max_tokens = chat.image_tokens}));
  }
  opened.key = std::move(key);
  return opened;
}

Result<std::vector<SeenMedia>> Sight::read(const std::vector<text::MediaPart>& parts,
                                           const Chat& chat, SeenCache& seen) const {
  std::vector<SeenMedia> all;
  for (const text::MediaPart& part : parts) {
    GERBIL_TRY(SeenMedia one, read(part, chat, seen));
    all.push_back(std::move(one));
  }
  return all;
}

Result<std::string> Sight::expand(std::string_view prompt,
                                  const std::vector<SeenMedia>& media) const {
  std::string expanded;
  size_t next = 0;
  while (true) {
    const size_t picture = prompt.find(picture_pad_);
    const size_t video = prompt.find(video_pad_);
    const size_t at = std::min(picture, video);
    if (at == std::string_view::npos) break;
    expanded += prompt.substr(0, at);
    const bool is_video = video < picture;
    prompt.remove_prefix(at + (is_video ? video_pad_ : picture_pad_).size());
    if (next == media.size() || media[next].video != is_video)
      return invalid("the prompt has a place for a {} that the messages do not have",
                     is_video ? "video" : "picture");
    const EncodedMedia& one = media[next++].encoded;
    const int64_t places = one.grid.h * one.grid.w / config_.merged();
    if (!is_video) repeat(expanded, picture_pad_, places);
    for (int64_t i = 0; is_video && i < one.grid.t; ++i) {
      expanded += fmt::format("<{:.1f} seconds>", one.timestamps[static_cast<size_t>(i)]);
      expanded += start_;
      repeat(expanded, video_pad_, places);
      expanded += end_;
    }
  }
  expanded += prompt;
  if (next != media.size())
    return invalid(
        "the messages have {} pictures and videos, but the chat template made places for "
        "{}",
        media.size(), next);
  return expanded;
}

// Pieces as large as the encoder takes at once, so that neither patches nor frames of a video are
// ever in memory together.
Result<runtime::EncodedRows> Sight::encode(SeenMedia& seen, runtime::Engine& engine,
                                           const std::atomic<bool>& cancelled) const {
  const runtime::Grid& grid = seen.grid();
  const auto numbers = static_cast<size_t>(grid.h * grid.w * config_.patch_numbers());  // a group's
  auto rows = std::make_shared<std::vector<float>>();
  rows->reserve(static_cast<size_t>(grid.patches() / config_.merged() * config_.out_hidden));
  const int64_t at_once =
      std::clamp<int64_t>(runtime::VisionEncoder::kPiecePatches / (grid.h * grid.w), 1, grid.t);
  std::vector<float> piece;  // of a video
  for (int64_t first = 0; first < grid.t; first += at_once) {
    if (cancelled.load(std::memory_order_relaxed)) return runtime::EncodedRows();
    const int64_t count = std::min(at_once, grid.t - first);
    std::vector<graph::PatchGroup> groups;
    runtime::append_groups({count, grid.h, grid.w}, groups);
    Span<const float> patches = seen.patches;
    if (seen.frames) {
      piece.resize(static_cast<size_t>(count) * numbers);
      for (size_t i = 0; i < static_cast<size_t>(count); ++i)
        GERBIL_CHECK_OK(seen.frames->next(Span<float>(piece).subspan(i * numbers, numbers)));
      patches = piece;
    }
    GERBIL_CHECK_OK(engine.encode(groups, patches, *rows));
  }
  return runtime::EncodedRows(std::move(rows));
}

Result<Sight::Encoded> Sight::encode(std::vector<SeenMedia>& media, const std::vector<int32_t>& ids,
                                     runtime::Engine& engine, SeenCache& seen,
                                     const std::atomic<bool>& cancelled) const {
  std::vector<runtime::Grid> pictures, videos;
  for (const SeenMedia& one : media) (one.video ? videos : pictures).push_back(one.grid());
  const auto types = runtime::token_types(ids, picture_id_, video_id_);
  Encoded encoded;
  runtime::SoftPrompt& prompt = encoded.prompt;
  GERBIL_TRY(prompt, runtime::lay_out(types, pictures, videos, config_.merge_size));
  prompt.dim = config_.out_hidden;
  size_t span = 0;  // spans of all media in the order of the prompt, which is theirs
  for (SeenMedia& one : media) {
    // The same one may come twice in a prompt.
    if (const EncodedMedia* before = one.encoded.rows ? nullptr : seen.find(one.key))
      one.encoded = *before;
    if (!one.encoded.rows) {
      GERBIL_TRY(one.encoded.rows, encode(one, engine, cancelled));
      if (!one.encoded.rows) return encoded;
      encoded.patches += one.grid().patches();
      one.patches = {};
      one.frames.reset();
      if (!one.key.empty()) seen.keep(one.key, one.encoded);
    }
    const uint64_t content = content_of(one.key);
    int64_t first_row = 0;
    for (int64_t i = 0; i < (one.video ? one.grid().t : 1); ++i, ++span) {
      prompt.spans[span].rows = one.encoded.rows;
      prompt.spans[span].first_row = first_row;
      prompt.spans[span].content = content + static_cast<uint64_t>(i);
      first_row += prompt.spans[span].count;
    }
  }
  return encoded;
}

}  // namespace gerbil::api
