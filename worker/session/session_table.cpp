#include "worker/session/session_table.h"

#include <arpa/inet.h>
#include <fmt/core.h>

#include <algorithm>
#include <cstring>

#include "ipc/os/clock.h"
#include "ipc/os/errors.h"

namespace rookery::worker {

namespace {

constexpr std::uint32_t kReserveStepBlocks = 256;
static_assert(wire::kDialectCount <= chat::kDialectsCounted);
static_assert(chat::kMaxRooms <= 1U << chat::SessionRoom::kIdBits);

void store_address(chat::SessionBlock& block, const PeerAddress& peer) {
  std::uint16_t port = 0;
  if (peer.storage.ss_family == AF_INET) port = ntohs(reinterpret_cast<const sockaddr_in&>(peer.storage).sin_port);
  if (peer.storage.ss_family == AF_INET6) port = ntohs(reinterpret_cast<const sockaddr_in6&>(peer.storage).sin6_port);
  const chat::SourceAddress source = peer.address();
  block.address[0].store(source.words[0], std::memory_order_relaxed);
  block.address[1].store(source.words[1], std::memory_order_relaxed);
  block.port.store(port, std::memory_order_relaxed);
}

}  // namespace

std::string PeerAddress::text() const {
  char host[INET6_ADDRSTRLEN] = "?";
  if (storage.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage);
    ::inet_ntop(AF_INET, &v4.sin_addr, host, sizeof host);
    return fmt::format("{}:{}", host, ntohs(v4.sin_port));
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage);
  if (storage.ss_family == AF_INET6) ::inet_ntop(AF_INET6, &v6.sin6_addr, host, sizeof host);
  return fmt::format("[{}]:{}", host, ntohs(v6.sin6_port));
}

SessionTable::SessionTable(const WorkerContext& context, std::uint32_t loop, BufferPool& buffers)
    : buffers_(buffers),
      limits_(context.loop_settings[loop].limits),
      address_secret_(context.settings.address_secret),
      users_(context.users),
      layout_(context.shared.worker_layout),
      control_(context.own().control(loop)),
      addresses_(context.own().addresses(loop)),
      index_(context.own().clients(loop)),
      blocks_(context.own().sessions(loop)),
      writer_descriptor_(context.shared.worker_regions[context.start.number].writer_descriptor()),
      blocks_offset_(layout_.sessions(loop)) {
  std::vector<std::uint64_t> inherited;  // clients by index
  for (const InheritedClient& client : context.start.inherited) {
    if (client.place.loop != loop || client.place.index >= layout_.sessions_per_loop()) continue;
    if (client.place.index >= inherited.size()) inherited.resize(client.place.index + 1ULL);
    inherited[client.place.index] = client.client;
  }
  for (std::uint32_t i = 0; i < inherited.size(); ++i) {
    if (!reserve_block(i)) os::throw_errno("not enough shared memory for the clients there are");
    static_cast<void>(make_place());
    if (inherited[i] == 0) free_.push_back(i);
  }
  // Whatever the predecessor has counted, whoever is carried on is seen by `list` and by the ledger, and no block is
  // written to for which there may be no memory.
  const auto used = std::max(context.shared.sessions_with_memory(context.own(), context.start.number, loop),
                             static_cast<std::uint32_t>(inherited.size()));
  control_.sessions_high_water.store(used, std::memory_order_release);
  if (const auto last = control_.journal.last(); last && last->place < used)
    control_.journal.repair(blocks_[last->place].stream);  // before anything else is put into the journal
  for (std::uint32_t i = 0; i < used; ++i) {
    const bool stays =
        i < inherited.size() && inherited[i] != 0 && blocks_[i].client.load(std::memory_order_relaxed) == inherited[i];
    if (!stays) blocks_[i].state.store(static_cast<std::uint32_t>(chat::SessionState::Free), std::memory_order_release);
  }
  mend_index(used);
  addresses_.clear();
  control_.connections.store(0, std::memory_order_relaxed);
  control_.lobby_members.store(0, std::memory_order_relaxed);
  for (chat::Counter& clients : control_.counters.clients) chat::set(clients, 0);
}

