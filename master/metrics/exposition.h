// master/metrics/exposition.h
//
// Writes Prometheus' text format, version 0.0.4.
//
//     Exposition text;
//     text.family("rookery_clients", Type::Gauge, "Clients that are connected.");
//     text.sample({{"dialect", "json"}}, 3);
//     text.take();
//
// A family's samples follow its head, each set of labels once.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace rookery::metrics {

inline constexpr const char* kContentType = "text/plain; version=0.0.4; charset=utf-8";

enum class Type : unsigned char { Counter, Gauge, Histogram };

class Exposition final {
 public:
  using Label = std::pair<std::string_view, std::string_view>;
  using Labels = std::initializer_list<Label>;

  void family(std::string_view name, Type type, std::string_view help);

  void sample(Labels labels, std::uint64_t value);
  void sample(Labels labels, double value);
  void sample(std::uint64_t value) { sample({}, value); }
  void sample(double value) { sample({}, value); }

  // Of the family, without labels. Bounds and sum are shown divided by `unit`: 1e6 makes seconds of microseconds.
  // `buckets`: how many lie between a bound and the one before, one more than there are bounds.
  void histogram(std::span<const std::uint64_t> bounds, std::span<const std::uint64_t> buckets, std::uint64_t sum,
                 double unit);

  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  void line(std::string_view suffix, Labels labels, std::string_view value);

  std::string text_;
  std::string name_;  // of the family
};

}  // namespace rookery::metrics
