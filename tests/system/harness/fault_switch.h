// tests/system/harness/fault_switch.h
//
// What shall go wrong in a server, told before its start or while it runs, and how often it has. The rules are those of
// tests/fault/points/fault_board.h:
//
//   FaultSwitch faults("worker.after_recv:kill9:100");
//   ServerProcess server(faults, {"--workers", "2"});
//   eventually("a worker has died", [&] { return faults.fired() > 0; });
//   faults.set("store.sync:errno:EIO");    // from now on in place of what was there before
//   faults.clear();
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/fault/points/fault_board.h"
#include "tests/support/temporary_directory.h"

namespace rookery::system_test {

class FaultSwitch final {
 public:
  explicit FaultSwitch(std::string_view rules = {});
  ~FaultSwitch();
  FaultSwitch(const FaultSwitch&) = delete;
  FaultSwitch& operator=(const FaultSwitch&) = delete;

  void set(std::string_view rules);  // throws std::invalid_argument
  void clear() noexcept;

  // How often rules have struck since they were set, and how often somebody came by a point since the start.
  [[nodiscard]] std::uint64_t fired() const noexcept;
  [[nodiscard]] std::uint64_t fired(std::size_t rule) const noexcept;  // of that rule alone, counted from 0
  [[nodiscard]] std::uint64_t passed(fault::Point point) const noexcept;

  // For attempts (tests/fault/points/attempts.h), before the server starts.
  void surround(const std::filesystem::path& directory, std::uint16_t port) noexcept;
  // errno, kSucceeded, or 0: not tried yet.
  [[nodiscard]] int outcome(fault::Attempt attempt) const noexcept;

  // For ROOKERY_FAULT.
  [[nodiscard]] std::string setting() const { return "@" + file_.string(); }

 private:
  test::TemporaryDirectory directory_;
  std::filesystem::path file_;
  fault::Board* board_;
};

}  // namespace rookery::system_test
