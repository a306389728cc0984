#include "api/sight.h"

#include <algorithm>
#include <bit>

#include "base/quote.h"
#include "media/picture.h"
#include "media/video.h"
#include "platform/file.h"

namespace gerbil::api {
namespace {

constexpr json::Limits kConfigLimits{.max_depth = 32, .max_values = 1 << 16, .max_bytes = 1 << 20};

// FNV-1a over words: tells pictures of a conversation apart.
uint64_t content_of(const SeenMedia& media) {
  uint64_t hash = 0xcbf29ce484222325U;
  const auto add = [&](uint64_t word) { hash = (hash ^ word) * 0x100000001b3U; };
  add(static_cast<uint64_t>(media.input.grid_h));
  add(static_cast<uint64_t>(media.input.grid_w));
  for (const float number : media.input.patches) add(std::bit_cast<uint32_t>(number));
  return hash;
}

runtime::Grid grid_of(const SeenMedia& media) {
  return {media.input.grid_t, media.input.grid_h, media.input.grid_w};
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

Result<SeenMedia> Sight::read(const text::MediaPart& part, const Chat& chat) const {
  const bool whole = part.place.starts_with('/') || part.place.starts_with("data:");
  const std::string place = whole || chat.media_folder.empty()
                                ? part.place
                                : platform::join_path(chat.media_folder, part.place);
  SeenMedia seen{.video = part.video};
  if (!part.video) {
    GERBIL_TRY(const media::Picture picture, media::open_picture(place));
    GERBIL_TRY(seen.input, processor_.picture(picture, place, {.max_tokens = chat.image_tokens}));
    return seen;
  }
  std::unique_ptr<media::VideoReader> reader;
  if (platform::is_folder(place)) {
    if (part.fps == 0)
      return invalid("{}: a folder of frames needs \"fps\" beside it: how many make a second",
                     place);
    GERBIL_TRY(reader, media::open_frame_folder(place, part.fps));
  } else {
    GERBIL_TRY(reader, media::open_video(place));
  }
  GERBIL_TRY(seen.input,
             processor_.whole_video(std::move(reader), {.max_tokens = chat.image_tokens,
                                                        .fps = chat.fps,
                                                        .max_frames = chat.max_frames}));
  return seen;
}

Result<std::vector<SeenMedia>> Sight::read(const std::vector<text::MediaPart>& parts,
                                           const Chat& chat) const {
  std::vector<SeenMedia> all;
  for (const text::MediaPart& part : parts) {
    GERBIL_TRY(SeenMedia seen, read(part, chat));
    all.push_back(std::move(seen));
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
    const model::VisionInput& input = media[next++].input;
    const int64_t places = input.grid_h * input.grid_w / config_.merged();
    if (!is_video) repeat(expanded, picture_pad_, places);
    for (int64_t i = 0; is_video && i < input.grid_t; ++i) {
      expanded += fmt::format("<{:.1f} seconds>", input.timestamps[static_cast<size_t>(i)]);
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

Result<runtime::SoftPrompt> Sight::encode(const std::vector<SeenMedia>& media,
                                          const std::vector<int32_t>& ids,
                                          runtime::Engine& engine) const {
  std::vector<runtime::Grid> pictures, videos;
  for (const SeenMedia& seen : media) (seen.video ? videos : pictures).push_back(grid_of(seen));
  const auto types = runtime::token_types(ids, picture_id_, video_id_);
  GERBIL_TRY(runtime::SoftPrompt prompt,
             runtime::lay_out(types, pictures, videos, config_.merge_size));
  prompt.dim = config_.out_hidden;
  size_t span = 0;  // spans of all media in the order of the prompt, which is theirs
  for (const SeenMedia& seen : media) {
    std::vector<graph::PatchGroup> groups;
    runtime::append_groups(grid_of(seen), groups);
    auto rows = std::make_shared<std::vector<float>>();
    const auto width = static_cast<size_t>(config_.patch_numbers());
    size_t from = 0;
    for (const graph::PatchGroup& group : groups) {
      const size_t numbers = static_cast<size_t>(group.patches()) * width;
      GERBIL_CHECK_OK(engine.encode(
          {&group, 1}, Span<const float>(seen.input.patches).subspan(from, numbers), *rows));
      from += numbers;
    }
    const uint64_t content = content_of(seen);
    int64_t first_row = 0;
    for (int64_t i = 0; i < (seen.video ? seen.input.grid_t : 1); ++i, ++span) {
      prompt.spans[span].rows = rows;
      prompt.spans[span].first_row = first_row;
      prompt.spans[span].content = content + static_cast<uint64_t>(i);
      first_row += prompt.spans[span].count;
    }
  }
  return prompt;
}

}  // namespace gerbil::api
