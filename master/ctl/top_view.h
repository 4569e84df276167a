// master/ctl/top_view.h
//
// The picture that `top` shows: lines of text and how they are to look. It knows no terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "master/ctl/top_figures.h"

namespace rookery::ctl {

enum class Look : std::uint8_t { Plain, Strong, Heading, Alarm };

struct Line {
  std::string text;
  Look look = Look::Plain;
};

enum class SortKey : std::uint8_t { Process, Clients, Deliveries, Cpu, Memory };
[[nodiscard]] SortKey next(SortKey key) noexcept;

struct TopView {
  SortKey sort = SortKey::Process;
  std::chrono::milliseconds interval{0};
  bool keys = false;  // there is somebody to press them
};

// Largest first, but for Process; processes that are alike stay in their order.
[[nodiscard]] std::vector<Line> picture(const ServerFigures& figures, const TopView& view);
// While nobody answers.
[[nodiscard]] std::vector<Line> picture_of_nobody(const std::string& why, const TopView& view);

}  // namespace rookery::ctl
