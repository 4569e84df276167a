// worker/log/record_event.h
//
// A message in the log as the event that clients get. Whoever makes it makes the same bytes of it: a worker that dies
// in the middle of sending one is continued by another at exactly the next byte.
#pragma once

#include <string_view>

#include "ipc/chat/record.h"
#include "ipc/wire/dialect.h"

namespace rookery::worker {

// `room`: as the loop knows the room of a Say. The event's views are the record's and the arguments'.
[[nodiscard]] inline wire::MessageEvent event_of(const chat::Record& record, std::string_view room,
                                                 std::string_view epoch) noexcept {
  wire::MessageEvent event;
  event.seq = record.header.seq;
  event.epoch = epoch;
  event.time = record.header.time_ms;
  event.from = {record.header.client, record.name};
  event.text = record.text;
  if (record.header.kind == chat::RecordKind::Say) event.room = room;
  if (record.header.kind == chat::RecordKind::Broadcast) event.room = wire::kEverybody;
  if (record.header.kind == chat::RecordKind::Direct) event.to = record.target_name;
  return event;
}

}  // namespace rookery::worker
