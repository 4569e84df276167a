// client/load/scenario/accounts_board.h
//
// What the clients of an `accounts` run know of one another, over all threads. Clients 0 to registrars() - 1 register
// new accounts; the others are the speakers, who converse. Speakers sit at tables of kTable: each table has a room, and
// each speaker writes directly to the next one at the table.
//
// Who may write  a Speaker: the thread of its client. guests_may_speak: any, before the run, always the same.
// Memory order   `sent` goes up before a message goes out, `acked` after its answer came: who has heard of either by
// way
//                of the server or of a later load sees it (release, acquire).
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "client/load/plan.h"
#include "client/load/text.h"

namespace rookery::load {

enum class Channel : std::uint8_t { Room, GuestInRoom, Broadcast, Direct };
inline constexpr std::uint32_t kChannels = 4;

// The messages of one speaker on one channel, numbered from 0.
struct Stream {
  std::atomic<std::uint64_t> sent{0};   // below this they may have gone out
  std::atomic<std::uint64_t> acked{0};  // below this they were acknowledged; sent or sent - 1
};

struct Speaker {
  std::array<Stream, kChannels> streams;
  std::atomic<std::uint64_t> client_id{0};  // that the server gave; 0: not known yet
  std::atomic<bool> done{false};            // says nothing more
  std::string account;

  [[nodiscard]] Stream& stream(Channel channel) noexcept { return streams[static_cast<std::size_t>(channel)]; }
  [[nodiscard]] const Stream& stream(Channel channel) const noexcept {
    return streams[static_cast<std::size_t>(channel)];
  }
};

class AccountsBoard final {
 public:
  static constexpr std::uint32_t kTable = 8;
  static constexpr std::uint32_t kMostClients = 4000;

  explicit AccountsBoard(const LoadPlan& plan);

  [[nodiscard]] std::uint32_t registrars() const noexcept { return registrars_; }
  [[nodiscard]] std::uint32_t speakers() const noexcept { return speakers_count_; }
  [[nodiscard]] Speaker& speaker(std::uint32_t number) const noexcept { return speakers_[number]; }

  [[nodiscard]] std::uint32_t table_begin(std::uint32_t speaker) const noexcept { return speaker / kTable * kTable; }
  [[nodiscard]] std::uint32_t table_end(std::uint32_t speaker) const noexcept {
    return std::min(table_begin(speaker) + kTable, speakers_count_);
  }
  [[nodiscard]] std::string room_of(std::uint32_t speaker) const;
  [[nodiscard]] bool is_room_of_run(std::string_view room) const noexcept { return room.starts_with(room_prefix_); }
  [[nodiscard]] std::uint32_t partner_of(std::uint32_t speaker) const noexcept;
  [[nodiscard]] std::uint32_t who_writes_to(std::uint32_t speaker) const noexcept;

  // Of the how-manieth account that a registrar makes, and the password of any.
  [[nodiscard]] std::string new_account(std::uint32_t registrar, std::uint64_t number) const;
  [[nodiscard]] static std::string password_of(const std::string& account) { return "pw-" + account; }

  // The texts of this run are those of no other. A text's client is the speaker and the channel in one number.
  [[nodiscard]] Texts make_texts() const { return {seed_, message_bytes_}; }
  [[nodiscard]] static std::uint32_t mark(std::uint32_t speaker, Channel channel) noexcept {
    return speaker * kChannels + static_cast<std::uint32_t>(channel);
  }

  // The name and client id that a message of this kind must bear.
  [[nodiscard]] bool is_sender(std::uint32_t speaker, Channel channel, std::string_view name,
                               std::uint64_t client_id) const;

  std::atomic<bool> guests_may_speak{true};

 private:
  std::uint32_t registrars_;
  std::uint32_t speakers_count_;
  std::unique_ptr<Speaker[]> speakers_;
  std::string tag_;
  std::string room_prefix_;
  std::uint64_t seed_;
  std::size_t message_bytes_;
};

}  // namespace rookery::load
