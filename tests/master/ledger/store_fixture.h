// tests/master/ledger/store_fixture.h
//
// What the store's tests share: a directory that goes away, records as the ledger makes them, groups of them.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/chat/record.h"
#include "master/ledger/store.h"
#include "tests/support/temporary_directory.h"

namespace rookery::store {

using test::TemporaryDirectory;

inline chat::Record say(std::uint64_t seq, std::string_view room, std::string_view text,
                        std::string_view name = "alice") {
  chat::Record record;
  record.header.kind = chat::RecordKind::Say;
  record.header.seq = seq;
  record.header.time_ms = 1'700'000'000'000 + static_cast<std::int64_t>(seq);
  record.header.client = 12;
  record.header.account = 3;
  record.header.slot = 1;
  record.header.slot_epoch = 0xfedcba9876543210;  // above what a signed number holds
  record.header.outbox_number = seq + 1000;
  record.name = name;
  record.target_name = room;
  record.text = text;
  return record;
}

inline chat::Record broadcast(std::uint64_t seq, std::string_view text) {
  chat::Record record = say(seq, "", text);
  record.header.kind = chat::RecordKind::Broadcast;
  return record;
}

inline chat::Record direct(std::uint64_t seq, std::uint64_t target, std::string_view target_name,
                           std::string_view text) {
  chat::Record record = say(seq, target_name, text);
  record.header.kind = chat::RecordKind::Direct;
  record.header.target = target;
  return record;
}

inline chat::Record registration(std::uint64_t seq, std::uint64_t account, std::string_view name,
                                 std::string_view hash) {
  chat::Record record = say(seq, "", hash, name);
  record.header.kind = chat::RecordKind::Register;
  record.header.target = account;
  return record;
}

inline chat::Record reservation(std::uint64_t seq, std::uint64_t first, std::uint64_t count) {
  chat::Record record = say(seq, "", "", "");
  record.header.kind = chat::RecordKind::ReserveClients;
  record.header.target = first;
  record.header.members = count;
  return record;
}

// A whole group; false as soon as a step is.
inline bool store_group(Store& store, const std::vector<chat::Record>& records) {
  if (!store.begin()) return false;
  for (const chat::Record& record : records) {
    if (!store.add(record)) {
      store.rollback();
      return false;
    }
  }
  return store.commit();
}

inline std::vector<std::uint64_t> seqs_of(const HistoryPage& page) {
  std::vector<std::uint64_t> seqs;
  for (const auto& bytes : page.records) {
    const auto record = chat::decode_record(bytes);
    seqs.push_back(record ? record->header.seq : 0);
  }
  return seqs;
}

inline std::vector<std::uint64_t> all_of_room(const std::filesystem::path& directory, const std::string& room) {
  StoreReader reader(directory);
  HistoryQuery query;
  query.room = room;
  query.limit = kMaxHistoryWalk;
  return seqs_of(reader.history(query));
}

inline std::string contents(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

// The message of the StoreError that opening throws; empty when it opens.
inline std::string why_not_open(const std::filesystem::path& directory) {
  try {
    const Store store(directory);
  } catch (const StoreError& error) {
    return error.what();
  }
  return {};
}

}  // namespace rookery::store
