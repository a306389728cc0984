#include "cli/bench_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/plan_text.h"
#include "cli/terminal.h"

namespace gerbil::cli {
namespace {

// Operations with a smaller part of the time are not told apart by their weights.
constexpr double kShown = 0.01;

std::string rate_text(double value) {
  return fmt::format("{:.{}f}", value, value < 10 ? 2 : value < 1000 ? 1 : 0);
}

std::string percent(double share) { return fmt::format("{:.0f} %", share * 100); }

double giga(double value) { return value / 1e9; }

double bits_per_weight(const BenchReport& report) {
  const auto parameters = static_cast<double>(report.plan.parameters);
  return parameters > 0 ? static_cast<double>(report.info.weight_bytes) * 8 / parameters : 0;
}

void add_head(const BenchReport& report, std::string& text) {
  const ModelInfo& info = report.info;
  text += fmt::format("{}: {}\n{} parameters, {} in memory, {:.2f} bits a weight\n",
                      for_terminal(report.name), info.architecture,
                      parameters_text(report.plan.parameters), bytes_text(info.weight_bytes),
                      bits_per_weight(report));
  text += fmt::format("gerbil {}, {}{}{}, {} thread{}, batch {}, context {}\n", version(),
                      info.backend, info.isa.empty() ? "" : " ", info.isa, info.threads,
                      info.threads == 1 ? "" : "s", info.batch, count_text(info.context));
  text += fmt::format("quant {}, activations {}, kv {}\n", info.quant, info.activations, info.kv);
}

void add_tests(const BenchReport& report, std::string& text) {
  text += fmt::format("\n{:<24}{:>9}{:>9}{:>9}{:>9}{:>11}{:>9}\n", "", "tok/s", "min", "max",
                      "ms/tok", "read/tok", "of limit");
  for (const SpeedTest& test : report.tests) {
    const std::vector<double> speeds = test.tok_s();
    const auto [least, most] = std::ranges::minmax(speeds);
    text += fmt::format("{:<24}{:>9}{:>9}{:>9}{:>9}{:>11}{:>9}\n", test.name(),
                        rate_text(median(speeds)), rate_text(least), rate_text(most),
                        rate_text(median(test.seconds) * 1e3 / static_cast<double>(test.tokens)),
                        bytes_text(static_cast<uint64_t>(read_bytes_per_token(test))),
                        report.machine ? percent(limit_share(report, test)) : "");
  }
}

void add_pictures(const BenchReport& report, std::string& text) {
  text += fmt::format("\n{:<24}{:>8}{:>8}{:>8}{:>8}{:>8}{:>8}{:>8}\n", "", "ms", "min", "max",
                      "patches", "tokens", "prepare", "limit");
  for (const PictureSpeed& picture : report.pictures) {
    const auto [least, most] = std::ranges::minmax(picture.seconds);
    const auto ms = [](double seconds) { return rate_text(seconds * 1e3); };
    text += fmt::format("{:<24}{:>8}{:>8}{:>8}{:>8}{:>8}{:>8}{:>8}\n", picture.name(),
                        ms(median(picture.seconds)), ms(least), ms(most), picture.run.patches,
                        picture.run.tokens, ms(median(picture.prepare_seconds)),
                        report.machine ? percent(limit_share(report, picture)) : "");
    text += fmt::format("{:<24}{:>8}{:>48}\n", "  its matrix products",
                        ms(median(picture.product_seconds)),
                        report.machine ? percent(products_limit_share(report, picture)) : "");
  }
}

void add_notes(const BenchReport& report, std::string& text) {
  text += fmt::format("\nloaded in {:.0f} ms", report.info.load_ms);
  if (!report.tests.empty()) {
    const SpeedTest& first = report.tests.front();
    text += fmt::format("; first token {:.0f} ms after that", report.cold_first_token_ms);
    if (!first.decode)
      text +=
          fmt::format(", {:.0f} ms warm (prompt of {})", median(first.seconds) * 1e3, first.tokens);
  }
  text += '\n';
  if (report.peak_resident_bytes > 0)
    text += fmt::format("memory at its peak: {} resident; {} anonymous\n",
                        bytes_text(report.peak_resident_bytes),
                        bytes_text(report.peak_anonymous_bytes));
  if (!report.machine) return;
  const MachineRates& machine = *report.machine;
  const auto both = [](double all, double one) {
    return fmt::format("{:>8}{:>14}", rate_text(giga(all)), rate_text(giga(one)));
  };
  text += fmt::format("\n{:<34}{:>8}{:>14}\n", "the limits of this machine", "all", "one thread");
  text += fmt::format("{:<34}{}\n", "memory, GB/s read",
                      both(machine.read_bytes_s, machine.read_bytes_s_one_thread));
  text += fmt::format("{:<34}{}\n", "int8, G multiply-adds/s",
                      both(machine.int8_products_s, machine.int8_products_s_one_thread));
  text += fmt::format("{:<34}{}\n", "f32, GFLOP/s",
                      both(machine.f32_operations_s, machine.f32_operations_s_one_thread));
}

void add_row(const ProfileRow& row, std::string_view name, double total, std::string& text) {
  const auto rate = [&](double amount) {
    return amount > 0 && row.seconds > 0 ? rate_text(giga(amount / row.seconds)) : std::string();
  };
  text += fmt::format("{:<28}{:>9}{:>10}{:>8}{:>8}{:>9}{:>8}\n", name, count_text(row.calls),
                      rate_text(row.seconds * 1e3), percent(total > 0 ? row.seconds / total : 0),
                      rate(static_cast<double>(row.bytes)), rate(row.operations),
                      percent(row.seconds > 0 ? row.least_seconds / row.seconds : 0));
}

void add_profile(const std::string& name, const Profile& profile, std::string& text) {
  const double total = profile.call_seconds();
  text += fmt::format("\nprofile of {}: {} step{}, {} ms, {} ms of it between operations\n", name,
                      count_text(profile.steps()), profile.steps() == 1 ? "" : "s",
                      rate_text(profile.step_seconds() * 1e3),
                      rate_text((profile.step_seconds() - total) * 1e3));
  const auto head = [&](std::string_view title) {
    text += fmt::format("{:<28}{:>9}{:>10}{:>8}{:>8}{:>9}{:>8}\n", title, "calls", "ms", "share",
                        "GB/s", "GFLOP/s", "limit");
  };
  head("operation");
  const std::vector<ProfileRow> parts = profile.parts();
  for (const ProfileRow& op : profile.ops()) {
    add_row(op, op.op, total, text);
    const bool matters = op.seconds >= kShown * total;
    if (!matters || std::ranges::count(parts, op.op, &ProfileRow::op) < 2) continue;
    for (const ProfileRow& part : parts)
      if (part.op == op.op) add_row(part, for_terminal("  " + part.part), total, text);
  }
  text += '\n';
  head("layer");
  for (const ProfileRow& layer : profile.layers())
    add_row(layer, layer.layer < 0 ? std::string("none") : fmt::format("{}", layer.layer), total,
            text);
}

}  // namespace

namespace {

double share(const BenchReport& report, const Work& work, double seconds) {
  return report.machine && seconds > 0 ? work.least_seconds(*report.machine) / seconds : 0;
}

}  // namespace

double limit_share(const BenchReport& report, const SpeedTest& test) {
  return share(report, test.work, median(test.seconds));
}

double limit_share(const BenchReport& report, const PictureSpeed& picture) {
  return share(report, picture.work, median(picture.seconds));
}

double products_limit_share(const BenchReport& report, const PictureSpeed& picture) {
  return share(report, picture.products, median(picture.product_seconds));
}

double operations(const Work& work) { return work.f32_operations + work.int8_operations; }

double read_bytes_per_token(const SpeedTest& test) {
  return static_cast<double>(test.work.read_bytes) / static_cast<double>(test.tokens);
}

double operations_per_token(const SpeedTest& test) {
  return operations(test.work) / static_cast<double>(test.tokens);
}

std::string bench_text(const BenchReport& report) {
  std::string text;
  // Interrupted before there was anything.
  if (report.tests.empty() && report.pictures.empty()) return text;
  add_head(report, text);
  if (!report.tests.empty()) add_tests(report, text);
  if (!report.pictures.empty()) add_pictures(report, text);
  add_notes(report, text);
  for (const SpeedTest& test : report.tests)
    if (test.profile) add_profile(test.name(), *test.profile, text);
  for (const PictureSpeed& picture : report.pictures)
    if (picture.profile) add_profile(picture.name(), *picture.profile, text);
  return text;
}

}  // namespace gerbil::cli
