// master/supervisor/master.h
//
// The master: one thread, one loop, a named function for each event.
#pragma once

#include <chrono>
#include <string>

#include "ipc/chat/shared_state.h"
#include "ipc/os/file_descriptor.h"
#include "ipc/os/poller.h"
#include "master/console/console.h"
#include "master/console/console_host.h"
#include "master/options/options.h"
#include "master/supervisor/data_directory.h"
#include "master/supervisor/launcher.h"
#include "master/supervisor/listener.h"
#include "master/supervisor/signals.h"
#include "master/supervisor/supervisor.h"

namespace rookery::master {

// Everything that is made before the first fork, in this order. Throws StartError.
struct Foundation {
  explicit Foundation(const Options& options);

  Signals signals;
  std::uint32_t max_clients;
  DataDirectory data;
  Listener listener;
  chat::SharedState state;
  os::FileDescriptor control_socket;
};

class Master final : private ConsoleHost {
 public:
  Master(const Options& options, Foundation& foundation);

  // Serves until it is told to stop.
  [[nodiscard]] Outcome run();

 private:
  void handle(const epoll_event& event);
  void on_signal();
  void on_timer();
  void on_everybody_serves();
  void on_stop_begins();
  [[nodiscard]] std::chrono::milliseconds time_until_due() const noexcept;

  // The console's wishes.
  [[nodiscard]] std::vector<ClientRow> clients() const override { return supervisor_.clients(); }
  [[nodiscard]] std::uint64_t count_clients() const override { return supervisor_.count_clients(); }
  [[nodiscard]] std::vector<ProcessRow> processes() const override { return supervisor_.processes(); }
  [[nodiscard]] std::vector<ShutOutRow> shut_out() const override { return supervisor_.shut_out(); }
  [[nodiscard]] bool broadcast(const std::string& text) override { return supervisor_.broadcast(text); }
  void kick(std::uint64_t client, const std::string& reason) override { supervisor_.kick(client, reason); }
  [[nodiscard]] std::optional<std::string> drain(Conversation who, std::uint64_t slot) override {
    return supervisor_.drain(who, slot);
  }
  [[nodiscard]] std::optional<std::string> scale(Conversation who, std::uint64_t workers) override {
    return supervisor_.scale(who, workers);
  }
  void stop() override { supervisor_.stop("exit on the console"); }

  Foundation& foundation_;
  os::Poller poller_;
  os::FileDescriptor timer_;
  Launcher launcher_;
  Supervisor supervisor_;
  std::uint32_t workers_;  // at the start
  Console console_;
};

}  // namespace rookery::master