void SessionTable::mend_index(std::uint32_t used) {
  const auto is_open = [this](std::uint32_t i) {
    return blocks_[i].state.load(std::memory_order_relaxed) == static_cast<std::uint32_t>(chat::SessionState::Open);
  };
  const auto hash_of = [this](std::uint32_t i) {
    return chat::client_hash(blocks_[i].client.load(std::memory_order_relaxed), address_secret_);
  };
  index_.remove_unless([&](std::uint32_t i, std::uint64_t tag) {
    return i < used && is_open(i) && shm::HashIndex::tag_of(hash_of(i)) == tag;
  });
  for (std::uint32_t i = 0; i < used; ++i)
    if (is_open(i)) ROOKERY_INVARIANT(index_.insert(hash_of(i), i));
}

bool SessionTable::reserve_block(std::uint32_t index) noexcept {
  if (index < reserved_) return true;
  if (index >= layout_.sessions_per_loop()) return false;
  const std::uint32_t step = std::min(kReserveStepBlocks, layout_.sessions_per_loop() - reserved_);
  if (!shm::reserve(writer_descriptor_, blocks_offset_ + std::uint64_t{reserved_} * sizeof(chat::SessionBlock),
                    std::uint64_t{step} * sizeof(chat::SessionBlock)))
    return false;
  reserved_ += step;
  return true;
}

Session& SessionTable::make_place() {
  if (places_ == chunks_.size() * kChunkSessions) chunks_.push_back(std::make_unique<Session[]>(kChunkSessions));
  Session& session = at(places_);
  session.index = places_++;
  return session;
}

Session* SessionTable::take_place() {
  if (free_.empty()) {
    if (!reserve_block(places_)) return nullptr;
    free_.push_back(make_place().index);
  }
  Session& session = at(free_.back());
  free_.pop_back();
  if (control_.sessions_high_water.load(std::memory_order_relaxed) <= session.index)
    control_.sessions_high_water.store(session.index + 1ULL, std::memory_order_release);
  return &session;
}

void SessionTable::seat(Session& session, os::FileDescriptor socket, std::uint64_t client,
                        const chat::SourceAddress& address) {
  session.socket = std::move(socket);
  session.client = client;
  session.block = blocks_ + session.index;
  const Source source = source_of(address, address_secret_);
  session.opened_at = session.last_line_at = os::CoarseMoment(os::Monotonic::now());
  session.metered = lines_allowed(limits_, source) > 0;
  session.in_address_count = clients_allowed(limits_, source) > 0;
  if (session.in_address_count) addresses_.add(source.key);
  ROOKERY_INVARIANT(index_.insert(chat::client_hash(client, address_secret_), session.index));
  ++count_;
  control_.connections.store(count_, std::memory_order_relaxed);
}

void SessionTable::limits_changed() noexcept {
  for_each([this](Session& session) {
    const Source from = source(session);
    session.metered = lines_allowed(limits_, from) > 0;
    const bool counts = clients_allowed(limits_, from) > 0;
    if (counts == session.in_address_count) return;
    session.in_address_count = counts;
    if (counts)
      addresses_.add(from.key);
    else
      addresses_.remove(from.key);
  });
}

chat::Counter& SessionTable::clients_of(const Session& session) noexcept {
  return control_.counters.clients[session.stream.dialect % chat::kDialectsCounted];
}

void SessionTable::set_dialect(Session& session, wire::DialectId dialect) noexcept {
  chat::set(clients_of(session), chat::value_of(clients_of(session)) - 1);
  session.stream.dialect = static_cast<std::uint8_t>(dialect);
  chat::count(clients_of(session));
}

