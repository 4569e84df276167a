// master/ledger/published_mark.h
//
// Remembers across the death of all processes how far the log was published, so that a fresh start can tell whether
// something that clients have seen was never stored. Then message numbers would be given a second time, and the epoch
// has to change. It remembers too how far the log was stored: a store that ends before that has lost what was
// acknowledged, however whole it looks.
//
// The mark is a page of the data directory's file `published`, mapped: writing it is a store to memory, and the kernel
// keeps what a killed process wrote. It need not be synced: after a crash of the machine itself it is not believed, the
// store's own mark of an unclean stop then decides (Store::machine_may_have_failed).
//
// Who may write   The ledger: begin() before it has threads, advance() its sequencing thread, stored() its storing
// thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string_view>

#include <boost/interprocess/mapped_region.hpp>

namespace rookery::ledger {

class PublishedMark final {
 public:
  // Opens or creates the file. Throws std::system_error, interprocess_exception.
  explicit PublishedMark(const std::filesystem::path& directory);

  // The newest number published under this epoch, as far as the mark knows; 0 when it knows nothing of it.
  [[nodiscard]] std::uint64_t published(std::string_view epoch) const noexcept;

  // The newest number known to have been durable under this epoch; 0 when the mark knows nothing of it.
  [[nodiscard]] std::uint64_t durable(std::string_view epoch) const noexcept;

  // From now on the mark speaks of this epoch.
  void begin(std::string_view epoch, std::uint64_t seq) noexcept;
  // Before the records up to `seq` become visible.
  void advance(std::uint64_t seq) noexcept { page().seq.store(seq, std::memory_order_relaxed); }
  // After the commit of the records up to `seq`, before anybody is told.
  void stored(std::uint64_t seq) noexcept { page().durable.store(seq, std::memory_order_relaxed); }

 private:
  struct Page {
    static constexpr std::uint64_t kMagic = 0x314b52414d425550;  // "PUBMARK1", little-endian
    std::uint64_t magic;
    char epoch[16];
    std::atomic<std::uint64_t> seq;
    std::atomic<std::uint64_t> durable;
  };
  [[nodiscard]] Page& page() const noexcept { return *static_cast<Page*>(region_.get_address()); }

  boost::interprocess::mapped_region region_;
};

}  // namespace rookery::ledger
