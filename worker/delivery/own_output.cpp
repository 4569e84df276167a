#include "worker/delivery/own_output.h"

#include <algorithm>
#include <cstring>

#include "ipc/os/errors.h"

namespace rookery::worker {

bool OwnOutput::grow(Session& session, std::size_t wanted) noexcept {
  const bool small =
      session.stream.output_head == chat::kNoBuffer && wanted <= chat::kSmallBufferBytes - sizeof(BufferHead);
  BufferNumber buffer = small ? buffers_.take_small() : chat::kNoBuffer;
  if (buffer == chat::kNoBuffer) buffer = buffers_.take_large();
  if (buffer == chat::kNoBuffer) return false;
  head(buffer) = {chat::kNoBuffer, sizeof(BufferHead)};
  if (session.stream.output_head == chat::kNoBuffer) {
    session.stream.output_head = buffer;
    session.stream.output_begin = sizeof(BufferHead);
  } else {
    head(session.stream.output_tail).next = buffer;
  }
  session.stream.output_tail = buffer;
  session.stream.output_end = sizeof(BufferHead);
  return true;
}

bool OwnOutput::append(Session& session, std::string_view bytes) noexcept {
  session.uncommitted |= !bytes.empty();
  while (!bytes.empty()) {
    chat::SessionStream& stream = session.stream;
    std::size_t room = 0;
    if (stream.output_tail != chat::kNoBuffer) room = buffers_.capacity(stream.output_tail) - stream.output_end;
    if (room == 0) {
      if (!grow(session, bytes.size())) return false;
      room = buffers_.capacity(stream.output_tail) - stream.output_end;
    }
    const std::size_t part = std::min(room, bytes.size());
    std::memcpy(buffers_.data(stream.output_tail) + stream.output_end, bytes.data(), part);
    stream.output_end = static_cast<std::uint16_t>(stream.output_end + part);
    head(stream.output_tail).end = stream.output_end;
    bytes.remove_prefix(part);
  }
  return true;
}

std::size_t OwnOutput::size_bytes(const Session& session) const noexcept {
  std::size_t sum = 0;
  for (BufferNumber buffer = session.stream.output_head; buffer != chat::kNoBuffer; buffer = head(buffer).next)
    sum += head(buffer).end - (buffer == session.stream.output_head ? session.stream.output_begin : sizeof(BufferHead));
  return sum;
}

std::size_t OwnOutput::gather(const Session& session, std::vector<iovec>& parts, std::size_t most) const {
  std::size_t sum = 0;
  std::size_t begin = session.stream.output_begin;
  for (BufferNumber buffer = session.stream.output_head; buffer != chat::kNoBuffer && parts.size() < most;
       buffer = head(buffer).next, begin = sizeof(BufferHead)) {
    const std::size_t bytes = head(buffer).end - begin;
    parts.push_back({buffers_.data(buffer) + begin, bytes});
    sum += bytes;
  }
  return sum;
}

void OwnOutput::consume(Session& session, std::size_t bytes) noexcept {
  chat::SessionStream& stream = session.stream;
  while (stream.output_head != chat::kNoBuffer) {
    const std::size_t held = head(stream.output_head).end - stream.output_begin;
    if (bytes < held) {
      stream.output_begin = static_cast<std::uint16_t>(stream.output_begin + bytes);
      return;
    }
    bytes -= held;
    const BufferNumber done = stream.output_head;
    stream.output_head = head(done).next;
    stream.output_begin = sizeof(BufferHead);
    consumed_.push_back(done);
  }
  stream.output_tail = chat::kNoBuffer;
  stream.output_begin = stream.output_end = 0;
  ROOKERY_INVARIANT(bytes == 0);
}

void OwnOutput::drop(Session& session) noexcept {
  consume(session, size_bytes(session));
}

}  // namespace rookery::worker
