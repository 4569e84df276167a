#include "ipc/chat/record.h"

#include <cstring>

#include "ipc/os/errors.h"

namespace rookery::chat {

bool is_durable(RecordKind kind) noexcept {
  switch (kind) {
    case RecordKind::Say:
    case RecordKind::Broadcast:
    case RecordKind::Direct:
    case RecordKind::Register:
    case RecordKind::ReserveClients:
    case RecordKind::ChangeAccount:
    case RecordKind::ChangeBan:
      return true;
    case RecordKind::None:
    case RecordKind::Join:
    case RecordKind::Leave:
    case RecordKind::Notice:
    case RecordKind::FetchHistory:
    case RecordKind::FetchMissed:
      return false;
  }
  return false;
}

void encode_record(const Record& record, std::vector<std::byte>& out) {
  ROOKERY_INVARIANT(record.name.size() <= 0xff && record.target_name.size() <= 0xff && record.id.size() <= 0xffff);
  RecordHeader header = record.header;
  header.name_bytes = static_cast<std::uint8_t>(record.name.size());
  header.target_name_bytes = static_cast<std::uint8_t>(record.target_name.size());
  header.text_bytes = static_cast<std::uint32_t>(record.text.size());
  header.id_bytes = static_cast<std::uint16_t>(record.id.size());

  out.resize(sizeof header + record.name.size() + record.target_name.size() + record.text.size() + record.id.size());
  std::byte* at = out.data();
  const auto put = [&at](const void* from, std::size_t bytes) {
    if (bytes > 0) std::memcpy(at, from, bytes);
    at += bytes;
  };
  put(&header, sizeof header);
  put(record.name.data(), record.name.size());
  put(record.target_name.data(), record.target_name.size());
  put(record.text.data(), record.text.size());
  put(record.id.data(), record.id.size());
}

std::optional<Record> decode_record(std::span<const std::byte> bytes) noexcept {
  Record record;
  if (bytes.size() < sizeof record.header) return std::nullopt;
  std::memcpy(&record.header, bytes.data(), sizeof record.header);
  const RecordHeader& header = record.header;
  if (header.kind < RecordKind::Say || header.kind > kLastRecordKind) return std::nullopt;
  const std::size_t strings =
      std::size_t{header.name_bytes} + header.target_name_bytes + header.text_bytes + header.id_bytes;
  if (bytes.size() != sizeof header + strings) return std::nullopt;

  const char* at = reinterpret_cast<const char*>(bytes.data()) + sizeof header;
  const auto take = [&at](std::size_t length) {
    const std::string_view view(at, length);
    at += length;
    return view;
  };
  record.name = take(header.name_bytes);
  record.target_name = take(header.target_name_bytes);
  record.text = take(header.text_bytes);
  record.id = take(header.id_bytes);
  return record;
}

void patch_header(std::span<std::byte> bytes, const RecordHeader& header) noexcept {
  ROOKERY_INVARIANT(bytes.size() >= sizeof header);
  std::memcpy(bytes.data(), &header, sizeof header);
}

}  // namespace rookery::chat
