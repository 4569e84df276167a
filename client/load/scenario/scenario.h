// client/load/scenario/scenario.h
//
// What the clients of a run say, and what they check in what they hear. The loop (engine/loop.h) knows connections,
// lines and the schedule; a scenario knows the chat.
//
// To add one: a file of its own in this directory with a Scenario and its Part, a function that makes it, below, and a
// line in make_scenario.cpp. scenario/echo.cpp is the simplest.
//
// The life of a client, in calls to its thread's Part:
//     on_connected      it has a connection on which the server has answered; say what must be said before the run,
//                       and call stage.ready(client), now or in an on_line()
//     on_begin          all are ready. Closed loop: send `window` requests, and another one for each answer while
//                       stage.sending()
//     on_due            open loop only, and only for the `initiators`: send one request, and count its time from `due`
//     on_line           a line came, at stage.now(), in any phase
//     on_stop           send nothing new. (One may still ask what the check needs.)
//     settled           asked again and again then, unless it is closed: is there nothing that this client waits for?
//     on_closed         the server has ended the connection. It is counted already, and whether it is a fault too
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "client/load/engine/client.h"
#include "client/load/engine/stage.h"
#include "client/load/outcome.h"
#include "client/load/plan.h"

namespace rookery::load {

// The share of one thread. Called by that thread alone.
class Part {
 public:
  virtual ~Part() = default;

  virtual void on_connected(Client& client) = 0;
  virtual void on_begin(Client& client) = 0;
  virtual void on_due(Client& client, Nanoseconds due) = 0;
  // May on_due() be called now? Else it is when bytes have gone out again.
  [[nodiscard]] virtual bool takes_due(const Client& client) { return client.open() && !client.congested(); }
  virtual void on_line(Client& client, std::string_view line) = 0;  // without its end
  virtual void on_stop(Client& /*client*/) {}
  virtual void on_closed(Client& /*client*/) {}
  // At the end of each turn of the loop, before what was said goes out.
  virtual void on_turn_end() {}
  [[nodiscard]] virtual bool settled(const Client& client) = 0;
  // After the last line: what did not come. Into stage.tally().faults.
  virtual void on_end() {}
};

class Scenario {
 public:
  virtual ~Scenario() = default;

  // Clients have the numbers from 0; client n is on thread n % plan.threads. The first `initiators` are those that the
  // schedule of an open loop is for.
  [[nodiscard]] virtual std::uint32_t connections() const = 0;
  [[nodiscard]] virtual std::uint32_t initiators() const = 0;
  // One for each thread. `stage` outlives it.
  [[nodiscard]] virtual std::unique_ptr<Part> make_part(Stage& stage) = 0;
  // When all threads have ended and their tallies are in `outcome`: what only shows in all parts together.
  virtual void judge(LoadOutcome& /*outcome*/) {}
};

// REQUIRES: `plan` outlives it.
[[nodiscard]] std::unique_ptr<Scenario> make_scenario(const LoadPlan& plan);

[[nodiscard]] std::unique_ptr<Scenario> make_echo(const LoadPlan& plan);
[[nodiscard]] std::unique_ptr<Scenario> make_fanout(const LoadPlan& plan);
[[nodiscard]] std::unique_ptr<Scenario> make_accounts(const LoadPlan& plan);
[[nodiscard]] std::unique_ptr<Scenario> make_churn(const LoadPlan& plan);
[[nodiscard]] std::unique_ptr<Scenario> make_idle(const LoadPlan& plan);

}  // namespace rookery::load
