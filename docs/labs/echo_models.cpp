#include "docs/labs/echo_models.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "docs/labs/children.h"
#include "docs/labs/echo_conversation.h"
#include "docs/labs/echo_socket.h"
#include "docs/labs/say.h"
#include "ipc/os/errors.h"
#include "ipc/os/file_descriptor.h"
#include "ipc/os/process.h"
#include "worker/pool/thread_pool.h"

namespace rookery::labs {

namespace {

constexpr std::size_t kPoolQueue = 64;  // clients that wait for a thread of the pool

[[noreturn]] void one_at_a_time(int listener, unsigned /*hands*/) {
  for (;;) converse(accept_client(listener));
}

[[noreturn]] void thread_per_client(int listener, unsigned /*hands*/) {
  for (;;) {
    os::FileDescriptor client = accept_client(listener);
    try {
      std::thread([own = std::move(client)] { converse(own); }).detach();  // ends with its client, or with us
    } catch (const std::system_error& error) {
      say("a client is turned away: {}", error.what());
    }
  }
}

[[noreturn]] void thread_pool_server(int listener, unsigned hands) {
  worker::ThreadPool pool(hands, kPoolQueue, {.nice = 0, .name = "echo"});
  for (;;) {
    if (!pool.try_post([client = accept_client(listener)] { converse(client); }))
      say("a client is turned away: {} wait already", kPoolQueue);
  }
}

[[noreturn]] void pre_fork(int listener, unsigned hands) {
  std::vector<os::Process> workers(hands);
  for (;;) {
    std::vector<pollfd> ends;
    for (os::Process& worker : workers) {
      if (!worker) worker = start_child([listener]() -> int { one_at_a_time(listener, 1); });
      ends.push_back({worker.pidfd(), POLLIN, 0});
    }
    if (::poll(ends.data(), ends.size(), -1) < 0 && errno != EINTR) os::throw_errno("cannot wait for workers");
    for (os::Process& worker : workers)
      if (const std::optional<os::ExitStatus> end = worker.try_wait()) say("a worker ended: {}", end->describe());
  }
}

constexpr std::array kModels{
    EchoModel{"one", "one client at a time", one_at_a_time},
    EchoModel{"threads", "a thread per client", thread_per_client},
    EchoModel{"pool", "a pool of threads", thread_pool_server},
    EchoModel{"prefork", "processes forked before", pre_fork},
};

}  // namespace

std::span<const EchoModel> echo_models() noexcept {
  return kModels;
}

const EchoModel* find_echo_model(std::string_view name) noexcept {
  const auto* const found =
      std::find_if(kModels.begin(), kModels.end(), [name](const EchoModel& model) { return model.name == name; });
  return found == kModels.end() ? nullptr : found;
}

EchoServer::EchoServer(const EchoModel& model, unsigned hands, std::uint16_t port) {
  const os::FileDescriptor listener = listen_on_loopback(port);
  port_ = port_of(listener);
  process_ = start_child([&] { return model.serve(listener.get(), hands), 0; });
}

EchoServer::~EchoServer() {
  process_.signal(SIGTERM);
  static_cast<void>(wait_for_end(process_));
}

}  // namespace rookery::labs
