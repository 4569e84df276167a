// tests/fuzz/sequencer_check.cpp: the real sequencer, archive and store, fed by a wild worker.
#include <string>
#include <vector>

#include "ipc/os/clock.h"
#include "ipc/wire/limits.h"
#include "master/ledger/record_check.h"
#include "master/ledger/sequencer.h"
#include "tests/fuzz/checks.h"
#include "tests/fuzz/server_under_check.h"
#include "tests/support/temporary_directory.h"

namespace rookery::fuzz {

namespace {

using chat::RecordKind;

struct LedgerUnderCheck : ServerUnderCheck {
  test::TemporaryDirectory directory;
  store::Store store{directory.path()};
  shm::NameTableWriter users{context.user_table.data(), shared.user_table.writer_descriptor(), chat::kMaxAccounts};
  ledger::Archive archive{context, directory.path()};
  ledger::PublishedMark mark{directory.path()};

  LedgerUnderCheck() {
    demand(users.insert("taken", 1, {}) == shm::InsertResult::Inserted, "there is memory");
    // Past its first lap, or no position would be out of reach.
    shm::LogRingWriter ring(context.log_ring.data(), chat::kLogRingWords);
    const std::vector<std::byte> filler(ring.max_payload_bytes());
    while (ring.end() <= ring.capacity_words()) ring.append(filler);
    ring.publish();
  }
};

// A record that is nearly sound: its parts are from the input, in their places.
void append_record(Input& input, shm::RecordQueueProducer& outbox) {
  constexpr std::string_view kPeople[] = {"alice", "guest7", "taken", "#room", "#lobby", "*", "", "#other"};
  const auto word = [&]() -> std::string_view {
    const std::uint8_t which = input.byte();
    return which < 0xc0 ? kPeople[which % std::size(kPeople)] : input.text(which - 0xc0U);
  };
  chat::Record record;
  record.header.kind = static_cast<RecordKind>(input.byte());
  record.header.flags = input.byte();
  record.header.op = input.byte();
  record.header.room = input.byte();
  record.header.members = input.byte();
  record.header.client = input.byte();
  record.name = word();
  record.target_name = word();
  record.id = word();
  record.text = input.text(input.byte());
  std::vector<std::byte> bytes;
  chat::encode_record(record, bytes);
  static_cast<void>(outbox.append(bytes));
}

void demand_publishable(const chat::Record& record, std::uint64_t& seq, store::Store& store) {
  chat::Record asked = record;
  asked.header.flags = static_cast<std::uint8_t>(asked.header.flags & ~chat::kPresence);  // the ledger's
  demand(ledger::what_is_wrong(asked).empty(), "only what is sound is published");
  // Said again in other words, since what_is_wrong() is what is tested here.
  demand(record.name.size() <= wire::kMaxNameBytes && record.target_name.size() <= wire::kMaxRoomBytes,
         "names are as long as names are");
  demand(
      wire::is_valid_utf8(record.text) && wire::is_valid_utf8(record.name) && wire::is_valid_utf8(record.target_name),
      "what everybody reads is UTF-8");
  demand(record.text.find('\0') == record.text.npos, "and has no NUL");
  demand(record.header.kind != RecordKind::Notice, "a worker does not speak for the server");
  demand(record.header.kind != RecordKind::Register || record.text.size() <= shm::kNameTableValueBytes,
         "a hash fits the user table");
  demand(record.header.slot == 0, "a record says where it is from");
  demand(record.header.seq == seq + (chat::is_numbered(record.header) ? 1 : 0), "numbers have no gaps");
  seq = record.header.seq;
  if (chat::is_numbered(record.header)) demand(store.add(record), "the store takes it");
}

}  // namespace

// A row of steps, a byte each: 0 nearly sound record, 1 any bytes as a record, 2 scribble over the queue, 3 counters,
// 4 a turn, 5 the worker dies with the session blocks that follow.
void check_sequencer(std::string_view bytes) {
  static LedgerUnderCheck server;
  server.context.region().header().rooms_high_water.store(0);
  for (std::uint32_t room = 0; room < 64; ++room) server.context.region().rooms()[room].store({});
  shm::LogRingWriter ring(server.context.log_ring.data(), chat::kLogRingWords);
  shm::LogRingReader published = server.context.ring_reader();
  server.context.ring_header().durable_end.store(ring.end());
  ledger::StateMachine state({.rooms = chat::kMaxRooms, .accounts = chat::kMaxAccounts});
  state.accounts().set("taken", 1);
  ledger::RoomTable rooms(server.context.region());
  rooms.restore(state.rooms());
  shm::PositionWord& taken = server.context.region().slot(0).outbox_taken;
  taken.store(0);
  shm::RecordQueueProducer outbox(server.wild.control(0).outbox_tail, server.wild.outbox_words(0), chat::kOutboxWords,
                                  taken);
  outbox.restart_at(0);
  Input none({});
  server.set_counters(none);
  server.fill_sessions(none);
  ledger::Sequencer sequencer(server.context, ring, state, rooms, server.users.reader(), server.archive, server.mark);

  Input input(bytes);
  for (int steps = 0; !input.empty() && steps < 200; ++steps) {
    switch (input.byte() % 6) {
      case 0:
        append_record(input, outbox);
        break;
      case 1: {
        const std::string_view record = input.text(input.number<std::uint16_t>());
        if (record.size() <= outbox.max_payload_bytes())
          static_cast<void>(outbox.append(std::as_bytes(std::span(record))));
        break;
      }
      case 2: {
        if (input.byte() % 4 == 0) server.wild.control(0).outbox_tail.store(input.number<std::uint64_t>());
        Input scribbled(input.text(input.byte()));
        scribble(scribbled, reinterpret_cast<std::byte*>(server.wild.outbox_words(0)), 4096);
        break;
      }
      case 3:
        server.set_counters(input);
        if (input.byte() % 2 == 1) server.wild.control(0).heartbeat_ms.store(os::monotonic_ms());
        break;
      case 4:
        static_cast<void>(sequencer.turn());
        break;
      default: {
        server.fill_sessions(input);
        server.wild.control(0).heartbeat_ms.store(0);  // grown old: while it is fresh the log may wait for its reader
        server.context.ring_header().durable_end.store(ring.end());
        sequencer.worker_gone(0);
        int turns = 0;
        while (sequencer.take_cleaned().empty()) {
          static_cast<void>(sequencer.turn());
          demand(++turns < 1000, "a dead worker is dealt with");
        }
        outbox.restart_at(taken.load());  // its successor
      }
    }
  }
  for (int turns = 0; sequencer.turn() == ledger::Sequencer::TurnResult::Published;)
    demand(++turns < 1000, "there is an end to it");
  // A loop whose next record is still in the ring may be waited for; whoever claims to be elsewhere may not.
  const shm::Position claimed = server.wild.control(0).log_position.load();
  const bool may_be_slow = ring.end() - claimed <= ring.capacity_words();
  server.context.ring_header().durable_end.store(ring.end());
  sequencer.notice("still there?");
  demand(may_be_slow || sequencer.turn() == ledger::Sequencer::TurnResult::Published, "the others go on");
  demand(sequencer.take_damaged().size() <= 200, "damage is told once");

  demand(server.store.begin(), "a group can begin");
  std::uint64_t seq = 0;
  std::vector<std::byte> read;
  for (;;) {
    const shm::ReadResult result = published.read(read);
    if (result == shm::ReadResult::Empty) break;
    demand(result == shm::ReadResult::Record, "what is published can be read");
    const auto record = chat::decode_record(read);
    demand(record.has_value(), "what is published is a record");
    if (record->header.kind == RecordKind::Notice && record->header.slot == ~0U) continue;  // ours
    demand_publishable(*record, seq, server.store);
  }
  server.store.rollback();
}

}  // namespace rookery::fuzz