Session* SessionTable::open(os::FileDescriptor socket, const PeerAddress& peer, std::uint64_t client) {
  Session* const place = take_place();
  if (place == nullptr) return nullptr;
  Session& session = *place;
  seat(session, std::move(socket), client, peer.address());
  chat::count(clients_of(session));
  chat::SessionBlock& block = *session.block;
  block.client.store(client, std::memory_order_relaxed);
  block.since_ms.store(os::realtime_ms(), std::memory_order_relaxed);
  block.messages.store(0, std::memory_order_relaxed);
  block.in_lobby.store(0, std::memory_order_relaxed);
  store_address(block, peer);
  block.rooms.count.store(0, std::memory_order_relaxed);
  block.rooms.overflow.store(chat::kNoBuffer, std::memory_order_relaxed);
  block.had_from.everybody.store(chat::SessionHadFrom::kNever, std::memory_order_relaxed);
  for (auto* had_from : {&block.had_from.lobby, &block.had_from.account}) had_from->store(0, std::memory_order_relaxed);
  commit(session);
  block.state.store(static_cast<std::uint32_t>(chat::SessionState::Open), std::memory_order_release);
  return &session;
}

Session& SessionTable::restore(os::FileDescriptor socket, std::uint32_t index, const chat::SessionStream& stream,
                               std::uint32_t rooms, std::uint32_t overflow) {
  Session& session = at(index);
  chat::SessionBlock& block = blocks_[index];
  const chat::SourceAddress address{
      {block.address[0].load(std::memory_order_relaxed), block.address[1].load(std::memory_order_relaxed)}};
  seat(session, std::move(socket), block.client.load(std::memory_order_relaxed), address);
  session.stream = stream;
  chat::count(clients_of(session));
  session.had_line = stream.dialect != 0;
  block.rooms.count.store(rooms, std::memory_order_relaxed);
  block.rooms.overflow.store(overflow, std::memory_order_relaxed);
  return session;
}

Session* SessionTable::import(os::FileDescriptor socket, const chat::SessionBlock& from,
                              const chat::SessionStream& stream) {
  Session* const place = take_place();
  if (place == nullptr) return nullptr;
  Session& session = *place;
  const auto copy = [](auto& to, const auto& of) {
    to.store(of.load(std::memory_order_relaxed), std::memory_order_relaxed);
  };
  chat::SessionBlock& block = blocks_[session.index];
  for (std::size_t i = 0; i < block.address.size(); ++i) copy(block.address[i], from.address[i]);
  copy(block.client, from.client);
  copy(block.since_ms, from.since_ms);
  copy(block.messages, from.messages);
  copy(block.port, from.port);
  copy(block.in_lobby, from.in_lobby);
  copy(block.had_from.everybody, from.had_from.everybody);
  copy(block.had_from.lobby, from.had_from.lobby);
  copy(block.had_from.account, from.had_from.account);
  block.rooms.count.store(0, std::memory_order_relaxed);
  block.rooms.overflow.store(chat::kNoBuffer, std::memory_order_relaxed);
  seat(session, std::move(socket), block.client.load(std::memory_order_relaxed),
       {{block.address[0].load(std::memory_order_relaxed), block.address[1].load(std::memory_order_relaxed)}});
  session.stream = stream;
  chat::count(clients_of(session));
  session.had_line = stream.dialect != 0;
  return &session;
}

void SessionTable::give_up_place(std::uint32_t index) {
  chat::SessionBlock& block = blocks_[index];
  block.state.store(static_cast<std::uint32_t>(chat::SessionState::Free), std::memory_order_release);
  index_.remove(chat::client_hash(block.client.load(std::memory_order_relaxed), address_secret_), index);
  free_.push_back(index);
}

Session* SessionTable::find(std::uint64_t client) noexcept {
  const auto index = index_.find(chat::client_hash(client, address_secret_),
                                 [&](std::uint32_t i) { return find(i, client) != nullptr; });
  return index ? &at(*index) : nullptr;
}

void SessionTable::close(Session& session) {
  chat::SessionBlock& block = *session.block;
  block.state.store(static_cast<std::uint32_t>(chat::SessionState::Free), std::memory_order_release);
  buffers_.give_back(block.rooms.overflow.load(std::memory_order_relaxed), chat::kSmallBufferBytes);
  // All of it: a thread's recv() may have put more there than was dealt with.
  buffers_.give_back(session.stream.input_buffer, chat::kLargeBufferBytes);

  if (session.in_address_count) addresses_.remove(source(session).key);

  index_.remove(chat::client_hash(session.client, address_secret_), session.index);

  chat::set(clients_of(session), chat::value_of(clients_of(session)) - 1);
  const std::uint32_t index = session.index;
  session = Session{};
  session.index = index;
  free_.push_back(index);
  --count_;
  control_.connections.store(count_, std::memory_order_relaxed);
}

