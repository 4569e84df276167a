// master/supervisor/master.h
//
// The master: one thread, one loop, a named function for each event.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "ipc/chat/shared_state.h"
#include "ipc/os/file_descriptor.h"
#include "ipc/os/poller.h"
#include "master/console/console.h"
#include "master/console/console_host.h"
#include "master/metrics/exporter_keeper.h"
#include "master/metrics/listen.h"
#include "master/options/options.h"
#include "master/options/reload.h"
#include "master/supervisor/data_directory.h"
#include "master/supervisor/launcher.h"
#include "master/supervisor/listener.h"
#include "master/supervisor/log_file.h"
#include "master/supervisor/service_manager.h"
#include "master/supervisor/signals.h"
#include "master/supervisor/supervisor.h"
#include "master/upgrade/kept_options.h"
#include "master/upgrade/state.h"
#include "master/upgrade/upgrade.h"

namespace rookery::master {

// Everything that is made before the first fork, in this order. Throws StartError.
struct Foundation {
  // `passed`: bound by somebody else; empty: we bind.
  Foundation(const Options& options, std::optional<Listener> passed, LogFile& log_file);
  // From what another program has left in this process. Whatever throws does so before anything of it is owned.
  Foundation(const Options& options, const State& left, LogFile& log_file);

  LogFile& log;
  Signals signals;
  std::uint32_t max_clients;
  std::uint64_t address_secret;
  DataDirectory data;
  Listener listener;
  metrics::MetricsListener metrics_listener;
  chat::SharedState state;
  os::FileDescriptor control_socket;
};

// The part of the options that every process is told of.
[[nodiscard]] chat::RuntimeSettings runtime_settings(const Options& options);

class Master final : private ConsoleHost, private UpgradeHost {
 public:
  // `asked`: the options as they were read, to which a reload compares. REQUIRES: `origin`'s predecessor lives longer,
  // if there is one.
  Master(const Options& options, Options asked, Foundation& foundation, Origin origin);

  // Serves until it is told to stop, from the beginning or from what another program has left (null: none).
  [[nodiscard]] Outcome run(const State* left);

 private:
  void handle(const epoll_event& event);
  void on_signal();
  void on_timer();
  void take_over(const State& left);
  void on_everybody_serves();
  void on_stop_begins();
  [[nodiscard]] bool on_ended_elsewhere(int pid);
  [[nodiscard]] std::chrono::milliseconds time_until_due() const noexcept;

  // The console's wishes.
  [[nodiscard]] std::vector<ClientRow> clients() const override { return supervisor_.clients(); }
  [[nodiscard]] std::uint64_t count_clients() const override { return supervisor_.count_clients(); }
  [[nodiscard]] std::vector<ProcessRow> processes() const override { return supervisor_.processes(); }
  [[nodiscard]] std::vector<ShutOutRow> shut_out() const override { return supervisor_.shut_out(); }
  [[nodiscard]] ServerStatus status() const override;
  [[nodiscard]] std::string kill(std::uint64_t slot) override { return supervisor_.kill(slot); }
  [[nodiscard]] bool broadcast(const std::string& text) override { return supervisor_.broadcast(text); }
  void kick(std::uint64_t client, const std::string& reason) override { supervisor_.kick(client, reason); }
  [[nodiscard]] std::optional<std::string> drain(Conversation who, std::uint64_t slot) override {
    return supervisor_.drain(who, slot);
  }
  [[nodiscard]] std::optional<std::string> scale(Conversation who, std::uint64_t workers) override {
    return supervisor_.scale(who, workers);
  }
  [[nodiscard]] std::optional<std::string> ask_ledger(Conversation who, const std::string& request) override {
    return supervisor_.ask_ledger(who, request);
  }
  void stop() override { supervisor_.stop("exit on the console"); }

  [[nodiscard]] std::optional<std::string> upgrade(Conversation who) override { return upgrade_.ask(who); }
  [[nodiscard]] std::optional<std::string> reload(Conversation who) override {
    return reload(std::optional<Conversation>(who));
  }
  [[nodiscard]] std::optional<std::string> reopen_log(Conversation who) override {
    return reopen_log(std::optional<Conversation>(who));
  }

  // Changes while it serves (reload.cpp). Nobody: a signal. Nothing: the answer comes when every process has it.
  [[nodiscard]] std::optional<std::string> reload(std::optional<Conversation> who);
  [[nodiscard]] std::optional<std::string> apply(Options wanted, const std::vector<OptionChange>& changes,
                                                 bool other_log, std::optional<Conversation> who);
  [[nodiscard]] std::optional<std::string> reopen_log(std::optional<Conversation> who);

  // An upgrade's wishes.
  [[nodiscard]] bool can_upgrade() const override { return supervisor_.can_hand_over(); }
  [[nodiscard]] State state_to_leave(std::optional<Conversation> awaited) const override;
  void begin_hand_over() override {
    exporter_.end();
    supervisor_.begin_hand_over();
  }
  void go_on() override { supervisor_.go_on(); }
  void reloading() override { service_.reloading(); }
  void answer(Conversation who, std::string text) override { console_.reply(who, std::move(text)); }

  Foundation& foundation_;
  std::vector<std::string> arguments_;  // without the program's name
  Options in_force_;
  ServiceManager service_;
  KeptOptions kept_;
  os::Poller poller_;
  os::FileDescriptor timer_;
  Launcher launcher_;
  Supervisor supervisor_;
  ExporterKeeper exporter_;
  std::uint32_t workers_;  // at the start
  std::chrono::milliseconds stop_timeout_;
  Console console_;
  bool sandboxed_;
  Upgrade upgrade_;
  TimePoint started_ = os::Monotonic::now();  // with the first program in this process
  bool reads_input_ = false;
  bool is_announced_ = false;  // READY was printed, by this program or the one before
};

}  // namespace rookery::master
