#include "master/metrics/metrics.h"

#include <algorithm>
#include <array>
#include <string>

#include "ipc/os/clock.h"
#include "ipc/wire/dialect.h"
#include "master/ledger/schema.h"
#include "master/metrics/exposition.h"

namespace rookery::metrics {

namespace {

using chat::Counter;
using chat::LoopControl;
using chat::LoopCounters;
using chat::value_of;

constexpr double kUsInASecond = 1e6;
constexpr double kMsInASecond = 1e3;
constexpr std::uint64_t kWordBytes = 8;

constexpr std::array<std::string_view, chat::kProcessRoles> kRoles{"ledger", "worker", "exporter"};
constexpr std::array<std::string_view, chat::kEndCauses> kCauses{"asked", "exit", "signal", "hang", "start_failed"};
constexpr std::array<std::string_view, chat::kProcessStates> kStates{"absent", "starting", "serving",
                                                                     "ending", "back_off", "parked"};
constexpr std::array<std::string_view, chat::kConnectionRefusals> kRefusals{"server_full", "address_full", "shut_out",
                                                                            "no_means", "banned"};

std::string_view name_of_dialect(std::size_t dialect) noexcept {
  const auto id = static_cast<wire::DialectId>(dialect);
  return id == wire::DialectId::Undecided ? "undecided" : wire::to_string(id);
}

std::string name_of_process(std::uint32_t entry) {
  return entry == 0 ? "ledger" : "worker-" + std::to_string(entry - 1);
}

// Writes all families, from one look at the regions each.
class Report final {
 public:
  Report(const Sight& sight, const Health& health) : sight_(sight), health_(health), now_ms_(os::monotonic_ms()) {}

  std::string write() {
    server();
    processes();
    takeovers();
    clients();
    messages();
    accounts();
    slow_readers();
    rings();
    store();
    return text_.take();
  }

 private:
  void server() {
    const chat::MasterRegionHeader& master = sight_.master().header();
    text_.family("rookery_build_info", Type::Gauge, "1, with the version that runs.");
    text_.sample({{"version", ROOKERY_VERSION}}, std::uint64_t{1});
    text_.family("rookery_start_time_seconds", Type::Gauge,
                 "When the server was started, in seconds since 1970; an upgrade in place is no start.");
    text_.sample(static_cast<double>(value_of(master.started_ms)) / kMsInASecond);
    text_.family("rookery_healthy", Type::Gauge,
                 "1: nothing is known that keeps messages from being taken; as /healthz, but the store is not tried.");
    text_.sample(std::uint64_t{health_.at_first_sight(now_ms_).healthy() ? 1U : 0U});
    text_.family("rookery_read_only", Type::Gauge, "1: the ledger died too often, and workers take no messages.");
    text_.sample(value_of(master.ledger_away));
  }

  void processes() {
    std::array<std::array<std::uint64_t, chat::kProcessStates>, 2> counts{};
    for (std::uint32_t entry = 0; entry <= sight_.places(); ++entry)
      ++counts[entry == 0 ? 0 : 1][static_cast<std::size_t>(sight_.state_of(entry))];
    text_.family("rookery_processes", Type::Gauge,
                 "Places for processes by what is in them; absent: nobody is wanted there.");
    for (std::size_t role = 0; role < counts.size(); ++role)
      for (std::size_t state = 0; state < kStates.size(); ++state)
        text_.sample({{"role", kRoles[role]}, {"state", kStates[state]}}, counts[role][state]);

    text_.family("rookery_restarts_total", Type::Counter,
                 "Processes that were started again, by how the one before ended.");
    const auto& restarts = sight_.master().header().restarts;
    for (std::size_t role = 0; role < kRoles.size(); ++role)
      for (std::size_t cause = 0; cause < kCauses.size(); ++cause)
        text_.sample({{"role", kRoles[role]}, {"cause", kCauses[cause]}}, value_of(restarts[role][cause]));

    text_.family("rookery_heartbeat_age_seconds", Type::Gauge,
                 "How long ago a process gave its last sign of life; at rest up to half a second. Of a worker's loops "
                 "the oldest.");
    const auto master_beat = static_cast<std::int64_t>(value_of(sight_.master().header().heartbeat_ms));
    text_.sample({{"process", "master"}},
                 static_cast<double>(std::max<std::int64_t>(now_ms_ - master_beat, 0)) / kMsInASecond);
    for (std::uint32_t entry = 0; entry <= sight_.places(); ++entry)
      if (const auto age = sight_.heartbeat_age_ms(entry, now_ms_))
        text_.sample({{"process", name_of_process(entry)}}, static_cast<double>(*age) / kMsInASecond);
  }

