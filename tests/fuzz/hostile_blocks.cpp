// tests/fuzz/hostile_blocks.cpp: DeadWorker's part about what may be wrong in a region.
#include <array>

#include "tests/fuzz/dead_worker.h"
#include "worker/delivery/own_output.h"

namespace rookery::fuzz {

namespace {

template <class T>
void set(T& field, std::uint64_t value) noexcept {
  field = static_cast<T>(value);
}
template <class T>
void set(std::atomic<T>& field, std::uint64_t value) noexcept {
  field.store(static_cast<T>(value));
}

}  // namespace

// At some bound, beside it, small, or any.
std::uint64_t DeadWorker::any_number(Input& input) const {
  const chat::WorkerLayout& layout = shared.worker_layout;
  const std::uint64_t buffers = layout.small_buffers() + std::uint64_t{layout.large_buffers()};
  const std::array<std::uint64_t, 24> bounds{0,
                                             1,
                                             2,
                                             sizeof(worker::OwnOutput::BufferHead),
                                             300,
                                             chat::kSmallBufferBytes,
                                             chat::kLargeBufferBytes,
                                             layout.small_buffers(),
                                             buffers,
                                             chat::kMaxRooms,
                                             chat::kMaxRoomsOfSession,
                                             0xffff,
                                             0x7fffffff,
                                             0xffffffff,
                                             std::uint64_t{1} << 40,
                                             ~std::uint64_t{0},
                                             log_end_,
                                             log_[log_.size() / 2].begin,
                                             log_[3].begin,
                                             outbox_number_,
                                             outbox_number_ / 2,
                                             seq_,
                                             2000,
                                             kDeadEpoch};
  const std::uint8_t which = input.byte();
  if (which < 2 * bounds.size()) return bounds[which / 2] + which % 2;
  if (which < 3 * bounds.size()) return bounds[which - 2 * bounds.size()] - 1;
  if (which < 160) return input.byte();
  if (which < 200) return input.number<std::uint16_t>();
  if (which < 220) return layout.small_buffers() + 1 + input.byte() % 18;
  return input.number<std::uint64_t>();
}

void DeadWorker::change_stream(Input& input, chat::SessionStream& stream) const {
  const std::uint8_t field = input.byte();
  const std::uint64_t to = any_number(input);
  switch (field % 21) {
    case 0:
      return set(stream.received_bytes, to);
    case 1:
      return set(stream.written_bytes, to);
    case 2:
      return set(stream.log_cursor, to);
    case 3:
      return set(stream.outbox_number, to);
    case 4:
      return set(stream.answered_number, to);
    case 5:
      return set(stream.input_buffer, to);
    case 6:
      return set(stream.input_begin, to);
    case 7:
      return set(stream.input_end, to);
    case 8:
      return set(stream.output_head, to);
    case 9:
      return set(stream.output_tail, to);
    case 10:
      return set(stream.output_begin, to);
    case 11:
      return set(stream.output_end, to);
    case 12:
      return set(stream.slot, to);
    case 13:
      return set(stream.flags, to);
    case 14:
      return set(stream.dialect, to);
    case 15:
      return set(stream.items_next, to);
    case 16:
      return set(stream.items_given, to);
    case 17:
      return set(stream.items_promised, to);
    case 18:
      return set(stream.had_all_from, to);
    case 19:
      return set(stream.user, to);
    default:
      return set(stream.missed, to);
  }
}

void DeadWorker::change_block(std::uint32_t place, Input& input) const {
  chat::SessionBlock& there = block(place);
  const std::uint8_t field = input.byte();
  const std::uint64_t to = any_number(input);
  switch (field % 11) {
    case 0:
      return set(there.state, to);
    case 1:
      return set(there.client, to);
    case 2:
      return set(there.in_lobby, to);
    case 3:
      return set(there.rooms.count, to);
    case 4:
      return set(there.rooms.overflow, to);
    case 5:
    case 6:
      return set(there.rooms.words[field / 11 % chat::kInlineRooms],
                 chat::SessionRoom{static_cast<std::uint32_t>(to), any_number(input)}.packed());
    case 7:
      return set(there.had_from.everybody, to);
    case 8:
      return set(there.had_from.lobby, to);
    case 9:
      return set(there.address[field / 11 % 2], to);
    default: {  // the head of a buffer of its chain, or of any
      const std::uint32_t number = field > 200 ? 1 + input.byte() % 40 : 1 + 2 * place + field / 11 % 2;
      const worker::OwnOutput::BufferHead head{static_cast<std::uint32_t>(to),
                                               static_cast<std::uint32_t>(any_number(input))};
      std::memcpy(buffer(number), &head, sizeof head);
    }
  }
}

void DeadWorker::change_counts(Input& input, KernelCounts& counts) const {
  const std::uint8_t field = input.byte();
  const std::uint64_t to = any_number(input);
  switch (field % 7) {
    case 0:
      counts.received += (field & 0x80) != 0 ? to : to % 64;
      return;
    case 1:
      counts.acknowledged += (field & 0x80) != 0 ? to : to % 4096;
      return;
    case 2:
      return set(counts.unread, to);
    case 3:
      return set(counts.unsent, to);
    case 4:
      return set(counts.state, to % 13);
    case 5:
      counts.moves = field % 3 == 0;
      return;
    default:
      return set(counts.refuses, to % 8);
  }
}

void DeadWorker::seat_hostile(std::uint32_t place, Input& input, KernelCounts& counts) {
  const std::uint8_t kind = input.byte();
  chat::SessionStream stream = sound_stream(place);
  counts = {.received = stream.received_bytes, .acknowledged = stream.written_bytes};
  for (std::uint8_t changes = kind % 8; changes > 0; --changes) change_stream(input, stream);
  sit(place, stream);
  if ((kind & 0x30) == 0x30) {  // as the journal was written, the block was not
    const std::string_view bytes = input.text(input.byte());
    if (!bytes.empty())
      std::memcpy(static_cast<void*>(&block(place).stream), bytes.data(),
                  std::min(bytes.size(), sizeof block(place).stream));
  } else if ((kind & 0x30) == 0x20) {  // or any bytes at all
    const std::string_view bytes = input.text(sizeof(chat::SessionBlock));
    if (!bytes.empty()) std::memcpy(static_cast<void*>(&block(place)), bytes.data(), bytes.size());
  }
  for (std::uint8_t changes = kind / 8 % 4; changes > 0; --changes) change_block(place, input);
  for (std::uint8_t changes = kind / 64; changes > 0; --changes) change_counts(input, counts);
}

void DeadWorker::scribble_anywhere(Input& input) {
  chat::LoopControl& loop = wild.control(0);
  const std::uint8_t choices = input.byte();
  if ((choices & 1) != 0) loop.log_position.store(any_number(input));
  if ((choices & 2) != 0) loop.awaiting_position.store(any_number(input));
  if ((choices & 4) != 0) loop.sessions_high_water.store(any_number(input));
  if ((choices & 8) != 0) wild.header().slot_epoch.store(any_number(input));
  if ((choices & 16) != 0) {
    Input bytes(input.text(input.byte()));
    scribble(bytes, reinterpret_cast<std::byte*>(&loop), sizeof loop);
  }
  if ((choices & 32) != 0) {  // the index of clients
    const chat::WorkerLayout& layout = shared.worker_layout;
    Input bytes(input.text(input.byte()));
    scribble(bytes, wild_mapping.data() + layout.clients(0), layout.sessions(0) - layout.clients(0));
  }
  scribble(input, wild_mapping.data() + shared.worker_layout.sessions(0),
           shared.worker_layout.buffer(0, shared.worker_layout.small_buffers() + kMostHostile) -
               shared.worker_layout.sessions(0));
}

}  // namespace rookery::fuzz
