// A plan as JSON: docs/plan.md describes the fields.
#include <nlohmann/json.hpp>

#include "gerbil/gerbil.h"

namespace gerbil {
namespace {

using Json = nlohmann::ordered_json;

Json encodings_json(const std::vector<Plan::Encoding>& encodings) {
  Json all = Json::array();
  for (const Plan::Encoding& encoding : encodings)
    all.push_back({{"encoding", encoding.name},
                   {"parameters", encoding.parameters},
                   {"bytes", encoding.bytes}});
  return all;
}

Json tokenizer_json(const Plan& plan) {
  if (plan.tokenizer_tokens == 0) return nullptr;
  return {{"tokens", plan.tokenizer_tokens}, {"chat_template", plan.chat_template}};
}

Json disk_json(const Plan& plan) {
  Json skipped = Json::array();
  for (const Plan::Skipped& part : plan.skipped)
    skipped.push_back({{"rule", part.rule}, {"tensors", part.tensors}, {"bytes", part.bytes}});
  return {{"needed",
           {{"tensors", plan.needed_tensors},
            {"bytes", plan.needed_bytes},
            {"missing_bytes", plan.missing_bytes}}},
          {"skipped", std::move(skipped)}};
}

Json memory_json(const Plan& plan) {
  Json classes = Json::array();
  for (const Plan::WeightClass& of : plan.weights)
    classes.push_back({{"class", of.name},
                       {"tensors", of.tensors},
                       {"parameters", of.parameters},
                       {"bytes", of.bytes},
                       {"stored", encodings_json(of.stored)},
                       {"held", encodings_json(of.held)}});
  return {{"weights", std::move(classes)},
          {"weight_bytes", plan.weight_bytes},
          {"mapped_bytes", plan.mapped_bytes},
          {"step_bytes", plan.step_bytes},
          {"kv_bytes", plan.kv_bytes},
          {"kv_bytes_per_1k_tokens", plan.kv_bytes_per_1k_tokens},
          {"kv_window_bytes", plan.kv_window_bytes},
          {"recurrent_bytes", plan.recurrent_bytes},
          {"recurrent_state_bytes", plan.recurrent_state_bytes},
          {"recurrent_states", plan.recurrent_states},
          {"total_bytes", plan.total_bytes}};
}

}  // namespace

std::string to_json(const Plan& plan) {
  const Json json = {{"model",
                      {{"folder", plan.folder},
                       {"architecture", plan.architecture},
                       {"parameters", plan.parameters},
                       {"active_parameters", plan.active_parameters},
                       {"experts", plan.experts},
                       {"experts_per_token", plan.experts_per_token},
                       {"layers", plan.layers},
                       {"windowed_layers", plan.windowed_layers},
                       {"recurrent_layers", plan.recurrent_layers},
                       {"hidden", plan.hidden},
                       {"vocab_size", plan.vocab_size},
                       {"max_context", plan.max_context},
                       {"tokenizer", tokenizer_json(plan)}}},
                     {"choices",
                      {{"backend", plan.backend},
                       {"threads", plan.threads},
                       {"quant", plan.quant},
                       {"activations", plan.activations},
                       {"kv", plan.kv},
                       {"batch", plan.batch},
                       {"context", plan.context}}},
                     {"disk", disk_json(plan)},
                     {"memory", memory_json(plan)},
                     {"machine",
                      {{"free_bytes", plan.free_bytes},
                       {"fits", plan.fits},
                       {"largest_context", plan.largest_context}}}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace gerbil