  void takeovers() {
    const chat::MasterRegionHeader& master = sight_.master().header();
    text_.family("rookery_clients_taken_over_total", Type::Counter,
                 "Clients of a worker that ended which another process carries on.");
    text_.sample({{"how", "in_place"}}, value_of(master.taken_over_in_place));
    text_.sample({{"how", "by_others"}}, value_of(master.taken_over_by_others));
    text_.family("rookery_clients_given_up_total", Type::Counter,
                 "Clients of a worker that ended whom no other could carry on.");
    text_.sample(value_of(master.given_up));
    text_.family("rookery_takeover_pause_seconds", Type::Histogram,
                 "For each worker that ended with clients: from when the master saw it to when the last of them was "
                 "carried on. Upgrades are not in it.");
    histogram(master.pause_us, chat::kTimeBoundsUs, kUsInASecond);
    text_.family("rookery_takeover_pause_longest_seconds", Type::Gauge, "The longest of them.");
    text_.sample(static_cast<double>(value_of(master.longest_pause_us)) / kUsInASecond);
    text_.family("rookery_sockets_held", Type::Gauge, "Clients' sockets of which the master has a duplicate.");
    text_.sample(value_of(master.held));
    text_.family("rookery_sockets_lost_total", Type::Counter, "Duplicates that were lost at the limit of open files.");
    text_.sample(value_of(master.lost_sockets));
  }

  void clients() {
    text_.family("rookery_clients", Type::Gauge, "Clients that are connected, by worker and dialect.");
    for_each_worker([&](std::uint32_t worker, std::string_view number) {
      for (std::size_t dialect = 0; dialect < wire::kDialectCount; ++dialect) {
        const auto open = [dialect](const LoopControl& loop) { return value_of(loop.counters.clients[dialect]); };
        text_.sample({{"worker", number}, {"dialect", name_of_dialect(dialect)}},
                     sight_.has_its_clients(worker) ? sum(worker, open) : 0);
      }
    });
    by_worker("rookery_connections_accepted_total", Type::Counter, "Connections that were taken.",
              [](const LoopControl& loop) { return value_of(loop.accepted); });
    text_.family("rookery_connections_refused_total", Type::Counter, "Connections that were turned away, by why.");
    for_each_worker([&](std::uint32_t worker, std::string_view number) {
      for (std::size_t why = 0; why < kRefusals.size(); ++why)
        text_.sample({{"worker", number}, {"reason", kRefusals[why]}},
                     sum(worker, [why](const LoopControl& loop) { return value_of(loop.counters.refused[why]); }));
    });
    by_worker("rookery_lines_refused_total", Type::Counter, "Lines that came faster than --max-line-rate.",
              &LoopCounters::lines_refused);
  }

  void messages() {
    by_worker("rookery_messages_total", Type::Counter, "Messages (say, broadcast, msg) that were taken from clients.",
              &LoopCounters::messages);
    by_worker("rookery_deliveries_total", Type::Counter,
              "Messages, joins and leaves that were written to clients: a message to ten members is ten.",
              [](const LoopControl& loop) { return value_of(loop.deliveries); });
    by_worker("rookery_received_bytes_total", Type::Counter, "Bytes from clients.", &LoopCounters::bytes_in);
    by_worker("rookery_sent_bytes_total", Type::Counter, "Bytes to clients.", &LoopCounters::bytes_out);
  }

