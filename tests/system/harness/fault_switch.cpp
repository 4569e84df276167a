#include "tests/system/harness/fault_switch.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <stdexcept>
#include <system_error>

namespace rookery::system_test {

FaultSwitch::FaultSwitch(std::string_view rules) : file_(directory_.path() / "faults") {
  const int descriptor = ::open(file_.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor < 0 || ::ftruncate(descriptor, sizeof(fault::Board)) != 0)
    throw std::system_error(errno, std::generic_category(), "cannot make " + file_.string());
  void* const memory = ::mmap(nullptr, sizeof(fault::Board), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  ::close(descriptor);
  if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "cannot map " + file_.string());
  board_ = new (memory) fault::Board{};
  if (!rules.empty()) set(rules);
}

FaultSwitch::~FaultSwitch() {
  ::munmap(board_, sizeof(fault::Board));
}

void FaultSwitch::set(std::string_view rules) {
  if (const auto why = fault::set_rules(*board_, rules)) throw std::invalid_argument(*why);
}

void FaultSwitch::clear() noexcept {
  fault::clear_rules(*board_);
}

std::uint64_t FaultSwitch::fired() const noexcept {
  std::uint64_t sum = 0;
  for (const fault::Rule& rule : board_->rules)
    if (rule.live.load() != 0) sum += rule.fired.load();
  return sum;
}

std::uint64_t FaultSwitch::fired(std::size_t rule) const noexcept {
  return board_->rules[rule].fired.load();
}

std::uint64_t FaultSwitch::passed(fault::Point point) const noexcept {
  return board_->passed[static_cast<std::size_t>(point)].load();
}

void FaultSwitch::surround(const std::filesystem::path& directory, std::uint16_t port) noexcept {
  directory.string().copy(board_->directory.data(), board_->directory.size() - 1);
  board_->port = port;
}

int FaultSwitch::outcome(fault::Attempt attempt) const noexcept {
  return board_->outcomes[static_cast<std::size_t>(attempt)].load();
}

}  // namespace rookery::system_test
