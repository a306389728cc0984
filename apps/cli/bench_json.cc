// A bench report as JSON: docs/benchmarks.md describes the fields.
#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/bench_text.h"

namespace gerbil::cli {
namespace {

using Json = nlohmann::ordered_json;

// Six digits: what is measured has no more.
double rounded(double value) {
  if (value == 0 || !std::isfinite(value)) return 0;
  const double scale = std::pow(10, 5 - std::floor(std::log10(std::abs(value))));
  return std::round(value * scale) / scale;
}

Json test_json(const BenchReport& report, const SpeedTest& test) {
  Json json = Json::object();
  if (test.decode) json["depth"] = test.depth;
  json["tokens"] = test.tokens;
  std::vector<double> speeds = test.tok_s();
  for (double& speed : speeds) speed = rounded(speed);
  json["tok_s"] = rounded(median(speeds));
  json["tok_s_all"] = std::move(speeds);
  json["read_bytes_per_token"] = std::llround(read_bytes_per_token(test));
  json["operations_per_token"] = std::llround(operations_per_token(test));
  json["limit_share"] = rounded(limit_share(report, test));
  return json;
}

Json picture_json(const BenchReport& report, const PictureSpeed& picture) {
  const auto ms = [](std::vector<double> seconds) {
    for (double& each : seconds) each = rounded(each * 1e3);
    return seconds;
  };
  return {{"width", picture.run.width},
          {"height", picture.run.height},
          {"patches", picture.run.patches},
          {"tokens", picture.run.tokens},
          {"ms", rounded(median(picture.seconds) * 1e3)},
          {"ms_all", ms(picture.seconds)},
          {"prepare_ms", rounded(median(picture.prepare_seconds) * 1e3)},
          {"operations", std::llround(operations(picture.work))},
          {"limit_share", rounded(limit_share(report, picture))},
          {"products_ms", rounded(median(picture.product_seconds) * 1e3)},
          {"products_operations", std::llround(operations(picture.products))},
          {"products_limit_share", rounded(products_limit_share(report, picture))}};
}

Json rows_json(const std::vector<ProfileRow>& rows, bool part, bool layer) {
  Json all = Json::array();
  for (const ProfileRow& row : rows) {
    Json json = Json::object();
    if (layer)
      json["layer"] = row.layer < 0 ? Json(nullptr) : Json(row.layer);
    else
      json["op"] = row.op;
    if (part) json["part"] = row.part;
    json["calls"] = row.calls;
    json["ms"] = rounded(row.seconds * 1e3);
    json["bytes"] = row.bytes;
    json["operations"] = row.operations;
    json["limit_share"] = rounded(row.seconds > 0 ? row.least_seconds / row.seconds : 0);
    all.push_back(std::move(json));
  }
  return all;
}

Json profile_json(const std::string& name, const Profile& profile) {
  return {{"test", name},
          {"steps", profile.steps()},
          {"ms", rounded(profile.step_seconds() * 1e3)},
          {"ops", rows_json(profile.ops(), false, false)},
          {"parts", rows_json(profile.parts(), true, false)},
          {"layers", rows_json(profile.layers(), false, true)}};
}

Json machine_json(const MachineRates& machine) {
  return {{"read_bytes_s", rounded(machine.read_bytes_s)},
          {"read_bytes_s_one_thread", rounded(machine.read_bytes_s_one_thread)},
          {"int8_macs_s", rounded(machine.int8_products_s)},
          {"int8_macs_s_one_thread", rounded(machine.int8_products_s_one_thread)},
          {"f32_flops_s", rounded(machine.f32_operations_s)},
          {"f32_flops_s_one_thread", rounded(machine.f32_operations_s_one_thread)}};
}

}  // namespace

std::string bench_json(const BenchReport& report) {
  const ModelInfo& info = report.info;
  Json prefill = Json::array();
  Json decode = Json::array();
  Json profiles = Json::array();
  for (const SpeedTest& test : report.tests) {
    (test.decode ? decode : prefill).push_back(test_json(report, test));
    if (test.profile) profiles.push_back(profile_json(test.name(), *test.profile));
  }
  Json pictures = Json::array();
  for (const PictureSpeed& picture : report.pictures) {
    pictures.push_back(picture_json(report, picture));
    if (picture.profile) profiles.push_back(profile_json(picture.name(), *picture.profile));
  }
  Json json = {{"version", std::string(version())},
               {"model",
                {{"name", report.name},
                 {"architecture", info.architecture},
                 {"parameters", report.plan.parameters},
                 {"active_parameters", report.plan.active_parameters},
                 {"bytes", info.weight_bytes},
                 {"disk_bytes", report.plan.needed_bytes}}},
               {"choices",
                {{"backend", info.backend},
                 {"isa", info.isa},
                 {"threads", info.threads},
                 {"quant", info.quant},
                 {"activations", info.activations},
                 {"kv", info.kv},
                 {"batch", info.batch},
                 {"context", info.context}}},
               {"load_ms", rounded(info.load_ms)},
               {"prefill", std::move(prefill)},
               {"decode", std::move(decode)},
               {"memory",
                {{"peak_resident_bytes", report.peak_resident_bytes},
                 {"peak_anonymous_bytes", report.peak_anonymous_bytes}}}};
  if (!report.tests.empty()) {
    const SpeedTest& first = report.tests.front();
    json["first_token"] = {{"tokens", first.tokens},
                           {"cold_ms", rounded(report.cold_first_token_ms)},
                           {"warm_ms", rounded(median(first.seconds) * 1e3)}};
  }
  if (!pictures.empty()) json["pictures"] = std::move(pictures);
  if (report.machine) json["machine"] = machine_json(*report.machine);
  if (!profiles.empty()) json["profile"] = std::move(profiles);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace gerbil::cli