  void accounts() {
    text_.family("rookery_logins_total", Type::Counter,
                 "Logins that were checked; bad: no such name, or another password.");
    for_each_worker([&](std::uint32_t worker, std::string_view number) {
      text_.sample({{"worker", number}, {"result", "good"}},
                   sum(worker, [](const LoopControl& loop) { return value_of(loop.counters.logins_good); }));
      text_.sample({{"worker", number}, {"result", "bad"}},
                   sum(worker, [](const LoopControl& loop) { return value_of(loop.counters.logins_bad); }));
    });
    text_.family("rookery_registrations_total", Type::Counter, "Accounts that were made.");
    text_.sample(value_of(ledger().accounts));
    by_worker("rookery_password_requests_refused_total", Type::Counter,
              "Logins and registrations that found no place to wait for their hash.", &LoopCounters::passwords_refused);
    by_worker("rookery_pool_queue_length", Type::Gauge, "Jobs that wait for a thread of the pool.",
              &LoopCounters::pool_waiting);
    std::array<std::uint64_t, chat::TimeHistogram::kBuckets> buckets{};
    std::uint64_t sum_us = 0;
    for_each_worker([&](std::uint32_t worker, std::string_view) {
      for (std::size_t i = 0; i < buckets.size(); ++i)
        buckets[i] += sum(worker, [i](const LoopControl& loop) { return value_of(loop.counters.hash_us.buckets[i]); });
      sum_us += sum(worker, [](const LoopControl& loop) { return value_of(loop.counters.hash_us.sum); });
    });
    text_.family("rookery_password_hash_seconds", Type::Histogram,
                 "Time of a password's hash on a thread of the pool.");
    text_.histogram(chat::kTimeBoundsUs, buckets, sum_us, kUsInASecond);
  }

  void slow_readers() {
    by_worker("rookery_slow_readers_passed_over_total", Type::Counter,
              "Times that a client which does not read fast enough began to miss messages.",
              &LoopCounters::slow_passed_over);
    by_worker("rookery_messages_passed_over_total", Type::Counter, "Messages that such clients missed.",
              &LoopCounters::messages_passed_over);
    by_worker("rookery_tape_bytes", Type::Gauge,
              "Memory that holds messages for clients which do not read fast enough.", &LoopCounters::tape_bytes);
    by_worker("rookery_slow_readers_closed_total", Type::Counter,
              "Clients that were closed because they took nothing, or not their answers.", &LoopCounters::slow_closed);
  }

  void rings() {
    text_.family("rookery_outbox_bytes", Type::Gauge, "What the ledger has still to take from a worker's outboxes.");
    for_each_worker([&](std::uint32_t worker, std::string_view number) {
      std::uint64_t words = 0;
      for (std::uint32_t loop = 0; loop < sight_.loops(); ++loop) {
        const std::uint64_t taken =
            sight_.ledger().slot(sight_.slot(worker, loop)).outbox_taken.load(std::memory_order_acquire);
        const std::uint64_t tail = sight_.worker(worker).control(loop).outbox_tail.load(std::memory_order_acquire);
        words += tail < taken ? 0 : std::min(tail - taken, chat::kOutboxWords);
      }
      text_.sample({{"worker", number}}, words * kWordBytes);
    });
    const shm::LogRingHeader& ring = sight_.ring();
    const std::uint64_t durable = ring.durable_end.load(std::memory_order_acquire);
    const std::uint64_t published = ring.committed_end.load(std::memory_order_acquire);
    const auto behind = [published](std::uint64_t position) {
      return std::min(published - std::min(position, published), chat::kLogRingWords) * kWordBytes;
    };
    text_.family("rookery_log_ring_bytes", Type::Gauge, "Size of the log ring.");
    text_.sample(chat::kLogRingWords * kWordBytes);
    text_.family("rookery_log_ring_undurable_bytes", Type::Gauge, "What is published and not on disk yet.");
    text_.sample(behind(durable));
    text_.family("rookery_log_ring_unread_bytes", Type::Gauge,
                 "What is published and the slowest loop of a worker has not read.");
    for_each_worker([&](std::uint32_t worker, std::string_view number) {
      std::uint64_t most = 0;
      for (std::uint32_t loop = 0; loop < sight_.loops(); ++loop)
        most = std::max(most, behind(sight_.worker(worker).control(loop).log_position.load(std::memory_order_relaxed)));
      const bool serves = sight_.state_of(1 + worker) == chat::ProcessState::Serving;
      text_.sample({{"worker", number}}, serves ? most : 0);
    });
  }

