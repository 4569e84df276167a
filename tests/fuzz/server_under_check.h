// tests/fuzz/server_under_check.h
//
// The shared memory of a server with two small workers, in one process: what the master makes, as the ledger maps it,
// and worker 0's region writable, to be wild in. Made once for all inputs of a program.
#pragma once

#include "ipc/chat/shared_state.h"
#include "ipc/log.h"
#include "master/ledger/ledger_context.h"
#include "tests/fuzz/demand.h"

namespace rookery::fuzz {

inline constexpr std::uint32_t kWorkers = 2;
inline constexpr std::uint32_t kClients = 24;

struct ServerUnderCheck {
  chat::SharedState shared{kWorkers, 1, kClients};
  ledger::LedgerContext context{shared};
  shm::Mapping wild_mapping{shared.worker_regions[0].writer_descriptor(), shm::Access::ReadWrite,
                            shared.worker_regions[0].size_bytes()};
  chat::WorkerRegionView wild{wild_mapping, shared.worker_layout};

  ServerUnderCheck() {
    log::start("fuzz", log::Level::Off);
    const int memory = shared.worker_regions[0].writer_descriptor();
    demand(shm::reserve(memory, 0, shared.worker_layout.large_buffers_offset(0)), "there is memory");
  }

  // Puts the next bytes over the session blocks and the small buffers behind them; the rest of both becomes zero.
  void fill_sessions(Input& input) {
    std::byte* sessions = wild_mapping.data() + shared.worker_layout.sessions(0);
    const std::uint64_t size = shared.worker_layout.large_buffers_offset(0) - shared.worker_layout.sessions(0);
    std::fill_n(sessions, size, std::byte{0});
    const std::string_view blocks = input.text(std::size_t{input.byte()} * 64);
    if (!blocks.empty()) std::memcpy(sessions, blocks.data(), std::min<std::size_t>(blocks.size(), size));
    Input more(input.text(input.number<std::uint16_t>()));
    scribble(more, sessions, size);
  }

  void set_counters(Input& input) {
    chat::LoopControl& loop = wild.control(0);
    loop.sessions_high_water.store(input.number<std::uint64_t>());
    loop.log_position.store(input.number<std::uint64_t>());
    loop.heartbeat_ms.store(input.number<std::int64_t>());
  }
};

}  // namespace rookery::fuzz
