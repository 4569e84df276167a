// master/ledger/ban_book.h
//
// The ban table that workers read (ipc/chat/ban.h), as the ledger writes it. It follows the store: what stands in it is
// durable.
//
//     if (book.apply(change, ban) != BanBook::Applied::Done) ...    of each ChangeBan record that is stored
//     book.end_expired(now_ms);
//     if (book.publish()) ...                          ring the loops: somebody may have to go
//
// Who may use it  The recovery, then the storing thread. The sequencing thread asks BanBook::find_in().
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ipc/chat/ledger_region.h"
#include "ipc/chat/record.h"

namespace rookery::ledger {

class BanBook final {
 public:
  // Goes on with the table that is there. `writer_descriptor` is that of the ledger's region.
  BanBook(const chat::LedgerRegionView& region, int writer_descriptor);

  enum class Applied : unsigned char { Done, NoMemory };  // NoMemory: or kMaxBans are in force
  // Of Lift only the target counts.
  [[nodiscard]] Applied apply(chat::BanChange change, const chat::Ban& ban);
  // Its bans go with it.
  void account_removed(std::uint64_t account);
  // True: some have ended.
  bool end_expired(std::int64_t now_ms);
  // The table has these and no others. During recovery.
  [[nodiscard]] Applied replace_all(std::span<const chat::Ban> bans);

  // Readers see what was changed since the last call. True: something was.
  bool publish() noexcept;
  // For a successor: what a predecessor changed without saying so.
  void note_change() noexcept { changed_ = true; }

  // When the next one ends, in ms since 1970; empty: none does.
  [[nodiscard]] std::optional<std::int64_t> next_end_ms() const noexcept { return next_end_ms_; }

  // The ban of that very account or mask, as it is in force. For any thread.
  [[nodiscard]] static std::optional<chat::Ban> find_in(const chat::LedgerRegionView& region, const chat::Ban& target);

 private:
  [[nodiscard]] Applied put(const chat::Ban& ban);
  void remove(const chat::Ban& target);
  void free_place(std::size_t place);
  void look_for_next_end() noexcept;

  chat::LedgerRegionView region_;
  int writer_descriptor_;
  std::vector<chat::Ban> places_;  // as the table has them; a free one: BanKind::None
  std::optional<std::int64_t> next_end_ms_;
  bool changed_ = false;
};

// What a ChangeBan record asks for: of Lift only the target counts. Empty: no sequencer makes it.
[[nodiscard]] std::optional<chat::Ban> ban_of(const chat::Record& record);

}  // namespace rookery::ledger
