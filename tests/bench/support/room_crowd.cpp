#include "tests/bench/support/room_crowd.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>
#include <thread>

#include "client/load/compare/process_figures.h"
#include "ipc/os/clock.h"

namespace rookery::bench {

namespace {

using Clock = os::Monotonic;

constexpr std::chrono::seconds kNewsWithin{20};
constexpr std::size_t kSpeakersOfOneRoom = 10;
constexpr std::size_t kTextBytes = 100;

std::string say(const std::string& room) {
  return say_line(DialectChoice::Text, kTextBytes, room);
}

std::uint64_t cpu_ns_of(const ServerUnderTest& server) {
  std::uint64_t sum = 0;
  for (const pid_t process : server.processes()) sum += load::cpu_ns(process);
  return sum;
}

}  // namespace

RoomCrowd::RoomCrowd(const ServerUnderTest& server, std::size_t clients)
    : server_(&server), crowd_(server.port(), clients, ping_line(DialectChoice::Text)), lines_(clients) {}

RoomCrowd::RoomCrowd(const ServerUnderTest& server, std::size_t rooms, std::size_t members)
    : RoomCrowd(server, rooms * members) {
  members_ = members;
  for (std::size_t room = 0; room < rooms; ++room) {
    const std::string name = fmt::format("#bench-{}", room);
    for (std::size_t i = 0; i < members; ++i) join(room * members + i, name);
    const std::size_t speakers = rooms == 1 ? std::min(kSpeakersOfOneRoom, members - 1) : 1;
    for (std::size_t i = 0; i < speakers; ++i) speakers_.push_back({room * members + i, say(name)});
  }
  silent_ = members - 1;
}

RoomCrowd RoomCrowd::at_one_worker(const ServerUnderTest& server, std::size_t clients, int worker) {
  RoomCrowd crowd(server, clients);
  std::set<std::string> at_worker;  // ids of clients
  for (const std::string& line : crowd.ask(0, "/list\n")) {
    if (line.ends_with(fmt::format(" {}", worker))) at_worker.insert(line.substr(0, line.find(' ')));
  }
  // Who is who: [#lobby] guest17(17): who am I?  What others have said comes before it.
  std::vector<std::size_t> members;
  for (std::size_t client = 0; client < clients; ++client) {
    std::string id;
    for (const std::string& line : crowd.ask(client, "/say #lobby who am I?\n")) {
      const std::size_t open = line.find('(');
      if (!is_answer(line) && open != std::string::npos) id = line.substr(open + 1, line.find(')') - open - 1);
    }
    if (at_worker.contains(id)) members.push_back(client);
  }
  if (members.size() < 2) throw std::runtime_error("all clients are at one worker");
  const std::string name = "#bench-0";
  for (const std::size_t client : members) {
    crowd.join(client, name);
    if (crowd.speakers_.size() < std::min(kSpeakersOfOneRoom, members.size() - 1))
      crowd.speakers_.push_back({client, say(name)});
  }
  crowd.members_ = members.size();
  crowd.silent_ = members.back();
  return crowd;
}

void RoomCrowd::join(std::size_t client, const std::string& room) {
  const std::string answer = ask(client, "/join " + room + "\n").back();
  if (!answer.starts_with("OK")) throw std::runtime_error("cannot join: " + answer);
}

std::vector<std::string> RoomCrowd::ask(std::size_t client, const std::string& line) {
  std::vector<std::string> came;
  crowd_.send(client, line);
  while (came.empty() || !is_answer(came.back())) {
    const bool news = crowd_.turn(kNewsWithin, [&](std::size_t who, std::string_view bytes) {
      lines_[who].feed(bytes, [&](std::string_view one) {
        if (who == client) came.emplace_back(one);
      });
    });
    if (!news) throw std::runtime_error("no answer to " + line);
  }
  return came;
}

RoomFigures RoomCrowd::run(double deliveries_per_second, std::size_t burst, double seconds) {
  const double bursts_per_second = deliveries_per_second / static_cast<double>(members_ * burst);
  const auto bursts = std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(bursts_per_second * seconds)));
  const std::size_t messages = bursts * burst;
  const std::size_t expected = messages * members_;
  std::size_t sent = 0;  // bursts
  std::size_t delivered = 0;
  std::size_t answered = 0;
  std::size_t silent_heard = 0;
  const std::uint64_t segments_before = crowd_.segments(silent_);
  const std::uint64_t cpu_before = cpu_ns_of(*server_);
  const auto begin = Clock::now();
  const auto due = [&] {
    return begin + std::chrono::duration_cast<Clock::duration>(
                       std::chrono::duration<double>(static_cast<double>(sent) / bursts_per_second));
  };
  std::string lines;
  const auto send_what_is_due = [&] {
    for (; sent < bursts && due() <= Clock::now(); ++sent) {
      const Speaker& speaker = speakers_[sent % speakers_.size()];
      lines.clear();
      for (std::size_t i = 0; i < burst; ++i) lines += speaker.say;
      crowd_.send(speaker.client, lines);
    }
  };
  auto last_news = begin;
  while (delivered < expected || answered < messages) {
    send_what_is_due();
    if (Clock::now() > last_news + kNewsWithin) throw std::runtime_error("messages or answers are missing");
    const auto patience = sent < bursts ? due() - Clock::now() : Clock::duration(kNewsWithin);
    crowd_.turn(std::max(patience, Clock::duration::zero()), [&](std::size_t client, std::string_view bytes) {
      lines_[client].feed(bytes, [&](std::string_view line) {
        ++(is_answer(line) ? answered : delivered);
        if (client == silent_) ++silent_heard;
      });
      last_news = Clock::now();
      send_what_is_due();
    });
  }
  const double took = std::chrono::duration<double>(Clock::now() - begin).count();
  RoomFigures figures;
  figures.messages = messages;
  figures.deliveries_per_second = static_cast<double>(delivered) / took;
  figures.cpu_us = static_cast<double>(cpu_ns_of(*server_) - cpu_before) / 1000 / static_cast<double>(delivered);
  const auto writes = static_cast<double>(crowd_.segments(silent_) - segments_before);
  figures.messages_per_write = writes > 0 ? static_cast<double>(silent_heard) / writes : 0;
  return figures;
}

void RoomCrowd::rest(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

}  // namespace rookery::bench
