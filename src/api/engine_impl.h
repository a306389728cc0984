// What the public Engine and Session hold. Sessions share it, so that the order of destruction does
// not matter.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "api/prompter.h"
#include "api/sight.h"
#include "gerbil/gerbil.h"
#include "model/model.h"
#include "runtime/engine.h"
#include "runtime/generation_config.h"

namespace gerbil {

struct Engine::Impl {
  ModelInfo info;
  api::Prompter prompter;
  std::optional<api::Sight> sight;  // where the model has its encoder of pictures and a tokenizer
  runtime::GenerationConfig generation;
  std::unique_ptr<runtime::Engine> engine;
  std::set<std::string, std::less<>> places;  // that a measured picture named
};

struct Session::Impl {
  std::shared_ptr<Engine::Impl> engine;
  std::unique_ptr<runtime::Conversation> conversation;
  api::SeenCache seen;
  std::atomic<bool> cancelled{false};

  explicit Impl(std::shared_ptr<Engine::Impl> of)
      : engine(std::move(of)), conversation(engine->engine->new_conversation()) {}
  ~Impl() { engine->engine->drop(std::move(conversation)); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
};

}  // namespace gerbil
