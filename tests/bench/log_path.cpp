#include "tests/bench/log_path.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <thread>

#include "client/load/compare/process_figures.h"
#include "ipc/chat/control_message.h"
#include "ipc/chat/record.h"
#include "ipc/os/clock.h"
#include "ipc/shm/doorbell.h"
#include "master/ledger/ledger_process.h"

namespace rookery::bench {

namespace {

constexpr std::uint32_t kWorkers = 2;
constexpr std::uint32_t kProducer = 0;
constexpr std::uint32_t kReader = 1;
constexpr int kSleepMs = 100;
constexpr int kEndWithinMs = 20'000;
// A loop rings once a turn; at full speed a turn brings about as many.
constexpr std::uint32_t kAppendsPerRing = 64;

std::uint64_t now_ns() {
  return static_cast<std::uint64_t>(os::Monotonic::now().time_since_epoch() / std::chrono::nanoseconds(1));
}

chat::Record message(const std::string& text) {
  chat::Record record;
  record.header.kind = chat::RecordKind::Say;
  record.header.slot_epoch = 1;
  record.header.client = 7;
  record.name = "guest7";
  record.target_name = "#lobby";
  record.text = text;
  return record;
}

bool wait_readable(int descriptor, int timeout_ms) {
  pollfd one{descriptor, POLLIN, 0};
  return ::poll(&one, 1, timeout_ms) > 0;
}

void end(os::Process& process) {
  if (!process) return;
  if (!wait_readable(process.pidfd(), kEndWithinMs)) process.signal(SIGKILL);
  wait_readable(process.pidfd(), -1);
  static_cast<void>(process.try_wait());
}

}  // namespace

std::vector<std::byte> encoded_message(std::size_t text_bytes) {
  std::vector<std::byte> bytes;
  const std::string text(text_bytes, 'x');
  chat::encode_record(message(text), bytes);
  return bytes;
}

LogPath::LogPath(std::size_t text_bytes)
    : shared_(kWorkers, 1, 1),
      region_(shared_.worker_regions[kReader].writer_descriptor(), shm::Access::ReadWrite,
              shared_.worker_layout.reserved_bytes()),
      control_(os::make_duplex_pipe()),
      orders_(os::make_duplex_pipe()) {
  loop().awaiting_position.store(~0ULL);
  loop().rooms_heard[0].store(1);  // the lobby
  const pid_t parent = ::getpid();
  ledger_ = os::Process::spawn([&] {
    if (!os::tie_to_parent(parent)) return 1;
    control_.ours.reset();
    return ledger::run_ledger(
        {.control = control_.theirs.get(), .data = directory_.path(), .log_level = log::Level::Warning}, shared_);
  });
  control_.theirs.reset();
  wait_for_ledger();
  producer_ = os::Process::spawn([&] {
    if (!os::tie_to_parent(parent)) return 1;
    orders_.ours.reset();
    return produce(text_bytes);
  });
  orders_.theirs.reset();
  ring_ = shm::Mapping(shared_.log_ring.reader_descriptor(), shm::Access::ReadOnly, shared_.log_ring.size_bytes());
}

LogPath::~LogPath() {
  orders_.ours.reset();
  end(producer_);
  static_cast<void>(chat::send_control(control_.ours.get(), {chat::ControlKind::Stop}));
  end(ledger_);
}

void LogPath::wait_for_ledger() {
  for (;;) {
    if (!wait_readable(control_.ours.get(), kEndWithinMs)) throw std::runtime_error("the ledger does not start");
    const chat::ReceivedControl received = chat::receive_control(control_.ours.get());
    if (received.message && received.message->kind == chat::ControlKind::Ready) return;
    if (received.status != os::TransferStatus::Done) throw std::runtime_error("the ledger has ended");
  }
}

chat::LoopControl& LogPath::loop() const noexcept {
  return chat::WorkerRegionView(region_, shared_.worker_layout).control(0);
}

// The producer's life: takes orders until there is nobody to give any.
int LogPath::produce(std::size_t text_bytes) {
  const shm::Mapping region(shared_.worker_regions[kProducer].writer_descriptor(), shm::Access::ReadWrite,
                            shared_.worker_layout.reserved_bytes());
  const shm::Mapping ledger(shared_.ledger_region.reader_descriptor(), shm::Access::ReadOnly,
                            shared_.ledger_region.size_bytes());
  const chat::WorkerRegionView own(region, shared_.worker_layout);
  const chat::LedgerRegionView view(ledger, shared_.ledger_layout);
  own.control(0).awaiting_position.store(~0ULL);
  shm::RecordQueueProducer outbox(own.control(0).outbox_tail, own.outbox_words(0), chat::kOutboxWords,
                                  view.slot(shared_.slot(kProducer, 0)).outbox_taken);
  shm::DoorbellRinger bell(view.header().sleeping, shared_.ledger_doorbell.write_end.get());
  const std::string text(text_bytes, 'x');
  chat::Record record = message(text);
  std::vector<std::byte> bytes;

  Order order{};
  for (;;) {
    wait_readable(orders_.theirs.get(), -1);
    const auto received = os::receive_message(orders_.theirs.get(), std::as_writable_bytes(std::span(&order, 1)));
    if (received.status != os::TransferStatus::Done) return 0;
    const auto begin = os::Monotonic::now();
    for (std::uint32_t i = 0; i < order.messages; ++i) {
      if (order.per_second > 0)
        std::this_thread::sleep_until(begin + std::chrono::nanoseconds(1'000'000'000ULL * i / order.per_second));
      record.header.members = now_ns();  // goes through the ledger as it is
      chat::encode_record(record, bytes);
      while (outbox.append(bytes) == 0) {  // full: a loop looks again after a millisecond
        bell.ring_if_asleep();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      if (order.per_second > 0 || i % kAppendsPerRing == 0) bell.ring_if_asleep();
    }
    bell.ring_if_asleep();
  }
}

LogPath::Passage LogPath::pass(std::uint32_t messages, std::uint32_t per_second) {
  shm::LogRingReader reader(ring_.data(), ring_.size_bytes());
  shm::DoorbellReader bell(loop().sleeping, shared_.loop_doorbells[shared_.slot(kReader, 0)].read_end.get());
  std::vector<std::byte> bytes;
  Passage passage;
  passage.latency_us.reserve(messages);
  const Order order{messages, per_second};
  const std::uint64_t cpu_before = load::cpu_ns(ledger_.pid());
  if (os::send_message(orders_.ours.get(), std::as_bytes(std::span(&order, 1))) != os::TransferStatus::Done)
    throw std::runtime_error("the producer has gone");

  // As an event loop does: announce sleep, look again, sleep (ipc/shm/doorbell.h).
  const auto wait_until = [&](auto have_news) {
    bell.announce_sleep();
    if (!have_news() && wait_readable(bell.descriptor(), kSleepMs)) bell.drain();
    bell.awake();
    if (!wait_readable(ledger_.pidfd(), 0) && !wait_readable(producer_.pidfd(), 0)) return;
    throw std::runtime_error("a process has ended");
  };
  std::uint64_t first_ns = 0;
  std::uint64_t last_ns = 0;
  while (passage.latency_us.size() < messages) {
    loop().heartbeat_ms.store(os::monotonic_ms(), std::memory_order_relaxed);
    switch (reader.read(bytes)) {
      case shm::ReadResult::Lapped:
        throw std::runtime_error("the reader was overtaken");
      case shm::ReadResult::Empty:
        loop().log_position.store(reader.position(), std::memory_order_release);
        wait_until([&reader] { return reader.committed_end() != reader.position(); });
        break;
      case shm::ReadResult::Record: {
        const auto record = chat::decode_record(bytes);
        if (!record) throw std::runtime_error("the log holds what is no record");
        last_ns = now_ns();
        if (first_ns == 0) first_ns = record->header.members;
        passage.latency_us.push_back(static_cast<double>(last_ns - record->header.members) / 1000);
      }
    }
  }
  loop().log_position.store(reader.position(), std::memory_order_release);
  loop().awaiting_position.store(reader.position());
  while (reader.durable_end() < reader.position())
    wait_until([&reader] { return reader.durable_end() >= reader.position(); });
  loop().awaiting_position.store(~0ULL);
  passage.published_seconds = static_cast<double>(last_ns - first_ns) / 1e9;
  passage.durable_seconds = static_cast<double>(now_ns() - first_ns) / 1e9;
  passage.ledger_cpu_us = static_cast<double>(load::cpu_ns(ledger_.pid()) - cpu_before) / 1000 / messages;
  return passage;
}

}  // namespace rookery::bench
