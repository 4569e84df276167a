#include "worker/handover/remains.h"

#include <algorithm>
#include <cstring>

#include "ipc/chat/ledger_region.h"
#include "ipc/wire/dialect.h"
#include "ipc/wire/limits.h"
#include "worker/delivery/own_output.h"

namespace rookery::worker {

namespace {

constexpr std::uint8_t kAllFlags =
    chat::kDiscardingLine | chat::kPresenceOn | chat::kInputEnded | chat::kClosing | chat::kBehind | chat::kHasLoggedIn;

class Reader final {
 public:
  Reader(const WholeRegion& region, chat::Place place, const chat::SessionBlock& block)
      : region_(region), place_(place), block_(block) {}

  Remains read() {
    read_rooms();
    if (!rooms_are_sane_) remains_.rooms.clear();
    remains_.damage = read_stream();
    if (!remains_.damage.empty()) {
      const std::uint8_t dialect = remains_.stream.dialect;
      remains_.stream = {};
      if (dialect < wire::kDialectCount) remains_.stream.dialect = dialect;  // its last words are in its language
      remains_.receive_limit = 0;
      remains_.output.clear();
    }
    return std::move(remains_);
  }

 private:
  [[nodiscard]] std::string_view read_stream() {
    const auto newest = region_.view().control(place_.loop).journal.last();
    const auto stream =
        newest && newest->place == place_.index ? newest->value : block_.stream.load_inherited(place_.index);
    if (!stream) return "its session block is damaged";
    remains_.stream = *stream;
    if (stream->dialect >= wire::kDialectCount || (stream->flags & ~kAllFlags) != 0)
      return "its session block holds what no session is in";
    remains_.in_lobby = block_.in_lobby.load(std::memory_order_relaxed) != 0 ? 1 : 0;
    remains_.had_from = {block_.had_from.everybody.load(std::memory_order_relaxed),
                         block_.had_from.lobby.load(std::memory_order_relaxed),
                         block_.had_from.account.load(std::memory_order_relaxed)};
    if (!rooms_are_sane_) return "its rooms are damaged";
    if (!input_is_sane()) return "its input is damaged";
    remains_.receive_limit = receive_limit();
    return read_output();
  }

  void read_rooms() {
    const std::uint32_t count = block_.rooms.count.load(std::memory_order_acquire);
    const std::uint32_t overflow = block_.rooms.overflow.load(std::memory_order_relaxed);
    if (has_memory(overflow, 1)) remains_.overflow = overflow;
    rooms_are_sane_ =
        count <= chat::kMaxRoomsOfSession && (count <= chat::kInlineRooms || remains_.overflow != chat::kNoBuffer);
    if (!rooms_are_sane_) return;
    for (std::uint32_t i = 0; i < count; ++i) {
      const bool is_inline = i < chat::kInlineRooms;
      const auto* more =
          is_inline ? nullptr
                    : reinterpret_cast<const std::atomic<std::uint64_t>*>(region_.buffer(place_.loop, overflow));
      const std::uint64_t word = is_inline ? block_.rooms.words[i].load(std::memory_order_relaxed)
                                           : more[i - chat::kInlineRooms].load(std::memory_order_relaxed);
      const chat::SessionRoom room = chat::SessionRoom::unpack(word);
      const bool again = std::ranges::find(remains_.rooms, room.id, &chat::SessionRoom::id) != remains_.rooms.end();
      if (again && i + 1 == count) return;  // moved into a gap; its worker died before it had lowered the count
      if (room.id == chat::kLobbyRoom || room.id >= chat::kMaxRooms || again)
        rooms_are_sane_ = false;
      else
        remains_.rooms.push_back(room);
    }
  }

  [[nodiscard]] bool has_memory(std::uint32_t buffer, std::uint32_t bytes) const noexcept {
    if (!region_.layout->is_buffer(buffer) || bytes > region_.layout->buffer_bytes(buffer)) return false;
    return shm::written_bytes(region_.descriptor, region_.layout->buffer(place_.loop, buffer), bytes) >= bytes;
  }

