// worker/session/session_table.h
//
// The sessions of one event loop, and their blocks in the worker's region.
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "worker/limits/source.h"
#include "worker/session/buffer_pool.h"
#include "worker/session/session.h"
#include "worker/worker_context.h"

namespace rookery::worker {

struct PeerAddress {
  sockaddr_storage storage{};

  [[nodiscard]] std::string text() const;  // "127.0.0.1:56552", "[::1]:56552"
  [[nodiscard]] chat::SourceAddress address() const noexcept { return chat::source_address(storage); }
};

class SessionTable final {
 public:
  // Blocks of a predecessor are free, but for those of the clients that this loop inherits: they wait to be restored or
  // given up.
  SessionTable(const WorkerContext& context, std::uint32_t loop, BufferPool& buffers);

  // Null when there is no block left, or no memory for one.
  [[nodiscard]] Session* open(os::FileDescriptor socket, const PeerAddress& peer, std::uint64_t client);
  // Of a dead worker: the session goes on in the block where it is. `stream` is what is to be believed of it; of its
  // rooms those in the block, `rooms` of them.
  [[nodiscard]] Session& restore(os::FileDescriptor socket, std::uint32_t index, const chat::SessionStream& stream,
                                 std::uint32_t rooms, std::uint32_t overflow);
  // Of another worker's: the session gets a block here, a copy of the one there. Its rooms and buffers are not copied.
  // Null when there is no block left.
  [[nodiscard]] Session* import(os::FileDescriptor socket, const chat::SessionBlock& block,
                                const chat::SessionStream& stream);
  // An inherited place where nobody sits.
  void give_up_place(std::uint32_t index);

  // The client's first byte has said which.
  void set_dialect(Session& session, wire::DialectId dialect) noexcept;

  // Gives block and buffers back and closes the socket. The session must have left its topics.
  void close(Session& session);

  // Overwrites what of its input is dealt with, but for what was overwritten before. Any line may hold a password, a
  // misspelt one too. REQUIRES: the block is committed and names these bytes no more: until then a successor carries
  // them out.
  void wipe_input(Session& session) noexcept {
    buffers_.wipe(session.stream.input_buffer, session.wiped_bytes, session.stream.input_begin);
    session.wiped_bytes = session.stream.input_begin;
  }

  // Null when there is no such client here.
  [[nodiscard]] Session* find(std::uint64_t client) noexcept;
  // Null when that client is not there any more.
  [[nodiscard]] Session* find(std::uint32_t index, std::uint64_t client) noexcept;
  [[nodiscard]] Session& at(std::uint32_t index) noexcept {
    return chunks_[index / kChunkSessions][index % kChunkSessions];
  }
  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
  // Indices below it are good for at(); the place may be free.
  [[nodiscard]] std::uint32_t places() const noexcept { return places_; }

  // visit(Session&) for each open one; it may doom sessions but not close them.
  template <class Visit>
  void for_each(Visit visit) {
    for (std::uint32_t i = 0; i < places_; ++i)
      if (at(i).open()) visit(at(i));
  }

  // Who is counted and metered, after the loop's limits have changed.
  void limits_changed() noexcept;

  void drop_items() noexcept {
    for (std::uint32_t i = 0; i < places_; ++i) at(i).items.reset();
  }

  // Writes the session's stream through to its block. Who has output under way goes by Delivery::commit().
  void commit(Session& session) noexcept {
    control_.journal.store(session.block->stream, session.index, session.stream);
    session.uncommitted = false;
  }

  // This loop's, for metrics.
  [[nodiscard]] chat::LoopCounters& counters() noexcept { return control_.counters; }

  // Whoever is logged in there, as of now.
  [[nodiscard]] chat::SessionLogin login(const Session& session) const noexcept {
    return chat::login_of(users_, session.stream.user);
  }
  [[nodiscard]] Source source(const Session& session) const noexcept {
    return source_of(session.address(), address_secret_);
  }

  // The rooms in a block; kInlineRooms there, the rest in a buffer.
  [[nodiscard]] std::vector<std::uint32_t> rooms(const Session& session) const;
  [[nodiscard]] std::vector<chat::SessionRoom> rooms_had(const Session& session) const;
  [[nodiscard]] bool is_in_room(const Session& session, std::uint32_t room) const;
  // `newest_seq`: the newest message's before it comes in. False when shared memory is short.
  [[nodiscard]] bool add_room(Session& session, std::uint32_t room, std::uint64_t newest_seq) noexcept;
  void remove_room(Session& session, std::uint32_t room) noexcept;

  // Brings stream.had_all_from to all that the client listens to. Changes nothing the second time, so a death in the
  // middle of it does no harm.
  void settle_had_from(Session& session) noexcept;

 private:
  [[nodiscard]] Session* take_place();
  [[nodiscard]] chat::Counter& clients_of(const Session& session) noexcept;
  // The predecessor's index becomes that of the blocks that are open.
  void mend_index(std::uint32_t used);
  void seat(Session& session, os::FileDescriptor socket, std::uint64_t client, const chat::SourceAddress& address);
  [[nodiscard]] bool reserve_block(std::uint32_t index) noexcept;
  [[nodiscard]] std::atomic<std::uint64_t>* room_place(const Session& session, std::uint32_t place) const noexcept;

  static constexpr std::uint32_t kChunkSessions = 128;

  [[nodiscard]] Session& make_place();  // behind the others; throws std::bad_alloc

  BufferPool& buffers_;
  const ClientLimits& limits_;  // the loop's
  std::uint64_t address_secret_;
  const shm::NameTableReader& users_;
  chat::WorkerLayout layout_;
  chat::LoopControl& control_;
  shm::CountTable addresses_;
  shm::HashIndex index_;  // block numbers by client; other workers read it
  chat::SessionBlock* blocks_;
  int writer_descriptor_;
  std::uint64_t blocks_offset_;
  std::uint32_t reserved_ = 0;  // blocks that have pages
  std::uint32_t count_ = 0;
  // By index; a session never moves. Chunks of some pages, so that the allocator adds nothing to each.
  std::vector<std::unique_ptr<Session[]>> chunks_;
  std::uint32_t places_ = 0;
  std::vector<std::uint32_t> free_;
};

}  // namespace rookery::worker
