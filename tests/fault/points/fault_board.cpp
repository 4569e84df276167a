#include "tests/fault/points/fault_board.h"

#include <cerrno>
#include <charconv>
#include <utility>
#include <vector>

namespace rookery::fault {

namespace {

struct ActionName {
  std::string_view name;
  Action action;
  bool with_argument;
};
constexpr std::array kActions{
    ActionName{"kill9", Action::Kill9, false},       ActionName{"segv", Action::Segv, false},
    ActionName{"abort", Action::Abort, false},       ActionName{"bus", Action::Bus, false},
    ActionName{"stop", Action::Stop, false},         ActionName{"spin", Action::Spin, false},
    ActionName{"exit", Action::Exit, true},          ActionName{"sleep", Action::Sleep, true},
    ActionName{"errno", Action::Error, true},        ActionName{"short", Action::Short, true},
    ActionName{"scribble", Action::Scribble, false}, ActionName{"ahead", Action::Ahead, true},
    ActionName{"back", Action::Back, true},          ActionName{"attempt", Action::Attempt, true},
    ActionName{"attempts", Action::Attempts, false},
};

constexpr std::array<std::pair<std::string_view, int>, 9> kErrors{{
    {"ENOSPC", ENOSPC},
    {"EDQUOT", EDQUOT},
    {"EIO", EIO},
    {"EMFILE", EMFILE},
    {"ENFILE", ENFILE},
    {"ENOMEM", ENOMEM},
    {"EAGAIN", EAGAIN},
    {"EROFS", EROFS},
    {"ECONNRESET", ECONNRESET},
}};

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Point> point_called(std::string_view name) {
  for (std::size_t i = 0; i < kPoints; ++i)
    if (name_of(static_cast<Point>(i)) == name) return static_cast<Point>(i);
  return std::nullopt;
}

std::optional<std::uint64_t> argument_of(Action action, std::string_view text) {
  if (action != Action::Error) return number(text);
  for (const auto& [name, value] : kErrors)
    if (name == text) return static_cast<std::uint64_t>(value);
  return std::nullopt;
}

}  // namespace

std::optional<RuleSpec> parse_rule(std::string_view text, std::string& why) {
  const auto refuse = [&](std::string_view what) {
    why = "'" + std::string(text) + "': " + std::string(what);
    return std::nullopt;
  };
  const auto parts = split(text, ':');
  if (parts.size() < 2) return refuse("a rule is point:action[:nth]");
  RuleSpec spec;
  const auto point = point_called(parts[0]);
  if (!point) return refuse("no such point");
  spec.point = *point;
  std::size_t next = 2;
  for (const ActionName& known : kActions) {
    if (known.name != parts[1]) continue;
    spec.action = known.action;
    if (!known.with_argument) break;
    const auto argument = parts.size() > 2 ? argument_of(known.action, parts[2]) : std::nullopt;
    if (!argument) return refuse("the action needs an argument it understands");
    spec.argument = *argument;
    next = 3;
  }
  if (spec.action == Action::None) return refuse("no such action");
  if (parts.size() > next + 1) return refuse("too many parts");
  if (parts.size() == next) return spec;
  std::string_view nth = parts[next];
  if (nth.ends_with('+')) {
    spec.and_after = true;
    nth.remove_suffix(1);
  }
  const auto value = number(nth);
  if (!value || *value == 0) return refuse("nth is a number from 1 on");
  spec.nth = *value;
  return spec;
}

void set_rule(Board& board, std::size_t index, const RuleSpec& spec) noexcept {
  Rule& rule = board.rules[index];
  rule.live.store(0);
  rule.point.store(static_cast<std::uint32_t>(spec.point));
  rule.action.store(static_cast<std::uint32_t>(spec.action));
  rule.and_after.store(spec.and_after ? 1 : 0);
  rule.argument.store(spec.argument);
  rule.nth.store(spec.nth);
  rule.hits.store(0);
  rule.fired.store(0);
  rule.live.store(1);
}

void clear_rules(Board& board) noexcept {
  for (Rule& rule : board.rules) rule.live.store(0);
}

std::optional<std::string> set_rules(Board& board, std::string_view text) {
  std::vector<RuleSpec> specs;
  std::string why;
  for (const std::string_view part : split(text, ',')) {
    const auto spec = parse_rule(part, why);
    if (!spec) return why;
    specs.push_back(*spec);
  }
  if (specs.size() > kRules) return "too many rules";
  clear_rules(board);
  for (std::size_t i = 0; i < specs.size(); ++i) set_rule(board, i, specs[i]);
  return std::nullopt;
}

}  // namespace rookery::fault
