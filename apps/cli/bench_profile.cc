#include "cli/bench_profile.h"

#include <algorithm>

namespace gerbil::cli {
namespace {

void add_to(ProfileRow& row, const ProfileRow& other) {
  row.calls += other.calls;
  row.seconds += other.seconds;
  row.least_seconds += other.least_seconds;
  row.bytes += other.bytes;
  row.operations += other.operations;
}

// "mlp.down" of "layers.3.mlp.down" and of "vision.blocks.3.mlp.down".
std::string_view without_layer(const OpCall& call) {
  if (call.layer < 0) return call.place;
  const size_t number = call.place.find_first_of("0123456789");
  const size_t dot = call.place.find('.', number);
  return dot == std::string_view::npos ? std::string_view() : call.place.substr(dot + 1);
}

void longest_first(std::vector<ProfileRow>& rows) {
  std::ranges::sort(rows, std::greater{}, &ProfileRow::seconds);
}

}  // namespace

bool multiplies_rows(std::string_view op) { return op == "linear" || op == "experts"; }

void Work::add(const OpCall& call, bool int8_activations) {
  read_bytes += call.weight_bytes + call.state_read_bytes;
  memory_bytes += call.weight_bytes + call.state_read_bytes + call.state_written_bytes;
  value_bytes += call.value_bytes;
  const bool int8 = int8_activations && multiplies_rows(call.op);
  (int8 ? int8_operations : f32_operations) += static_cast<double>(call.operations);
}

double Work::least_seconds(const MachineRates& rates) const {
  const auto seconds = [](double amount, double rate) { return rate > 0 ? amount / rate : 0; };
  const double computing = seconds(f32_operations, rates.f32_operations_s) +
                           seconds(int8_operations, 2 * rates.int8_products_s);
  const auto bytes = static_cast<double>(memory_bytes + (computing == 0 ? value_bytes : 0));
  return std::max(computing, seconds(bytes, rates.read_bytes_s));
}

void Profile::add(const StepProfile& step) {
  ++steps_;
  step_seconds_ += step.seconds;
  for (const OpCall& call : step.calls) {
    call_seconds_ += call.seconds;
    Work work;
    work.add(call, int8_activations_);
    const ProfileRow one{.calls = 1,
                         .seconds = call.seconds,
                         .least_seconds = work.least_seconds(rates_),
                         .bytes = work.memory_bytes + work.value_bytes,
                         .operations = static_cast<double>(call.operations)};
    const std::string_view part = without_layer(call);
    auto of = std::ranges::find_if(
        parts_, [&](const ProfileRow& row) { return row.op == call.op && row.part == part; });
    if (of == parts_.end()) {
      parts_.push_back({.op = std::string(call.op), .part = std::string(part)});
      of = parts_.end() - 1;
    }
    add_to(*of, one);
    auto layer = std::ranges::find(layers_, call.layer, &ProfileRow::layer);
    if (layer == layers_.end()) {
      layers_.push_back({.layer = call.layer});
      layer = layers_.end() - 1;
    }
    add_to(*layer, one);
  }
}

std::vector<ProfileRow> Profile::ops() const {
  std::vector<ProfileRow> ops;
  for (const ProfileRow& part : parts_) {
    auto of = std::ranges::find(ops, part.op, &ProfileRow::op);
    if (of == ops.end()) {
      ops.push_back({.op = part.op});
      of = ops.end() - 1;
    }
    add_to(*of, part);
  }
  longest_first(ops);
  return ops;
}

std::vector<ProfileRow> Profile::parts() const {
  std::vector<ProfileRow> parts = parts_;
  longest_first(parts);
  return parts;
}

std::vector<ProfileRow> Profile::layers() const {
  std::vector<ProfileRow> layers = layers_;
  // -1 becomes the largest number there is.
  std::ranges::sort(layers, {},
                    [](const ProfileRow& row) { return static_cast<uint64_t>(row.layer); });
  return layers;
}

}  // namespace gerbil::cli
