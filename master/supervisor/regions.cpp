#include "master/supervisor/regions.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>

#include "ipc/os/errors.h"
#include "ipc/wire/dialect.h"
#include "ipc/wire/limits.h"
#include "master/console/printable.h"
#include "master/supervisor/heartbeat.h"

namespace rookery::master {

namespace {

shm::Mapping map_for_ourselves(const shm::Segment& segment, std::uint64_t bytes) {
  shm::Mapping mapping(segment.reader_descriptor(), shm::Access::ReadOnly, bytes);
  if (::madvise(mapping.data(), mapping.size_bytes(), MADV_DONTFORK) != 0)
    os::throw_errno("cannot keep a mapping from children");
  return mapping;
}

bool is_open(const chat::SessionBlock& block) noexcept {
  return block.state.load(std::memory_order_acquire) == static_cast<std::uint32_t>(chat::SessionState::Open);
}

std::string address_of(const chat::SessionBlock& block) {
  const std::array<std::uint64_t, 2> words{block.address[0].load(std::memory_order_relaxed),
                                           block.address[1].load(std::memory_order_relaxed)};
  const std::uint16_t port = block.port.load(std::memory_order_relaxed);
  const chat::SourceAddress source{words};
  return fmt::format(fmt::runtime(source.is_ipv4() ? "{}:{}" : "[{}]:{}"), source.text(), port);
}

std::string name_of(const chat::SessionLogin& login, std::uint64_t client) {
  std::string name = printable(login.name_view());
  std::replace(name.begin(), name.end(), ' ', '?');  // or the columns would shift
  if (name.empty()) name = fmt::format("{}{}", wire::kGuestPrefix, client);
  return name;
}

std::string_view dialect_of(const chat::SessionStream& stream) noexcept {
  if (stream.dialect >= wire::kDialectCount) return "?";
  return wire::to_string(static_cast<wire::DialectId>(stream.dialect));
}

}  // namespace

Regions::Regions(const chat::SharedState& state)
    : state_(state),
      ledger_mapping_(map_for_ourselves(state.ledger_region, state.ledger_layout.rooms())),
      user_mapping_(map_for_ourselves(state.user_table, state.user_table.size_bytes())) {
  for (const auto& region : state.worker_regions)
    worker_mappings_.push_back(map_for_ourselves(region, state.worker_layout.readers_bytes()));
}

std::chrono::milliseconds Regions::worker_heartbeat_age(std::uint32_t worker, std::int64_t started_ms,
                                                        std::int64_t now_ms) const noexcept {
  std::chrono::milliseconds oldest{0};
  for (std::uint32_t loop = 0; loop < state_.loops; ++loop) {
    const std::int64_t beat = view(worker).control(loop).heartbeat_ms.load(std::memory_order_relaxed);
    oldest = std::max(oldest, heartbeat_age(beat, started_ms, now_ms));
  }
  return oldest;
}

std::chrono::milliseconds Regions::ledger_heartbeat_age(std::int64_t started_ms, std::int64_t now_ms) const noexcept {
  return heartbeat_age(ledger().header().heartbeat_ms.load(std::memory_order_relaxed), started_ms, now_ms);
}

std::string Regions::epoch() const {
  const chat::LedgerRegionHeader& header = ledger().header();
  if (header.magic.load(std::memory_order_acquire) != chat::LedgerRegionHeader::kMagic) return {};
  return printable(ledger().epoch());
}

std::uint64_t Regions::deliveries(std::uint32_t worker) const noexcept {
  std::uint64_t count = 0;
  for (std::uint32_t loop = 0; loop < state_.loops; ++loop)
    count += view(worker).control(loop).deliveries.load(std::memory_order_relaxed);
  return count;
}

std::uint64_t Regions::bytes_given(std::uint32_t worker) const noexcept {
  std::uint64_t bytes = 0;
  for (std::uint32_t loop = 0; loop < state_.loops; ++loop)
    bytes += chat::value_of(view(worker).control(loop).counters.bytes_out);
  return bytes;
}

std::uint64_t Regions::outbox_depth_words(std::uint32_t worker) const noexcept {
  std::uint64_t words = 0;
  for (std::uint32_t loop = 0; loop < state_.loops; ++loop) {
    const std::uint64_t taken = ledger().slot(state_.slot(worker, loop)).outbox_taken.load(std::memory_order_acquire);
    const std::uint64_t tail = view(worker).control(loop).outbox_tail.load(std::memory_order_acquire);
    words += tail < taken ? 0 : std::min(tail - taken, chat::kOutboxWords);
  }
  return words;
}

std::vector<Regions::SuspectClient> Regions::suspects(std::uint32_t worker, std::uint64_t slot_epoch, Death death,
                                                      std::int64_t started_ms, std::int64_t now_ms) const {
  // Before that, what stands there is still its predecessor's.
  if (view(worker).header().slot_epoch.load(std::memory_order_acquire) != slot_epoch) return {};
  const bool hung = death == Death::Hung;
  std::vector<SuspectClient> at_fault;
  std::vector<SuspectClient> all;
  const auto look_at = [&](const chat::Suspect& suspect) {
    const SuspectClient whose{suspect.load(), suspect.client.load(std::memory_order_relaxed)};
    if (whose.address.is_none()) return;
    if (std::ranges::find(all, whose) == all.end()) all.push_back(whose);
    if (suspect.fatal.load(std::memory_order_relaxed) == 1) at_fault.push_back(whose);
  };
  for (std::uint32_t loop = 0; loop < state_.loops; ++loop) {
    const chat::LoopControl& control = view(worker).control(loop);
    const auto age = heartbeat_age(control.heartbeat_ms.load(std::memory_order_relaxed), started_ms, now_ms);
    if (!hung || age > kHeartbeatAbort) look_at(control.suspect);
  }
  if (!hung)  // what is long on the pool keeps nobody's heart from beating
    for (const chat::Suspect& suspect : view(worker).header().pool_suspects) look_at(suspect);
  return death == Death::Crashed ? at_fault : all;
}

std::uint64_t Regions::count_clients(std::uint32_t worker) const noexcept {
  std::uint64_t count = 0;
  for (std::uint32_t loop = 0; loop < state_.loops; ++loop) {
    const chat::SessionBlock* blocks = view(worker).sessions(loop);
    const std::uint32_t in_use = state_.sessions_with_memory(view(worker), worker, loop);
    count += static_cast<std::uint64_t>(std::count_if(blocks, blocks + in_use, is_open));
  }
  return count;
}

chat::SessionLogin Regions::login_of(const chat::SessionStream& stream) const {
  if (stream.user == 0) return {};
  try {
    const shm::NameTableReader users(user_mapping_.data(), user_mapping_.size_bytes());
    return chat::login_of(users, stream.user);
  } catch (const std::runtime_error&) {
    return {};  // the ledger has made none yet: then a worker says what cannot be
  }
}

void Regions::add_clients(std::uint32_t worker, std::vector<ClientRow>& rows, const Shows& shows) const {
  for (std::uint32_t loop = 0; loop < state_.loops; ++loop) {
    const chat::SessionBlock* blocks = view(worker).sessions(loop);
    const std::uint32_t in_use = state_.sessions_with_memory(view(worker), worker, loop);
    for (std::uint32_t i = 0; i < in_use; ++i) {
      const chat::SessionBlock& block = blocks[i];
      if (!is_open(block)) continue;
      const std::uint64_t client = block.client.load(std::memory_order_relaxed);
      if (shows && !shows({loop, i}, client)) continue;
      const chat::SessionStream stream = block.stream.glance();
      rows.push_back({.client = client,
                      .name = name_of(login_of(stream), client),
                      .address = address_of(block),
                      .dialect = dialect_of(stream),
                      .worker = worker,
                      .since_ms = block.since_ms.load(std::memory_order_relaxed),
                      .messages = block.messages.load(std::memory_order_relaxed)});
    }
  }
}

}  // namespace rookery::master
