// Sight: how a checkpoint's chats take pictures and videos: its processor, the tokens that stand
// for them, and what a prompt with them becomes. Immutable: any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/prompter.h"
#include "api/seen_cache.h"
#include "gerbil/gerbil.h"
#include "model/families/qwen_vision_processor.h"
#include "runtime/engine.h"
#include "text/chat_parts.h"

namespace gerbil::api {

// A picture or video of a chat: encoded in an earlier turn, or to be encoded. A video's frames are
// decoded then, not before.
struct SeenMedia {
  bool video = false;
  std::string key;             // its content, and how it is prepared
  EncodedMedia encoded;        // without rows where these are yet to come from one of
  std::vector<float> patches;  // a picture's
  std::optional<model::VideoPatches> frames;

  const runtime::Grid& grid() const { return encoded.grid; }
};

class Sight {
 public:
  static Result<Sight> load(const hub::ModelFiles& files, const model::Model& model,
                            const Prompter& prompter, const LogSink& log);

  // Opens them, but for those that `seen` holds. Relative paths start at the chat's media_folder.
  Result<std::vector<SeenMedia>> read(const std::vector<text::MediaPart>& parts, const Chat& chat,
                                      SeenCache& seen) const;
  // One that is no part of a chat, without a key.
  Result<SeenMedia> read_picture(const media::Picture& picture, std::string_view name,
                                 const model::PictureRequest& request) const;
  // The places that the template made, as many as the rows need, and the time stamps of videos:
  // transformers 5.17's form (docs/decisions/0003-video-prompts-are-nested.md).
  Result<std::string> expand(std::string_view prompt, const std::vector<SeenMedia>& media) const;

  struct Encoded {
    runtime::SoftPrompt prompt;
    int64_t patches = 0;  // that were encoded now
  };
  // Encodes what has no rows yet, a piece after the other, keeps it in `seen`, and puts all rows
  // into their places in the prompt's ids. Where `cancelled` becomes true, rows are missing.
  Result<Encoded> encode(std::vector<SeenMedia>& media, const std::vector<int32_t>& ids,
                         runtime::Engine& engine, SeenCache& seen,
                         const std::atomic<bool>& cancelled) const;

 private:
  Sight(model::QwenVisionProcessor processor, const model::VisionConfig& config)
      : processor_(std::move(processor)), config_(config) {}

  Result<SeenMedia> read(const text::MediaPart& part, const Chat& chat, SeenCache& seen) const;
  Result<SeenMedia> read_video(const text::MediaPart& part, const std::string& place,
                               const Chat& chat) const;
  Result<runtime::EncodedRows> encode(SeenMedia& seen, runtime::Engine& engine,
                                      const std::atomic<bool>& cancelled) const;

  model::QwenVisionProcessor processor_;
  model::VisionConfig config_;
  int32_t picture_id_ = 0, video_id_ = 0;
  std::string picture_pad_, video_pad_, start_, end_;
};

}  // namespace gerbil::api