Session* SessionTable::find(std::uint32_t index, std::uint64_t client) noexcept {
  if (index >= places_) return nullptr;
  Session& session = at(index);
  return session.open() && session.client == client ? &session : nullptr;
}

std::atomic<std::uint64_t>* SessionTable::room_place(const Session& session, std::uint32_t place) const noexcept {
  chat::SessionRooms& rooms = session.block->rooms;
  if (place < chat::kInlineRooms) return &rooms.words[place];
  auto* more =
      reinterpret_cast<std::atomic<std::uint64_t>*>(buffers_.data(rooms.overflow.load(std::memory_order_relaxed)));
  return more + (place - chat::kInlineRooms);
}

std::vector<chat::SessionRoom> SessionTable::rooms_had(const Session& session) const {
  std::vector<chat::SessionRoom> result(session.block->rooms.count.load(std::memory_order_relaxed));
  for (std::uint32_t i = 0; i < result.size(); ++i)
    result[i] = chat::SessionRoom::unpack(room_place(session, i)->load(std::memory_order_relaxed));
  return result;
}

std::vector<std::uint32_t> SessionTable::rooms(const Session& session) const {
  std::vector<std::uint32_t> result;
  for (const chat::SessionRoom& room : rooms_had(session)) result.push_back(room.id);
  return result;
}

bool SessionTable::is_in_room(const Session& session, std::uint32_t room) const {
  const std::uint32_t count = session.block->rooms.count.load(std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < count; ++i)
    if (chat::SessionRoom::unpack(room_place(session, i)->load(std::memory_order_relaxed)).id == room) return true;
  return false;
}

bool SessionTable::add_room(Session& session, std::uint32_t room, std::uint64_t newest_seq) noexcept {
  chat::SessionRooms& rooms = session.block->rooms;
  const std::uint32_t count = rooms.count.load(std::memory_order_relaxed);
  if (count >= chat::kInlineRooms && rooms.overflow.load(std::memory_order_relaxed) == chat::kNoBuffer) {
    const BufferNumber buffer = buffers_.take_small();
    if (buffer == chat::kNoBuffer) return false;
    rooms.overflow.store(buffer, std::memory_order_release);
  }
  room_place(session, count)->store(chat::SessionRoom{room, newest_seq}.packed(), std::memory_order_relaxed);
  rooms.count.store(count + 1, std::memory_order_release);
  return true;
}

void SessionTable::remove_room(Session& session, std::uint32_t room) noexcept {
  chat::SessionRooms& rooms = session.block->rooms;
  const std::uint32_t count = rooms.count.load(std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (chat::SessionRoom::unpack(room_place(session, i)->load(std::memory_order_relaxed)).id != room) continue;
    room_place(session, i)
        ->store(room_place(session, count - 1)->load(std::memory_order_relaxed), std::memory_order_relaxed);
    rooms.count.store(count - 1, std::memory_order_release);
    return;
  }
}

void SessionTable::settle_had_from(Session& session) noexcept {
  if (session.stream.had_all_from == 0) return;
  const std::uint64_t from = session.stream.had_all_from - 1;
  chat::SessionBlock& block = *session.block;
  for (auto* had_from : {&block.had_from.everybody, &block.had_from.lobby, &block.had_from.account})
    had_from->store(std::min(had_from->load(std::memory_order_relaxed), from), std::memory_order_relaxed);
  const std::uint32_t count = block.rooms.count.load(std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < count; ++i) {
    chat::SessionRoom room = chat::SessionRoom::unpack(room_place(session, i)->load(std::memory_order_relaxed));
    room.had_from = std::min(room.had_from, from);
    room_place(session, i)->store(room.packed(), std::memory_order_relaxed);
  }
  session.stream.had_all_from = 0;
  commit(session);
}

}  // namespace rookery::worker
