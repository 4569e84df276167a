// How long posting stands still when the ledger is killed: from kill -9 to the next acknowledgement, under load. A new
// server for each kill: a second death within ten seconds is answered with a pause, and that is not what is measured.
//     ledger_pause_bench --kills 50 --wal 0
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <optional>
#include <stdexcept>
#include <vector>

#include "ipc/os/clock.h"
#include "tests/bench/support/crowd.h"
#include "tests/bench/support/lines.h"
#include "tests/bench/support/median.h"
#include "tests/bench/support/options.h"
#include "tests/bench/support/server_under_test.h"

namespace rookery::bench {

namespace {

constexpr std::size_t kPosters = 8;
constexpr std::size_t kUnderWay = 8;  // of each
constexpr std::size_t kMessagesFirst = 200;
constexpr std::chrono::seconds kAnswerWithin{30};
// A message of this size takes some two pages of the write-ahead log.
constexpr std::size_t kLongText = 7000;
constexpr std::size_t kLongTextsInAMebibyte = 110;

class Posters {
 public:
  Posters(Crowd& crowd, std::size_t text_bytes) : crowd_(crowd), cutters_(crowd.size()) {
    line_ = "/say #lobby " + std::string(text_bytes, 'x') + "\n";
    for (std::size_t client = 0; client < crowd_.size(); ++client)
      for (std::size_t i = 0; i < kUnderWay; ++i) crowd_.send(client, line_);
  }

  // Posts on until so many more are acknowledged.
  void take(std::size_t acknowledgements) {
    for (std::size_t goal = acknowledged_ + acknowledgements; acknowledged_ < goal;) turn(true);
  }
  // Takes what is on its way; the posts under way stay unanswered.
  void take_rest() {
    while (turn_once(std::chrono::milliseconds{0}, true)) {
    }
  }

 private:
  void turn(bool post) {
    if (!turn_once(kAnswerWithin, post)) throw std::runtime_error("no acknowledgement within 30 seconds");
  }
  bool turn_once(std::chrono::milliseconds patience, bool post) {
    return crowd_.turn(patience, [&](std::size_t client, std::string_view bytes) {
      cutters_[client].feed(bytes, [&](std::string_view line) {
        if (!is_answer(line)) return;
        if (!line.starts_with("OK")) throw std::runtime_error("refused: " + std::string(line));
        ++acknowledged_;
        if (post) crowd_.send(client, line_);
      });
    });
  }

  Crowd& crowd_;
  std::vector<LineCutter> cutters_;
  std::string line_;
  std::size_t acknowledged_ = 0;
};

double pause_ms(const CommonOptions& options, std::size_t wal_mebibytes) {
  const ServerUnderTest server(options.server, options.server_arguments({"--workers", "2"}));
  Crowd crowd(server.port(), kPosters, ping_line(DialectChoice::Text));
  const std::size_t filling = wal_mebibytes * kLongTextsInAMebibyte;
  Posters posters(crowd, filling > 0 ? kLongText : 100);
  posters.take(kMessagesFirst + filling);
  const auto begin = os::Monotonic::now();
  if (::kill(server.ledger(), SIGKILL) != 0) throw std::runtime_error("the ledger is not there");
  // What it had acknowledged before it died is read first; the pause ends with the first one of its successor.
  while (!server.ledger_was_replaced()) posters.take_rest();
  posters.take(1);
  return std::chrono::duration<double, std::milli>(os::Monotonic::now() - begin).count();
}

void measure(const CommonOptions& options, std::size_t kills, std::size_t wal_mebibytes) {
  std::vector<double> pauses;
  for (std::size_t i = 0; i < kills; ++i) pauses.push_back(pause_ms(options, wal_mebibytes));
  fmt::print("{} kills, {} posters with {} messages under way each, write-ahead log {} MiB\n", kills, kPosters,
             kUnderWay, wal_mebibytes);
  fmt::print("from the kill to the next acknowledgement: median {:.1f} ms, worst {:.1f} ms\n", median(pauses),
             *std::ranges::max_element(pauses));
}

}  // namespace

}  // namespace rookery::bench

int main(int argc, char** argv) {
  using namespace rookery::bench;
  std::size_t kills = 50;
  std::size_t wal_mebibytes = 0;
  const CommonOptions options =
      read_options(argc, argv, "How long posting pauses when the ledger is killed.",
                   {{"--kills", &kills, "of the ledger, each of a fresh server"},
                    {"--wal", &wal_mebibytes, "MiB in the write-ahead log before the kill, below 32"}});
  return run_bench([&] { measure(options, kills, wal_mebibytes); });
}
