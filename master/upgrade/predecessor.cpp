#include "master/upgrade/predecessor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "ipc/os/program.h"
#include "master/upgrade/region_check.h"
#include "master/upgrade/sealed_text.h"

namespace rookery::master {

namespace {

constexpr const char* kOwnName = "rookery-master";

int take_number(std::string_view& rest) noexcept {
  int number = -1;
  const std::size_t end = std::min(rest.find(' '), rest.size());
  std::from_chars(rest.data(), rest.data() + end, number);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return number;
}

void demand_kind(int descriptor, mode_t kind, std::string_view what) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0 || (status.st_mode & S_IFMT) != kind)
    throw BadState(fmt::format("descriptor {} is not {}", descriptor, what));
}

// What the state's numbers say must be what is open: a wrong one would serve clients what is not theirs.
void check_kinds(const State& state) {
  demand_kind(state.data_directory, S_IFDIR, "the data directory");
  demand_kind(state.lock, S_IFREG, "the lock");
  demand_kind(state.listener, S_IFSOCK, "the listener");
  demand_kind(state.control_socket, S_IFSOCK, "the control socket");
  if (state.metrics_listener >= 0) demand_kind(state.metrics_listener, S_IFSOCK, "the metrics' listener");
  const auto segment = [](const SegmentDescriptors& one) {
    demand_kind(one.writer, S_IFREG, "a shared region");
    demand_kind(one.reader, S_IFREG, "a shared region");
  };
  const auto pipe = [](const PipeDescriptors& one) {
    demand_kind(one.read_end, S_IFIFO, "a doorbell");
    demand_kind(one.write_end, S_IFIFO, "a doorbell");
  };
  for (const auto* one : {&state.log_ring, &state.ledger_region, &state.user_table, &state.master_region})
    segment(*one);
  for (const auto& region : state.worker_regions) segment(region);
  pipe(state.ledger_doorbell);
  for (const auto& bell : state.loop_doorbells) pipe(bell);
  for (const auto& held : state.held)
    if (held.socket >= 0) demand_kind(held.socket, S_IFSOCK, "a client's socket");
  for (const auto& conversation : state.conversations) demand_kind(conversation.socket, S_IFSOCK, "an operator's");
}

template <class Visit>
void for_each_descriptor(const State& state, Visit visit) {
  for (const int one : {state.data_directory, state.lock, state.listener, state.control_socket}) visit(one);
  if (state.first_error_output >= 0) visit(state.first_error_output);
  if (state.metrics_listener >= 0) visit(state.metrics_listener);
  const auto segment = [&](const SegmentDescriptors& one) {
    visit(one.writer);
    visit(one.reader);
  };
  const auto pipe = [&](const PipeDescriptors& one) {
    visit(one.read_end);
    visit(one.write_end);
  };
  for (const auto* one : {&state.log_ring, &state.ledger_region, &state.user_table, &state.master_region})
    segment(*one);
  for (const auto& region : state.worker_regions) segment(region);
  pipe(state.ledger_doorbell);
  for (const auto& bell : state.loop_doorbells) pipe(bell);
  for (const auto& held : state.held)
    if (held.socket >= 0) visit(held.socket);
  for (const auto& conversation : state.conversations) visit(conversation.socket);
}

}  // namespace

Predecessor::Predecessor(std::vector<std::string> arguments, int text, int program, std::string why)
    : arguments_(std::move(arguments)), text_(text), program_(program), why_(std::move(why)) {}

std::optional<Predecessor> Predecessor::find(std::vector<std::string> arguments) {
  const char* const variable = std::getenv(kTakeOverVariable);
  if (variable == nullptr) return std::nullopt;
  std::string_view rest = variable;
  const int text = take_number(rest);
  const int program = take_number(rest);
  std::string why(rest);
  ::unsetenv(kTakeOverVariable);
  if (text <= STDERR_FILENO || ::fcntl(text, F_GETFD) < 0) return std::nullopt;  // somebody else's variable
  os::name_this_process(kOwnName);
  return Predecessor(std::move(arguments), text, program > STDERR_FILENO ? program : -1, std::move(why));
}

std::string Predecessor::describe(int text, int way_back, const std::string& why) {
  return fmt::format("{} {} {}", text, way_back, why);
}

const State& Predecessor::read() {
  State state = decode(read_sealed_text(text_.get()));
  if (state.pid != ::getpid()) throw BadState(fmt::format("it was left to process {}", state.pid));
  check_kinds(state);
  check_regions(state);
  // What is neither ours nor named there came from whoever started the server, a lock of his perhaps: it stays.
  for_each_descriptor(state, [](int descriptor) { os::keep_open_on_exec(descriptor, false); });
  os::keep_open_on_exec(text_.get(), false);
  if (program_) os::keep_open_on_exec(program_.get(), false);
  return state_.emplace(std::move(state));
}

void Predecessor::go_back(const std::string& why) const {
  if (!program_ || !untouched_) return;
  // What could not be read is open as it was left.
  if (state_) for_each_descriptor(*state_, [](int descriptor) { os::keep_open_on_exec(descriptor, true); });
  os::keep_open_on_exec(text_.get(), true);
  os::keep_open_on_exec(program_.get(), false);
  static_cast<void>(
      os::execute(program_.get(), arguments_, os::environment_with(kTakeOverVariable, describe(text_.get(), -1, why))));
}

void Predecessor::forget() noexcept {
  begin();
  text_.reset();
  program_.reset();
  state_.reset();
}

int hand_over_to(int program, const std::vector<std::string>& arguments, const State& state, int way_back,
                 const std::string& why) {
  const os::FileDescriptor text = seal_text("rookery-state", encode(state));
  const auto keep = [&](bool on) {
    for_each_descriptor(state, [&](int descriptor) { os::keep_open_on_exec(descriptor, on); });
    os::keep_open_on_exec(text.get(), on);
    if (way_back >= 0) os::keep_open_on_exec(way_back, on);
  };
  keep(true);
  const int reason = os::execute(
      program, arguments, os::environment_with(kTakeOverVariable, Predecessor::describe(text.get(), way_back, why)));
  keep(false);
  return reason;
}

}  // namespace rookery::master
