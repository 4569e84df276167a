#include "docs/labs/echo_load.h"

#include <sys/socket.h>

#include <algorithm>
#include <string>
#include <thread>
#include <utility>

#include "docs/labs/echo_socket.h"
#include "ipc/os/file_descriptor.h"
#include "worker/pool/thread_pool.h"

namespace rookery::labs {

namespace {

using Time = os::Monotonic::time_point;

bool echoes(int socket, const std::string& text) {
  const std::string line = text + '\n';
  const std::string wanted = "Echo: " + line;
  std::string answer(wanted.size(), ' ');
  return send_all(socket, line) &&
         ::recv(socket, answer.data(), answer.size(), MSG_WAITALL) == static_cast<ssize_t>(answer.size()) &&
         answer == wanted;
}

Conversation talk(std::uint16_t port, const EchoLoad& load) {
  Conversation it{os::Monotonic::now(), {}, {}, true};
  const os::FileDescriptor socket = connect_to(port);
  for (unsigned request = 1; request <= load.requests && it.good; ++request) {
    it.good = echoes(socket.get(), "request " + std::to_string(request));
    if (request == 1) it.served = os::Monotonic::now();
    std::this_thread::sleep_for(load.think);
  }
  it.left = os::Monotonic::now();
  return it;
}

}  // namespace

std::vector<Conversation> hold_conversations(std::uint16_t port, const EchoLoad& load) {
  worker::ThreadPool clients(load.clients, load.clients, {.nice = 0, .name = "client"});
  const auto rounds = clients.map(std::vector<EchoLoad>(load.clients, load), [port](const EchoLoad& own) {
    std::vector<Conversation> of_one;
    for (unsigned round = 0; round < own.rounds; ++round) of_one.push_back(talk(port, own));
    return of_one;
  });
  std::vector<Conversation> all;
  for (const auto& of_one : rounds) all.insert(all.end(), of_one.begin(), of_one.end());
  return all;
}

int most_at_once(const std::vector<Conversation>& all) {
  std::vector<std::pair<Time, int>> changes;  // at the same moment: first who leaves
  for (const Conversation& one : all) {
    changes.emplace_back(one.served, +1);
    changes.emplace_back(one.left, -1);
  }
  std::ranges::sort(changes);
  int now = 0;
  int most = 0;
  for (const auto& [time, change] : changes) most = std::max(most, now += change);
  return most;
}

}  // namespace rookery::labs