  [[nodiscard]] bool input_is_sane() const noexcept {
    const chat::SessionStream& stream = remains_.stream;
    if (stream.input_buffer == chat::kNoBuffer) return stream.input_begin == 0 && stream.input_end == 0;
    if (!region_.layout->is_buffer(stream.input_buffer) || stream.input_begin > stream.input_end) return false;
    if (stream.input_end == 0) return true;  // nothing was received there that we know of
    return has_memory(stream.input_buffer, stream.input_end);
  }

  // Receives go into large buffers alone (Input::make_room), and leave no page there unwritten.
  [[nodiscard]] std::uint32_t receive_limit() const noexcept {
    const chat::SessionStream& stream = remains_.stream;
    const chat::WorkerLayout& layout = *region_.layout;
    if (stream.input_buffer == chat::kNoBuffer || layout.buffer_bytes(stream.input_buffer) != chat::kLargeBufferBytes)
      return stream.input_end;
    const std::uint64_t written = shm::written_bytes(
        region_.descriptor, layout.buffer(place_.loop, stream.input_buffer), chat::kLargeBufferBytes);
    return std::max<std::uint32_t>(stream.input_end, static_cast<std::uint32_t>(written));
  }

  [[nodiscard]] std::string_view read_output() {
    const chat::SessionStream& stream = remains_.stream;
    constexpr std::string_view kDamaged = "its output is damaged";
    if (stream.output_head == chat::kNoBuffer) {
      const bool empty = stream.output_tail == chat::kNoBuffer && stream.output_begin == 0 && stream.output_end == 0;
      return empty ? std::string_view() : kDamaged;
    }
    std::uint32_t buffer = stream.output_head;
    std::uint32_t begin = stream.output_begin;
    const std::size_t most = region_.layout->large_buffers();
    while (remains_.output.size() < most) {
      if (!has_memory(buffer, sizeof(OwnOutput::BufferHead))) return kDamaged;
      OwnOutput::BufferHead head;
      std::memcpy(&head, region_.buffer(place_.loop, buffer), sizeof head);
      const bool last = buffer == stream.output_tail;
      const std::uint32_t end = last ? stream.output_end : head.end;
      if (begin < sizeof head || begin > end || !has_memory(buffer, end)) return kDamaged;
      remains_.output.push_back({buffer, begin, end});
      if (last) return {};
      buffer = head.next;
      begin = sizeof head;
    }
    return kDamaged;
  }

  const WholeRegion& region_;
  chat::Place place_;
  const chat::SessionBlock& block_;
  Remains remains_;
  bool rooms_are_sane_ = false;
};

}  // namespace

std::optional<Remains> read_remains(const WholeRegion& region, chat::Place place, std::uint64_t client) {
  if (place.loop >= region.layout->loops() || place.index >= region.layout->sessions_per_loop()) return std::nullopt;
  const std::uint64_t offset =
      region.layout->sessions(place.loop) + std::uint64_t{place.index} * sizeof(chat::SessionBlock);
  if (shm::written_bytes(region.descriptor, offset, sizeof(chat::SessionBlock)) < sizeof(chat::SessionBlock))
    return std::nullopt;
  const chat::SessionBlock& block = region.view().sessions(place.loop)[place.index];
  if (block.state.load(std::memory_order_acquire) != static_cast<std::uint32_t>(chat::SessionState::Open) ||
      block.client.load(std::memory_order_relaxed) != client)
    return std::nullopt;
  return Reader(region, place, block).read();
}

std::vector<std::uint32_t> buffers_of(const Remains& remains) {
  std::vector<std::uint32_t> buffers;
  if (remains.stream.input_buffer != chat::kNoBuffer) buffers.push_back(remains.stream.input_buffer);
  for (const OutputPart& part : remains.output) buffers.push_back(part.buffer);
  if (remains.overflow != chat::kNoBuffer) buffers.push_back(remains.overflow);
  return buffers;
}

}  // namespace rookery::worker
