// The real server under load, and with people who are reset while they come into rooms and leave them, while processes
// die, stop and come back at random, and now and then all of it is killed or stopped and started again on the same
// data. At the end every promise is checked (tests/system/harness/oracle.h), and what must be true of any end of the
// server. Whoever has once been answered is cut off by the end of the master alone. When everybody has gone no client
// and no room is left over.
//
//   chaos --seconds N --seed S [--workers W] [--loops L] [--keep-log FILE]
//
// One line with figures on standard output, what is not as promised on standard error; exit code 0 or 1.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string_view>
#include <thread>

#include "tests/fault/chaos/troublemaker.h"
#include "tests/fault/takeover/census.h"
#include "tests/fault/takeover/passers.h"
#include "tests/system/harness/load.h"
#include "tests/system/harness/name_race.h"
#include "tests/system/harness/processes.h"

namespace rookery::system_test {
namespace {

constexpr std::uint64_t kContestants = 3;
constexpr std::chrono::milliseconds kBetweenRaces{700};
// A parked worker comes back after 30 s.
const std::chrono::seconds kAllServeWithin{60 + 10 * kSlowness};
// After SIGCONT to a process that stood still the master may be about to abort it: two of its looks at the heartbeats.
constexpr std::chrono::milliseconds kHeartbeatsAreJudged{1000};
constexpr std::chrono::milliseconds kHurry{150};

struct Settings {
  std::chrono::seconds time{60};
  std::uint64_t seed = 1;
  std::string workers = "3";
  std::string loops = "1";
  std::string log_file;
};

// Registrations while all this happens: several clients want the same name.
class Registrar final {
 public:
  Registrar() : thread_([this] { run(); }) {}
  ~Registrar() { stop(); }

  void set_port(std::uint16_t port) noexcept { port_ = port; }
  void stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  // REQUIRES: stopped.
  [[nodiscard]] const std::vector<NameRace>& races() const noexcept { return races_; }
  [[nodiscard]] const std::vector<std::string>& troubles() const noexcept { return troubles_; }

 private:
  void run() {
    while (!stop_) {
      std::this_thread::sleep_for(kBetweenRaces);
      const std::uint16_t port = port_;
      if (port == 0) continue;
      try {
        races_.push_back(race_for(port, "Racer-" + std::to_string(races_.size()), kContestants));
      } catch (const std::exception& error) {
        troubles_.push_back(std::string("a registration: ") + error.what());
      }
    }
  }

  std::atomic<bool> stop_ = false;
  std::atomic<std::uint16_t> port_ = 0;
  std::vector<NameRace> races_;
  std::vector<std::string> troubles_;
  std::thread thread_;
};

// What the log may say in a run like this with the word that wakes the operator.
bool is_expected_alert(const std::string& line) {
  return std::ranges::any_of(std::array{" ended: ", " ALERT crashed: ", " hangs, no heartbeat for ",
                                        " died too often: parked", " is shut out for "},
                             [&](const char* words) { return line.find(words) != std::string::npos; });
}

class Chaos final {
 public:
  explicit Chaos(Settings settings) : settings_(std::move(settings)), troublemaker_(settings_.seed) {}

  int run() {
    start_server();
    Load load(server_->port(), setup());
    load_ = &load;
    registrar_.set_port(server_->port());
    Passers passers(server_->port(), {"#door-0", "#door-1"}, settings_.seed);
    passers_ = &passers;
    const auto end = Clock::now() + settings_.time;
    while (Clock::now() < end) {
      wait_for(std::min<std::chrono::milliseconds>(troublemaker_.pause(),
                                                   std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now())));
      do_harm();
    }
    come_to_rest();
    registrar_.stop();
    passers.stop();
    load.finish();
    load.leave();
    check(load);
    return report(load);
  }

 private:
  static LoadSetup setup() {
    LoadSetup setup;
    setup.posters = 16;
    setup.rooms = {"#lobby", "#garden", "#attic", "#cellar"};
    setup.reconnect = true;
    setup.with_account = 8;
    setup.broadcast_every = 20;
    setup.direct_every = 7;
    setup.pace = std::chrono::milliseconds{30 * kSlowness};
    setup.patience = kAllServeWithin + kPatience;
    return setup;
  }

  void start_server() {
    server_ = std::make_unique<ServerProcess>(
        data_, std::vector<std::string>{"--workers", settings_.workers, "--loops", settings_.loops});
    server_->expect_alerts();
    ++starts_;
    descriptors_ = descriptor_count(server_->pid());
  }

  void wait_for(std::chrono::milliseconds time) {
    const auto end = Clock::now() + time;
    while (Clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
      troublemaker_.on_time(*server_);
    }
  }

  void do_harm() {
    const Harm harm = troublemaker_.choose();
    if (harm == Harm::MasterKill || harm == Harm::MasterTerm) return restart(harm);
    troublemaker_.harm(*server_, harm);
  }

  void restart(Harm harm) {
    const bool cleanly = harm == Harm::MasterTerm;
    troublemaker_.count(harm);
    troublemaker_.forgive(*server_);
    load_->hurry(true);  // so that much is under way: published, not yet stored
    wait_for(cleanly ? kHeartbeatsAreJudged : kHurry);
    load_->set_port(0);
    registrar_.set_port(0);
    passers_->set_port(0);
    if (!cleanly) {
      server_->kill_master();
      server_->expect_group_gone();
    }
    load_->hurry(false);
    end_server();
    start_server();
    load_->set_port(server_->port());
    registrar_.set_port(server_->port());
    passers_->set_port(server_->port());
  }

  void end_server() {
    server_->stop();
    read_log();
    server_.reset();
  }

