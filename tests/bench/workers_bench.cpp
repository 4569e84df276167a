// What a second worker brings at full load: deliveries a second of a server with one worker and of one with two, in
// turns, to the same crowd.
//     workers_bench --readers 1000 --senders 10 --generators 2
// The readers are spread over `generators` processes, the senders are in this one. Two workers can be twice as fast
// only where there are cores for them and for whoever reads what they send; so the processor time of all of them stands
// beside, and the last column says what was the limit: the server, a generator that had all of a core, or the machine.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <thread>

#include "client/load/compare/process_figures.h"
#include "ipc/os/clock.h"
#include "tests/bench/support/contest.h"
#include "tests/bench/support/median.h"
#include "tests/bench/support/options.h"
#include "tests/bench/support/promises.h"
#include "tests/bench/support/reader_process.h"

namespace rookery::bench {

namespace {

constexpr double kTwoOfOne = 1.7;
constexpr double kAllOfACore = 0.9;
constexpr std::chrono::seconds kDeliveredWithin{30};

struct Figures {
  double deliveries_per_second = 0;
  double server_cores = 0;
  double generator_cores = 0;    // all of its processes
  double busiest_generator = 0;  // one of them
  double idle_cores = 0;         // of the machine, whoever uses the others

  [[nodiscard]] const char* limit(double cores) const {
    if (busiest_generator >= kAllOfACore) return "a generator";
    return idle_cores < (1 - kAllOfACore) * cores ? "the machine: no core was free" : "the server";
  }
};

// Seconds that the machine's cores have had nothing to do, all together.
double idle_seconds() {
  std::ifstream stat("/proc/stat");
  std::string name;
  double user = 0, nice = 0, system = 0, idle = 0, waiting = 0;
  if (!(stat >> name >> user >> nice >> system >> idle >> waiting)) throw std::runtime_error("cannot read /proc/stat");
  return (idle + waiting) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

// A server, its senders here and its readers elsewhere.
class Side final {
 public:
  Side(const CommonOptions& options, const char* workers, const Load& load, std::size_t generators)
      : server_(options.server, options.server_arguments({"--workers", workers, "--max-clients",
                                                          std::to_string(load.clients() + generators + 8)})),
        senders_(Contestant::of_server("Rookery", server_, options.dialect, {0, load.senders, load.text_bytes})) {
    for (std::size_t i = 0; i < generators; ++i)
      readers_.push_back(
          std::make_unique<ReaderProcess>(server_.port(), load.readers / generators, ping_line(options.dialect)));
    readers_each_ = load.readers / generators;
  }

  [[nodiscard]] Figures run(std::size_t window, double seconds) {
    const std::uint64_t heard_before = heard();
    const std::uint64_t cpu_before = senders_.cpu_ns();
    const std::vector<std::uint64_t> generators_before = generators_cpu_ns();
    const double idle_before = idle_seconds();
    const auto begin = os::Monotonic::now();
    const Round round = run_round(senders_, window, seconds);
    const std::uint64_t expected = round.messages * readers_each_ * readers_.size();
    const auto sent = os::Monotonic::now();
    while (heard() - heard_before < expected) {
      if (os::Monotonic::now() > sent + kDeliveredWithin) throw std::runtime_error("readers miss messages");
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    const double took = std::chrono::duration<double>(os::Monotonic::now() - begin).count();
    Figures figures;
    figures.deliveries_per_second = static_cast<double>(expected + round.messages * senders_.senders) / took;
    figures.server_cores = static_cast<double>(senders_.cpu_ns() - cpu_before) / 1e9 / took;
    figures.idle_cores = (idle_seconds() - idle_before) / took;
    const std::vector<std::uint64_t> generators_after = generators_cpu_ns();
    for (std::size_t i = 0; i < generators_after.size(); ++i) {
      const double cores = static_cast<double>(generators_after[i] - generators_before[i]) / 1e9 / took;
      figures.generator_cores += cores;
      figures.busiest_generator = std::max(figures.busiest_generator, cores);
    }
    return figures;
  }

 private:
  [[nodiscard]] std::uint64_t heard() const {
    std::uint64_t sum = 0;
    for (const auto& one : readers_) sum += one->lines();
    return sum;
  }
  [[nodiscard]] std::vector<std::uint64_t> generators_cpu_ns() const {
    std::vector<std::uint64_t> all{own_cpu_ns()};
    for (const auto& one : readers_) all.push_back(one->cpu_ns());
    return all;
  }

  ServerUnderTest server_;
  Contestant senders_;
  std::vector<std::unique_ptr<ReaderProcess>> readers_;
  std::size_t readers_each_ = 0;
};

double median_of(const std::vector<Figures>& all, double Figures::*member) {
  std::vector<double> values;
  values.reserve(all.size());
  for (const Figures& one : all) values.push_back(one.*member);
  return median(std::move(values));
}

void measure(const CommonOptions& options, const Load& load, std::size_t window, std::size_t generators) {
  load::raise_descriptor_limit();
  Side one(options, "1", load, generators);
  Side two(options, "2", load, generators);
  std::vector<Figures> of_one;
  std::vector<Figures> of_two;
  std::vector<double> ratios;
  for (std::size_t round = 0; round < options.rounds; ++round) {
    of_one.push_back(one.run(window, options.seconds));
    of_two.push_back(two.run(window, options.seconds));
    ratios.push_back(of_two.back().deliveries_per_second / of_one.back().deliveries_per_second);
  }

  const unsigned cores = std::thread::hardware_concurrency();
  fmt::print("{} readers in {} processes, {} senders, window {}, {} cores, {} rounds of {} s each, medians\n\n",
             load.readers, generators, load.senders, window, cores, options.rounds, options.seconds);
  fmt::print("{:>8}{:>16}{:>14}{:>16}{:>18}{:>12}{:>8}  {}\n", "workers", "deliveries/s", "CPU us each",
             "server, cores", "generator, cores", "busiest", "idle", "the limit is");
  std::string limit;
  for (const auto* side : {&of_one, &of_two}) {
    const Figures figures{median_of(*side, &Figures::deliveries_per_second), median_of(*side, &Figures::server_cores),
                          median_of(*side, &Figures::generator_cores), median_of(*side, &Figures::busiest_generator),
                          median_of(*side, &Figures::idle_cores)};
    limit = figures.limit(cores);
    fmt::print("{:>8}{:>16.0f}{:>14.3f}{:>16.2f}{:>18.2f}{:>12.2f}{:>8.2f}  {}\n", side == &of_one ? 1 : 2,
               figures.deliveries_per_second, 1e6 * figures.server_cores / figures.deliveries_per_second,
               figures.server_cores, figures.generator_cores, figures.busiest_generator, figures.idle_cores, limit);
  }
  Promises promises;
  promises.at_least("deliveries with two workers, of one",
                    fmt::format("{:.2f} million/s", median_of(of_two, &Figures::deliveries_per_second) / 1e6),
                    median(ratios), kTwoOfOne,
                    limit == "the server" ? "" : "the limit was " + limit.substr(0, limit.find(':')));
  promises.print();
}

}  // namespace

}  // namespace rookery::bench

int main(int argc, char** argv) {
  using namespace rookery::bench;
  Load load{.readers = 1000, .senders = 10};
  std::size_t window = 8;
  std::size_t generators = 2;
  const CommonOptions options = read_options(argc, argv, "What a second worker brings.",
                                             {{"--readers", &load.readers, "clients that only listen"},
                                              {"--senders", &load.senders, "clients that speak"},
                                              {"--text-bytes", &load.text_bytes, "of a message"},
                                              {"--window", &window, "messages under way of a sender"},
                                              {"--generators", &generators, "processes that read"}});
  return run_bench([&] { measure(options, load, window, generators); });
}
