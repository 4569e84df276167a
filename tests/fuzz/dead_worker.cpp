#include "tests/fuzz/dead_worker.h"

#include <fmt/format.h>

#include <cctype>
#include <limits>

#include "ipc/chat/record.h"
#include "ipc/shm/name_table.h"
#include "ipc/wire/limits.h"
#include "worker/delivery/own_output.h"
#include "worker/log/record_event.h"

namespace rookery::fuzz {

namespace {

using chat::RecordKind;
using Head = worker::OwnOutput::BufferHead;

// Buffers that have pages. A block may also name one that has none.
constexpr std::uint32_t kLargeWithPages = 16;
constexpr shm::Position kTaken = 1 << 16;  // of its outbox, by the ledger: all numbers in the log lie before it
constexpr std::string_view kRooms[] = {"#a", "#b"};  // 1 and 2

std::string marked_line(std::uint32_t buffer, std::uint32_t at) {
  const std::string mark = fmt::format("Zk{:03}-{:05}~", buffer, at);
  std::string line = fmt::format("{}\n{{\"op\":\"echo\",\"text\":\"{}\"}}", mark, mark);
  line.resize(kMarkedLineBytes - 1, ' ');
  return line + "\n";
}

}  // namespace

std::set<Mark> marks_in(std::string_view text) {
  std::set<Mark> marks;
  const auto number = [](std::string_view digits) {
    std::uint32_t value = 0;
    for (const char c : digits) {
      if (std::isdigit(static_cast<unsigned char>(c)) == 0) return std::numeric_limits<std::uint32_t>::max();
      value = value * 10 + static_cast<std::uint32_t>(c - '0');
    }
    return value;
  };
  for (auto at = text.find("Zk"); at != text.npos; at = text.find("Zk", at + 2)) {
    const std::string_view mark = text.substr(at, 12);
    if (mark.size() != 12 || mark[5] != '-' || mark[11] != '~') continue;
    const Mark found{number(mark.substr(2, 3)), number(mark.substr(6, 5))};
    if (found.buffer != ~0U && found.at != ~0U) marks.insert(found);
  }
  return marks;
}

DeadWorker::DeadWorker() {
  const chat::WorkerLayout& layout = shared.worker_layout;
  for (std::uint32_t number = 1; number <= layout.small_buffers() + kLargeWithPages; ++number) {
    std::string marks;
    while (marks.size() < layout.buffer_bytes(number))
      marks += marked_line(number, static_cast<std::uint32_t>(marks.size()));
    marks.resize(layout.buffer_bytes(number));
    marked_.resize(layout.buffer(0, number) - layout.buffers(0));
    marked_ += marks;
  }
  const std::string epoch = "0123456789abcdef";
  std::copy(epoch.begin(), epoch.end(), context.region().header().epoch.begin());
  for (std::uint32_t room = 1; room <= std::size(kRooms); ++room) {
    chat::RoomState state{.members = 9, .name_bytes = static_cast<std::uint32_t>(kRooms[room - 1].size())};
    std::copy(kRooms[room - 1].begin(), kRooms[room - 1].end(), state.name.begin());
    context.region().rooms()[room].store(state);
  }
  shm::NameTableWriter users(context.user_table.data(), shared.user_table.writer_descriptor(), chat::kMaxAccounts);
  demand(users.insert("alice", 7, {}) == shm::InsertResult::Inserted, "there is memory");
  fill_log();
  context.region().slot(0).outbox_taken.store(kTaken);
}

void DeadWorker::add(chat::Record record) {
  if (chat::is_numbered(record.header)) ++seq_;
  record.header.seq = seq_;
  record.header.time_ms = 1'700'000'000'000;
  LogEntry entry{ring_.end(), {}};
  chat::encode_record(record, entry.bytes);
  ring_.append(entry.bytes);
  log_.push_back(std::move(entry));
}

// What a client of the dead worker has asked for.
void DeadWorker::add_own(RecordKind kind, std::uint32_t place, std::uint32_t room, std::uint8_t outcome) {
  chat::Record record;
  record.header = {.kind = kind, .outcome = outcome, .session = place, .client = client_at(place)};
  record.header.slot_epoch = kDeadEpoch;
  record.header.outbox_number = outbox_number_ += 10;
  record.header.room = room;
  record.header.members = 9;
  const std::string name = "guest" + std::to_string(client_at(place));
  record.name = name;
  record.target_name = kRooms[room - 1];
  if (kind == RecordKind::Say) record.text = "of its own";
  add(record);
}

void DeadWorker::fill_log() {
  const std::string flood(4000, 'f');  // together more than a session is given at once
  for (std::uint32_t i = 0; i < 60; ++i) {
    const std::string text = i < 18 ? flood : fmt::format("word {}", i);
    chat::Record record;
    record.header = {.kind = RecordKind::Say, .client = 90, .slot_epoch = 3, .outbox_number = i + 1, .slot = 1};
    record.header.room = i % 3;
    record.name = "bob";
    record.target_name = i % 3 == 0 ? "#lobby" : kRooms[i % 3 - 1];
    record.text = text;
    if (i % 6 == 3) {
      record.header.kind = RecordKind::Broadcast;
      record.target_name = {};
    }
    const std::string guest = "guest" + std::to_string(1 + i % 4);
    if (i % 6 == 4) {
      record.header.kind = RecordKind::Direct;
      record.header.flags = static_cast<std::uint8_t>(i % 12 == 4 ? chat::kTargetIsGuest : 0);
      record.header.target = record.header.flags != 0 ? 1 + i % 4 : 7;
      record.target_name = record.header.flags != 0 ? std::string_view(guest) : "alice";
    }
    if (i == 40) {
      record = {};
      record.header.kind = RecordKind::Notice;
      record.text = "a word of the server";
    }
    add(record);
    const std::uint32_t place = 1 + i % kMostHostile;
    if (i % 5 == 2) add_own(RecordKind::Join, place, 1 + i % 2, static_cast<std::uint8_t>(i % 4 == 3 ? 1 : 0));
    if (i % 7 == 5) add_own(RecordKind::Leave, place, 1 + i % 2, 0);
    if (i % 4 == 1) add_own(RecordKind::Say, place, 1 + i % 2, 0);
  }
  ring_.publish();
  log_end_ = ring_.end();
  context.ring_header().durable_end.store(log_end_);
  context.region().header().newest_seq.store(seq_);
}

void DeadWorker::clear() {
  const chat::WorkerLayout& layout = shared.worker_layout;
  const int memory = shared.worker_regions[0].writer_descriptor();
  const std::uint64_t with_pages = layout.buffer(0, layout.small_buffers() + kLargeWithPages + 1);
  demand(shm::release(memory, with_pages, layout.total_bytes() - with_pages), "pages can be given back");
  demand(shm::reserve(memory, layout.buffers(0), with_pages - layout.buffers(0)), "there is memory");
  std::memcpy(wild_mapping.data() + layout.buffers(0), marked_.data(), marked_.size());
  std::memset(wild_mapping.data() + layout.clients(0), 0, layout.sessions(0) - layout.clients(0));
  std::memset(wild_mapping.data() + layout.sessions(0), 0, std::size_t{kClients} * sizeof(chat::SessionBlock));
  chat::LoopControl& loop = wild.control(0);
  std::memset(static_cast<void*>(&loop), 0, sizeof loop);
  loop.log_position.store(log_end_);
  loop.awaiting_position.store(~std::uint64_t{0});
  loop.sessions_high_water.store(1 + kMostHostile);
  wild.header().slot_epoch.store(kDeadEpoch);
}

chat::SessionStream DeadWorker::sound_stream(std::uint32_t place) const {
  const std::uint32_t small = 1 + 2 * place;
  const std::uint32_t large = shared.worker_layout.small_buffers() + 1 + place;
  const Head first{small + 1, 500};
  std::memcpy(buffer(small), &first, sizeof first);
  return {.received_bytes = 1000 * client_at(place),
          .written_bytes = 2000 * client_at(place),
          .log_cursor = log_end_,
          .input_buffer = large,
          .input_end = 2 * kMarkedLineBytes + 5,  // two lines and a half one
          .output_head = small,
          .output_tail = small + 1,
          .output_begin = sizeof(Head) + 40,
          .output_end = 300,
          .dialect = static_cast<std::uint8_t>(wire::DialectId::Text)};
}

void DeadWorker::sit(std::uint32_t place, const chat::SessionStream& stream) {
  chat::SessionBlock& there = block(place);
  there.client.store(client_at(place));
  there.address[1].store(0x0100007fffff0000);  // ::ffff:127.0.0.1
  there.in_lobby.store(1);
  there.rooms.count.store(1);
  there.rooms.words[0].store(chat::SessionRoom{1, 0}.packed());
  wild.control(0).journal.store(there.stream, place, stream);
  there.state.store(static_cast<std::uint32_t>(chat::SessionState::Open));
}

std::string DeadWorker::heard_from(shm::Position cursor, wire::DialectId dialect) const {
  std::string out;
  for (const LogEntry& entry : log_) {
    const auto record = chat::decode_record(entry.bytes);
    const chat::RecordHeader& header = record->header;
    if (entry.begin < cursor) continue;
    const bool is_said = header.kind == RecordKind::Say && header.room <= 1;
    const bool is_told = header.kind == RecordKind::Direct && (header.flags & chat::kTargetIsGuest) != 0 &&
                         header.target == client_at(kHonest);
    if (header.kind == RecordKind::Notice) wire::dialect(dialect).notice(out, record->text);
    if (is_said || is_told || header.kind == RecordKind::Broadcast)
      wire::dialect(dialect).message(out, worker::event_of(*record, record->target_name, context.region().epoch()));
  }
  return out;
}

DeadWorker::Honest DeadWorker::seat_honest(Input& input) {
  const std::uint8_t choices = input.byte();
  const bool json = (choices & 1) != 0;
  const wire::DialectId dialect = json ? wire::DialectId::JsonLines : wire::DialectId::Text;
  Honest honest{{}, {}, 0, sound_stream(kHonest)};
  honest.stream.dialect = static_cast<std::uint8_t>(dialect);
  honest.stream.output_begin = static_cast<std::uint16_t>(sizeof(Head) + input.byte());
  honest.stream.flags = chat::kBehind;
  honest.stream.log_cursor = (choices & 2) != 0 ? log_end_ : log_[input.byte() % log_.size()].begin;
  const std::string line = json ? "{\"op\":\"echo\",\"text\":\"to be sure\"}\n" : "to be sure\n";
  std::memcpy(buffer(honest.stream.input_buffer), line.data(), line.size());
  honest.stream.input_end = static_cast<std::uint16_t>(input.byte() % (line.size() + 1));
  honest.came = line.size() - honest.stream.input_end;
  honest.stream.received_bytes += honest.stream.input_end;
  sit(kHonest, honest.stream);
  const auto bytes_of = [this](std::uint32_t number, std::size_t begin, std::size_t end) {
    return std::string(reinterpret_cast<const char*>(buffer(number)) + begin, end - begin);
  };
  honest.output = bytes_of(honest.stream.output_head, honest.stream.output_begin, 500) +
                  bytes_of(honest.stream.output_tail, sizeof(Head), honest.stream.output_end) +
                  heard_from(honest.stream.log_cursor, dialect);
  wire::dialect(dialect).echo(honest.answer, {}, "to be sure");
  honest_before_ = honest_parts();
  return honest;
}

// What a successor must find as it was: the block but for its stream, which may still lie in the journal, and buffers.
std::string DeadWorker::honest_parts() const {
  const chat::SessionStream sound = sound_stream(kHonest);
  const auto* const bytes = reinterpret_cast<const char*>(&block(kHonest));
  std::string parts(bytes, offsetof(chat::SessionBlock, stream));
  parts.append(bytes + offsetof(chat::SessionBlock, rooms),
               sizeof(chat::SessionBlock) - offsetof(chat::SessionBlock, rooms));
  parts.append(reinterpret_cast<const char*>(buffer(sound.output_head)), 2 * chat::kSmallBufferBytes);
  return parts.append(reinterpret_cast<const char*>(buffer(sound.input_buffer)), 200);
}

bool DeadWorker::honest_is_intact(const Honest& honest, std::uint32_t places) const {
  const chat::LoopControl& loop = wild.control(0);
  if (loop.log_position.load() > log_end_ || loop.awaiting_position.load() != ~std::uint64_t{0}) return false;
  const auto stream = stream_at(kHonest);
  if (!stream || std::memcmp(&*stream, &honest.stream, sizeof *stream) != 0) return false;
  std::set<std::uint32_t> its{stream->input_buffer, stream->output_head, stream->output_tail};
  for (std::uint32_t place = 1; place < places; ++place) {
    if (!sits(place)) continue;
    if (its.contains(block(place).rooms.overflow.load())) return false;
    for (const Claim& claim : claims_of(place, 0))
      if (its.contains(claim.buffer)) return false;
  }
  return honest_parts() == honest_before_;
}

bool DeadWorker::sits(std::uint32_t place) const {
  return block(place).state.load() == static_cast<std::uint32_t>(chat::SessionState::Open) &&
         block(place).client.load() == client_at(place);
}

std::optional<chat::SessionStream> DeadWorker::stream_at(std::uint32_t place) const {
  const auto newest = wild.control(0).journal.last();
  if (newest && newest->place == place) return newest->value;
  return block(place).stream.load_inherited(place);
}

std::vector<Claim> DeadWorker::claims_of(std::uint32_t place, std::uint64_t came) const {
  std::vector<Claim> claims;
  const auto stream = stream_at(place);
  if (!stream) return claims;
  const chat::WorkerLayout& layout = shared.worker_layout;
  const std::uint64_t input_end = stream->input_end + std::min<std::uint64_t>(came, chat::kLargeBufferBytes);
  claims.push_back({stream->input_buffer, stream->input_begin, static_cast<std::uint32_t>(input_end)});
  std::uint32_t number = stream->output_head;
  std::uint32_t begin = stream->output_begin;
  for (std::uint32_t i = 0; i < layout.large_buffers() && layout.is_buffer(number); ++i) {
    if (number > layout.small_buffers() + kLargeWithPages) break;  // no pages: not to be touched
    Head head;
    std::memcpy(&head, buffer(number), sizeof head);
    const bool last = number == stream->output_tail;
    claims.push_back({number, begin, last ? stream->output_end : head.end});
    if (last) break;
    number = head.next;
    begin = sizeof head;
  }
  return claims;
}

}  // namespace rookery::fuzz