  void read_log() {
    std::istringstream lines(server_->log());
    std::ofstream kept;
    if (!settings_.log_file.empty()) kept.open(settings_.log_file, std::ios::app);
    for (std::string line; std::getline(lines, line);) {
      if (kept.is_open()) kept << line << '\n';
      if (line.find("ALERT") != std::string::npos && !is_expected_alert(line)) problem("an alert: " + line);
      if (line.find("damage") != std::string::npos) problem("the log speaks of damage: " + line);
      if (line.find("lapped") != std::string::npos) ++lapped_;
    }
  }

  void come_to_rest() {
    troublemaker_.forgive(*server_);
    wait_for(kHeartbeatsAreJudged);
    server_->wait_until_all_serve({}, kAllServeWithin);
    // Everybody who is cut off is back, and goes on.
    load_->wait_for_progress(5, kAllServeWithin);
    server_->wait_until_all_serve({}, kAllServeWithin);
  }

  void check(const Load& load) {
    for (const auto& poster : load.posters())
      if (poster->cut_off() > starts_ - 1)
        problem(poster->name() + " was cut off " + std::to_string(poster->cut_off()) + " times, and the server ended " +
                std::to_string(starts_ - 1) + " times");
    const auto rooms = whole_history(server_->port(), setup().rooms);
    for (const std::string& trouble : registrar_.troubles()) problem(trouble);
    for (const NameRace& race : registrar_.races())
      for (const std::string& words : judge(race, server_->port(), 1)) problem(words);
    if (const std::string left = differences(server_->port(), {}); !left.empty())
      problem("when everybody has gone:" + left);
    eventually("the master has as many descriptors as at the start, and one for each client",
               [&] { return descriptor_count(server_->pid()) <= descriptors_ + server_->client_count(); });
    end_server();
    if (const std::string damage = check_store(data_.path()); !damage.empty()) problem("the store: " + damage);
    const auto stored = stored_messages(data_.path());
    if (stored_in_rooms(stored) != rooms.size())
      problem("the rooms' histories have " + std::to_string(rooms.size()) + " messages, the store has " +
              std::to_string(stored_in_rooms(stored)));
    findings_ = judge(load, stored);
    for (const std::string& words : findings_.problems) problem(words);
  }

  static std::size_t stored_in_rooms(const std::vector<HistoryItem>& stored) {
    return static_cast<std::size_t>(std::ranges::count_if(
        stored, [](const HistoryItem& item) { return !item.place.starts_with('@') && item.place != "#settled"; }));
  }

  void problem(const std::string& words) {
    ++problems_;
    std::cerr << "chaos: " << words << '\n';
  }

  int report(const Load& load) {
    std::uint64_t cut_off = 0, refused = 0;
    for (const auto& poster : load.posters()) {
      cut_off += poster->cut_off();
      refused += poster->refused();
    }
    const bool well = problems_ == 0 && findings_.all_well() && !testing::Test::HasFailure();
    std::cout << "chaos " << (well ? "passed" : "FAILED") << " seed=" << settings_.seed
              << " seconds=" << settings_.time.count() << " workers=" << settings_.workers
              << " loops=" << settings_.loops;
    for (std::size_t i = 0; i < kHarms; ++i)
      std::cout << ' ' << name_of(static_cast<Harm>(i)) << '=' << troublemaker_.counts()[i];
    std::cout << " starts=" << starts_ << " cut-off=" << cut_off << " acknowledged=" << findings_.acknowledged
              << " refused=" << refused << " received=" << findings_.received << " lost=" << findings_.lost
              << " duplicated=" << findings_.duplicated << " out-of-order=" << findings_.out_of_order
              << " invented=" << findings_.invented << " contradictions=" << findings_.contradictions
              << " resets=" << passers_->resets() << " gaps=" << findings_.gaps
              << " seen-and-gone=" << findings_.received_and_gone << " names=" << registrar_.races().size()
              << " lapped=" << lapped_ << " longest-pause-ms=" << load.longest_pause().count() << std::endl;
    return well ? EXIT_SUCCESS : EXIT_FAILURE;
  }

  Settings settings_;
  Troublemaker troublemaker_;
  const TemporaryDirectory data_;
  std::unique_ptr<ServerProcess> server_;
  std::size_t descriptors_ = 0;
  Registrar registrar_;
  Load* load_ = nullptr;
  Passers* passers_ = nullptr;
  Findings findings_;
  std::uint64_t starts_ = 0, problems_ = 0, lapped_ = 0;
};

std::optional<Settings> parse(const std::vector<std::string>& words) {
  Settings settings;
  for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
    const std::string &name = words[i], &value = words[i + 1];
    if (name == "--seconds")
      settings.time = std::chrono::seconds{std::stoul(value)};
    else if (name == "--seed")
      settings.seed = std::stoull(value);
    else if (name == "--workers")
      settings.workers = value;
    else if (name == "--loops")
      settings.loops = value;
    else if (name == "--keep-log")
      settings.log_file = value;
    else
      return std::nullopt;
  }
  if (words.size() % 2 != 0) return std::nullopt;
  return settings;
}

}  // namespace
}  // namespace rookery::system_test

int main(int argc, char** argv) {
  using namespace rookery::system_test;
  testing::InitGoogleTest();  // the harness reports in its way
  try {
    const auto settings = parse({argv + 1, argv + argc});
    if (!settings) throw std::invalid_argument("--seconds N --seed S [--workers W] [--loops L] [--keep-log FILE]");
    return Chaos(*settings).run();
  } catch (const std::exception& error) {
    std::cerr << "chaos: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
