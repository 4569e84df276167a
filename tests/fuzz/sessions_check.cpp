// tests/fuzz/sessions_check.cpp: session blocks and counters of a wild worker.
#include <string>
#include <vector>

#include "ipc/chat/record.h"
#include "ipc/wire/limits.h"
#include "master/ledger/departures.h"
#include "master/supervisor/regions.h"
#include "tests/fuzz/checks.h"
#include "tests/fuzz/server_under_check.h"

namespace rookery::fuzz {

namespace {

constexpr std::uint32_t kJoins = 6;
constexpr std::uint32_t kLeaves = 2;

struct Sessions : ServerUnderCheck {
  shm::LogRingWriter ring{context.log_ring.data(), chat::kLogRingWords};
  master::Regions regions{shared};

  Sessions() {
    std::vector<std::byte> bytes;
    for (std::uint32_t i = 0; i < kJoins + kLeaves; ++i) {
      chat::Record record;
      record.header.kind = i % 4 == 3 ? chat::RecordKind::Leave : chat::RecordKind::Join;
      record.header.client = 1 + i / 2;
      record.header.room = 1 + i % 3;
      record.header.slot_epoch = 1;
      record.name = "alice";
      record.target_name = "#a";
      chat::encode_record(record, bytes);
      ring.append(bytes);
    }
    ring.publish();
  }
};

void demand_printable(std::string_view text) {
  demand(!text.empty(), "something is shown");
  for (const char c : text) demand(c > ' ' && c <= '~', "what is shown is one harmless word");
}

}  // namespace

// Counters, session blocks, and the outbox's tail.
void check_sessions(std::string_view bytes) {
  static Sessions server;
  Input input(bytes);
  server.set_counters(input);
  server.wild.control(0).outbox_tail.store(input.number<std::uint64_t>());
  server.fill_sessions(input);

  std::vector<master::ClientRow> rows;
  server.regions.add_clients(0, rows);
  demand(rows.size() <= kClients && rows.size() == server.regions.count_clients(0),
         "no more clients than there is room");
  for (const master::ClientRow& row : rows) {
    demand_printable(row.name);
    demand_printable(row.address);
    demand_printable(row.dialect);
  }
  demand(server.regions.outbox_depth_words(0) <= chat::kOutboxWords, "the outbox's depth is bounded");
  constexpr std::int64_t kStartedMs = 5000;
  constexpr std::int64_t kNowMs = 60'000;
  const auto age = server.regions.worker_heartbeat_age(0, kStartedMs, kNowMs).count();
  demand(age >= 0 && age <= kNowMs - kStartedMs, "a heartbeat is as old as the process at most");

  const ledger::Departures gone = ledger::find_departures(server.context, 0);
  demand(gone.open.size() <= kJoins, "nobody leaves who has not joined");
  for (const ledger::Departure& departure : gone.open) {
    demand(wire::is_valid_name(departure.name), "who leaves has a name that can be told");
    demand(departure.room != chat::kLobbyRoom, "nobody leaves the lobby");
    demand(departure.slot == 0, "they leave from their own slot");
  }
}

}  // namespace rookery::fuzz