  void store() {
    text_.family("rookery_newest_seq", Type::Gauge, "Number of the newest message that was ordered.");
    text_.sample(sight_.ledger().header().newest_seq.load(std::memory_order_relaxed));
    text_.family("rookery_bans", Type::Gauge, "Bans that are in force.");
    text_.sample(sight_.ledger().header().bans.load(std::memory_order_relaxed));
    text_.family("rookery_ledger_batch_records", Type::Histogram, "Records in each group that was stored.");
    histogram(ledger().batch_records, chat::kBatchBounds, 1);
    text_.family("rookery_ledger_commit_seconds", Type::Histogram, "Time of each group's commit, its fsync included.");
    histogram(ledger().commit_us, chat::kTimeBoundsUs, kUsInASecond);
    text_.family("rookery_ledger_groups_failed_total", Type::Counter, "Tries to store a group that failed.");
    text_.sample(value_of(ledger().groups_failed));
    text_.family("rookery_store_failing", Type::Gauge,
                 "1: the newest group could not be stored, messages are refused.");
    text_.sample(std::uint64_t{sight_.ledger().header().store_failing.load(std::memory_order_relaxed) != 0 ? 1U : 0U});
    text_.family("rookery_store_bytes", Type::Gauge, "Size of the store's files.");
    const std::string database(store::kDatabaseName);
    text_.sample({{"file", "database"}}, sight_.file_bytes(database.c_str()));
    text_.sample({{"file", "wal"}}, sight_.file_bytes((database + "-wal").c_str()));
    text_.family("rookery_data_free_bytes", Type::Gauge, "Free space in the data directory's file system.");
    text_.sample(sight_.free_bytes().value_or(0));
  }

  [[nodiscard]] const chat::LedgerCounters& ledger() const noexcept { return sight_.ledger().header().counters; }

  template <class Visit>
  void for_each_worker(Visit visit) const {
    for (std::uint32_t worker = 0; worker < sight_.places(); ++worker)
      if (sight_.was_used(worker)) visit(worker, std::to_string(worker));
  }

  template <class Value>
  [[nodiscard]] std::uint64_t sum(std::uint32_t worker, Value value) const {
    std::uint64_t sum = 0;
    for (std::uint32_t loop = 0; loop < sight_.loops(); ++loop) sum += value(sight_.worker(worker).control(loop));
    return sum;
  }

  template <class Value>
  void by_worker(std::string_view name, Type type, std::string_view help, Value value) {
    text_.family(name, type, help);
    for_each_worker([&](std::uint32_t worker, std::string_view number) {
      text_.sample({{"worker", number}}, sum(worker, value));
    });
  }
  void by_worker(std::string_view name, Type type, std::string_view help, Counter LoopCounters::*counter) {
    by_worker(name, type, help, [counter](const LoopControl& loop) { return value_of(loop.counters.*counter); });
  }

  template <class Shared, class Bounds>
  void histogram(const Shared& shared, const Bounds& bounds, double unit) {
    std::array<std::uint64_t, Shared::kBuckets> buckets{};
    for (std::size_t i = 0; i < buckets.size(); ++i) buckets[i] = value_of(shared.buckets[i]);
    text_.histogram(bounds, buckets, value_of(shared.sum), unit);
  }

  const Sight& sight_;
  const Health& health_;
  std::int64_t now_ms_;
  Exposition text_;
};

}  // namespace

std::string all_metrics(const Sight& sight, const Health& health) {
  return Report(sight, health).write();
}

}  // namespace rookery::metrics
