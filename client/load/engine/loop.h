// client/load/engine/loop.h
//
// One thread of a run: its share of the clients on one epoll instance, from the first connection to the last answer.
//
//     Loop loop(plan, scenario, conductor, address, 0);
//     loop.run();          // in its thread; ends by itself
//     loop.report(outcome)  // after that
//
// A turn is one wait, one read of each socket that has something, one write to each that something was said to. Nothing
// is allocated for a message once the buffers have grown. The wait is precise to some microseconds and nothing spins,
// so that an open loop keeps its schedule without taking a core from the server beside it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "client/load/engine/address.h"
#include "client/load/engine/client.h"
#include "client/load/engine/conductor.h"
#include "client/load/engine/schedule.h"
#include "client/load/engine/stage.h"
#include "client/load/engine/strain.h"
#include "client/load/scenario/scenario.h"
#include "client/load/speech.h"
#include "ipc/os/poller.h"

namespace rookery::load {

class Loop final : public Stage {
 public:
  // `thread` counts from 0 to plan.threads. Everything given outlives it. Throws std::system_error.
  Loop(const LoadPlan& plan, Scenario& scenario, Conductor& conductor, const Address& address, std::uint32_t thread);

  void run() noexcept;
  void report(LoadOutcome& outcome);
  // After the run: how much it had to do, and how late it handed out what was due.
  [[nodiscard]] Strain strain() const noexcept;
  [[nodiscard]] const Histogram& lateness() const noexcept { return lateness_; }
  // Any thread may ask, at any time.
  [[nodiscard]] std::uint64_t operations() const noexcept { return tally_.operations.load(std::memory_order_relaxed); }

  std::string& to(Client& client) override;
  void ready(Client& client) override;
  void hang_up(Client& client) override;
  void connect(Client& client) override;
  void cannot_run(std::string why) override { conductor_.fail(std::move(why)); }
  void wake_all() noexcept override { conductor_.wake_all(); }

 private:
  void assemble();
  void perform();
  void settle();

  void turn(Nanoseconds until);
  void look_at_clock() noexcept;
  void account_for_wait(Nanoseconds slept) noexcept;
  void hand_out_due();
  void catch_up(Client& client);

  void on_event(const epoll_event& event);
  void on_connect_ended(Client& client);
  void on_readable(Client& client);
  void on_greeting_line(Client& client, std::string_view line);
  void flush(Client& client);
  void flush_dirty();
  void ended_by_server(Client& client, const char* how, int error);
  void not_connected(Client& client, int error);

  Scenario& scenario_;
  Conductor& conductor_;
  const Address& address_;
  Speech speech_;
  Schedule schedule_;
  os::Poller poller_;
  std::vector<Client> clients_;
  std::vector<Client*> dirty_;
  std::vector<char> buffer_;
  std::unique_ptr<Part> part_;

  Conductor::Moment origin_;        // now_ counts from here
  Conductor::Moment last_advance_;  // of the start: a client became ready
  bool begun_ = false;              // origin_ is the moment at which the run began
  std::size_t unprepared_ = 0;      // clients
  std::size_t being_prepared_ = 0;  // of them
  std::size_t settled_ = 0;         // clients from the first on that wait for nothing more
  Nanoseconds waited_{0};           // in the counted time
  Nanoseconds cpu_at_begin_{0};     // of this thread, when the counted time began
  Nanoseconds cpu_at_end_{0};
  Histogram lateness_;            // of the tool itself, when it handed out what was due
  std::uint64_t never_sent_ = 0;  // was due, and the server did not read or the connection was gone
};

}  // namespace rookery::load
