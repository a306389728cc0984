// Sight: how a checkpoint's chats take pictures and videos: its processor, the tokens that stand
// for them, and what a prompt with them becomes. Immutable: any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/prompter.h"
#include "gerbil/gerbil.h"
#include "model/families/qwen_vision_processor.h"
#include "runtime/engine.h"
#include "text/chat_parts.h"

namespace gerbil::api {

// A picture or video of a chat, cut into patches.
struct SeenMedia {
  bool video = false;
  model::VisionInput input;
};

class Sight {
 public:
  static Result<Sight> load(const hub::ModelFiles& files, const model::Model& model,
                            const Prompter& prompter, const LogSink& log);

  // Opens and cuts them. Relative paths start at the chat's media_folder.
  Result<std::vector<SeenMedia>> read(const std::vector<text::MediaPart>& parts,
                                      const Chat& chat) const;
  // The places that the template made, as many as the rows need, and the time stamps of videos:
  // transformers 5.17's form (docs/decisions/0003-video-prompts-are-nested.md).
  Result<std::string> expand(std::string_view prompt, const std::vector<SeenMedia>& media) const;
  // Encodes them and puts their rows into their places in the prompt's ids.
  Result<runtime::SoftPrompt> encode(const std::vector<SeenMedia>& media,
                                     const std::vector<int32_t>& ids,
                                     runtime::Engine& engine) const;

 private:
  Sight(model::QwenVisionProcessor processor, const model::VisionConfig& config)
      : processor_(std::move(processor)), config_(config) {}

  Result<SeenMedia> read(const text::MediaPart& part, const Chat& chat) const;

  model::QwenVisionProcessor processor_;
  model::VisionConfig config_;
  int32_t picture_id_ = 0, video_id_ = 0;
  std::string picture_pad_, video_pad_, start_, end_;
};

}  // namespace gerbil::api
