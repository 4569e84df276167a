#include "worker/log/ring_search.h"

#include "ipc/chat/record.h"

namespace rookery::worker {

// The newest number given before `position`, where a record begins; empty when that is overwritten.
std::optional<std::uint64_t> RingSearch::newest_before(shm::Position position) {
  reader_.seek(position);
  if (reader_.read(bytes_) != shm::ReadResult::Record) return std::nullopt;
  const auto record = chat::decode_record(bytes_);
  if (!record) return std::nullopt;
  // A record without a number of its own carries that of the newest before it.
  return chat::is_numbered(record->header) ? record->header.seq - 1 : record->header.seq;
}

RingPlace RingSearch::find(std::uint64_t seq) {
  reader_.landmarks(landmarks_);
  std::size_t first = 0;
  std::optional<std::uint64_t> before;
  for (; first < landmarks_.size() && !before; ++first) before = newest_before(landmarks_[first]);
  if (!before) return {};
  --first;
  if (*before > seq) {
    // The sequencer keeps what is not durable in the ring, far from its end; so this is a formality.
    if (landmarks_[first] > reader_.durable_end()) return {};
    return {std::nullopt, *before};
  }
  // landmarks_[first] will do; the last one that does is the nearest.
  std::size_t end = landmarks_.size();
  while (end - first > 1) {
    const std::size_t middle = first + (end - first) / 2;
    before = newest_before(landmarks_[middle]);
    if (!before) return {};
    (*before <= seq ? first : end) = middle;
  }
  return {landmarks_[first], 0};
}

}  // namespace rookery::worker
