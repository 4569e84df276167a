// tests/fuzz/dead_worker.h
//
// A server whose worker 0 has died, as its successor finds it: a log with everything in it that concerns its clients,
// and its region, made anew for each input from what the input says. Every buffer is filled with numbered marks that
// say which buffer they lie in and where, in lines that either dialect answers with the mark: so whatever a client is
// sent, as output or because it was carried out as input, tells where it comes from.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ipc/chat/record.h"
#include "ipc/wire/dialect.h"
#include "tests/fuzz/kernel_counts.h"
#include "tests/fuzz/server_under_check.h"
#include "worker/worker_context.h"

namespace rookery::fuzz {

inline constexpr std::uint32_t kHonest = 0;       // the place of the client of whom all is sound
inline constexpr std::uint32_t kMostHostile = 6;  // in the places behind it
inline constexpr std::uint64_t kDeadEpoch = 5;    // the dead worker's life

[[nodiscard]] constexpr std::uint64_t client_at(std::uint32_t place) noexcept {
  return place + 1;
}

// What a mark says.
struct Mark {
  std::uint32_t buffer = 0;
  std::uint32_t at = 0;  // offset in the buffer of the line it stands in

  friend auto operator<=>(const Mark&, const Mark&) = default;
};
inline constexpr std::uint32_t kMarkedLineBytes = 56;
[[nodiscard]] std::set<Mark> marks_in(std::string_view text);

// Part of a buffer that a session's block names: as input, or as output.
struct Claim {
  std::uint32_t buffer = 0;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  [[nodiscard]] bool covers(const Mark& mark) const noexcept {
    return mark.buffer == buffer && mark.at + kMarkedLineBytes > begin && mark.at < end;
  }
};

struct LogEntry {
  shm::Position begin;
  std::vector<std::byte> bytes;
};

class DeadWorker : public ServerUnderCheck {
 public:
  DeadWorker();

  // An empty region, all buffers that have pages filled with marks.
  void clear();
  // The honest client's block and buffers. Returns what its socket must still be given, were nothing of it sent yet.
  struct Honest {
    std::string output;  // before its input is answered
    std::string answer;
    std::uint64_t came = 0;  // of its line, since its block was committed
    chat::SessionStream stream;
  };
  [[nodiscard]] Honest seat_honest(Input& input);
  // One whose block, buffers or counts are what the input says; mostly nearly sound.
  // `counts`: what is true of a sound one's socket, with nothing in it.
  void seat_hostile(std::uint32_t place, Input& input, KernelCounts& counts);
  // Control words, journal, blocks, buffers.
  void scribble_anywhere(Input& input);

  // What a successor is to believe of that place's stream; empty: it is damaged.
  [[nodiscard]] std::optional<chat::SessionStream> stream_at(std::uint32_t place) const;
  // All that the place's block names, if it were sound, with `came` bytes received since it was committed.
  [[nodiscard]] std::vector<Claim> claims_of(std::uint32_t place, std::uint64_t came) const;
  [[nodiscard]] chat::SessionBlock& block(std::uint32_t place) const { return wild.sessions(0)[place]; }
  [[nodiscard]] bool sits(std::uint32_t place) const;
  // Is all of it as seat_honest() has made it, and no other place names a buffer of it?
  [[nodiscard]] bool honest_is_intact(const Honest& honest, std::uint32_t places) const;

  [[nodiscard]] shm::Position log_end() const noexcept { return log_end_; }

 private:
  void fill_log();
  void add(chat::Record record);
  void add_own(chat::RecordKind kind, std::uint32_t place, std::uint32_t room, std::uint8_t outcome);
  [[nodiscard]] std::string heard_from(shm::Position cursor, wire::DialectId dialect) const;
  [[nodiscard]] std::byte* buffer(std::uint32_t number) const {
    return wild_mapping.data() + shared.worker_layout.buffer(0, number);
  }
  [[nodiscard]] chat::SessionStream sound_stream(std::uint32_t place) const;
  void sit(std::uint32_t place, const chat::SessionStream& stream);
  void change_stream(Input& input, chat::SessionStream& stream) const;
  void change_block(std::uint32_t place, Input& input) const;
  void change_counts(Input& input, KernelCounts& counts) const;
  [[nodiscard]] std::uint64_t any_number(Input& input) const;
  [[nodiscard]] std::string honest_parts() const;

  shm::LogRingWriter ring_{context.log_ring.data(), chat::kLogRingWords};
  std::vector<LogEntry> log_;
  shm::Position log_end_ = 0;
  std::uint64_t seq_ = 0;
  std::uint64_t outbox_number_ = 0;
  std::string marked_;         // what the buffers hold at first, from the first small one on
  std::string honest_before_;  // its parts, as they were made
};

}  // namespace rookery::fuzz
