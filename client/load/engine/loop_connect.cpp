// client/load/engine/loop_connect.cpp
//
// How the clients of a Loop get their connections and lose them.
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cerrno>

#include "client/load/engine/loop.h"
#include "ipc/os/errors.h"

namespace rookery::load {

void Loop::connect(Client& client) {
  os::FileDescriptor socket(::socket(address_.bytes.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return not_connected(client, errno);
  const int yes = 1;
  (void)::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);  // delays, where it fails, no more
  const auto* address = reinterpret_cast<const sockaddr*>(&address_.bytes);
  const int result = ::connect(socket.get(), address, address_.length);
  if (result != 0 && errno != EINPROGRESS) return not_connected(client, errno);
  if (!poller_.add(socket.get(), EPOLLIN | EPOLLOUT, client.number())) return not_connected(client, errno);
  client.begin_connection(std::move(socket));
  client.wants_write = true;
}

void Loop::on_connect_ended(Client& client) {
  look_at_clock();
  int error = 0;
  socklen_t length = sizeof error;
  if (::getsockopt(client.socket(), SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
  if (error != 0) {
    client.end_connection();
    return not_connected(client, error);
  }
  if (client.prepared()) {
    client.state = Client::State::Open;
    part_->on_connected(client);
  } else {
    client.state = Client::State::Greeting;
    speech_.ping(client.output, 0);
  }
  flush(client);
}

// A server that is full, or shuts this address out, says so before it closes.
void Loop::on_greeting_line(Client& client, std::string_view line) {
  const Heard heard = speech_.understand(line);
  if (heard.said == Said::Pong) {
    client.state = Client::State::Open;
    return part_->on_connected(client);
  }
  if (heard.said == Said::Refused)
    return cannot_run(fmt::format("{} refuses client {}: {} {}", client::to_string(plan_.server), client.number() + 1,
                                  heard.code, heard.text));
  if (heard.said == Said::Nonsense || heard.said == Said::Echo)
    cannot_run(fmt::format("what answers at {} is no Rookery server", client::to_string(plan_.server)));
}

void Loop::ready(Client& client) {
  if (client.prepared()) return;
  client.was_prepared = true;
  --being_prepared_;
  last_advance_ = os::Monotonic::now();
  if (--unprepared_ == 0) conductor_.thread_is_ready();
}

void Loop::hang_up(Client& client) {
  if (client.state == Client::State::Closed) return;
  (void)client.flush();
  client.end_connection();
}

void Loop::not_connected(Client& client, int error) {
  if (!client.prepared())
    return cannot_run(fmt::format("cannot connect to {}: {}", client::to_string(plan_.server), os::error_text(error)));
  if (error == EADDRNOTAVAIL) {
    ++tally_.no_port;
  } else {
    ++tally_.faults.not_connected;
    tally_.faults.example(fmt::format("client {} could not connect: {}", client.number(), os::error_text(error)));
  }
  part_->on_closed(client);
}

void Loop::ended_by_server(Client& client, const char* how, int error) {
  const bool was_expected = client.may_end;
  client.end_connection();
  if (!client.prepared())
    return cannot_run(
        fmt::format("{} closed the connection of client {} before it answered; is the server full? "
                    "(its --max-clients and --max-clients-per-address)",
                    client::to_string(plan_.server), client.number() + 1));
  if (!was_expected) {
    ++tally_.faults.closed;
    tally_.faults.example(
        error != 0 ? fmt::format("client {}: the connection was {}: {}", client.number(), how, os::error_text(error))
                   : fmt::format("client {}: {}", client.number(), how));
  }
  part_->on_closed(client);
}

}  // namespace rookery::load
