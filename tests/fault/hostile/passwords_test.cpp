// Guessing passwords: slow for who guesses, from one address and from a hundred, and hardly felt by other people.
#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <memory>

#include "tests/support/file_text.h"
#include "tests/system/harness/people.h"

namespace rookery::system_test {
namespace {

using testing::StartsWith;

constexpr int kGuesses = 1000;
const std::string kGuess = "/login alice a-wrong-password\n";

using Guessers = std::vector<std::unique_ptr<TextClient>>;

struct Tally {
  int wrong = 0;
  int limited = 0;
  int right = 0;
};

Tally count_answers(const Guessers& guessers) {
  Tally tally;
  for (const auto& guesser : guessers) {
    static_cast<void>(guesser->poll_lines());
    for (const std::string& line : guesser->lines()) {
      tally.wrong += line.starts_with("ERR bad-credentials ") ? 1 : 0;
      tally.limited += line.starts_with("ERR rate-limited ") ? 1 : 0;
      tally.right += line.starts_with("OK ") ? 1 : 0;
    }
  }
  return tally;
}

// A hash that takes its time without taking the processor's, longer than this program waits for its turn on a busy
// machine: then how many were hashed meanwhile says in which order they were taken, and not who was faster.
constexpr std::string_view kSlowHash = "worker.in_login_hash:sleep:50:1+";

// How many passwords began to be hashed while this was done: what it may have waited for.
int hashed_during(const FaultSwitch& faults, const std::function<void()>& work) {
  const auto hashed = [&] { return faults.passed(fault::Point::WorkerInLoginHash); };
  const std::uint64_t before = hashed();
  work();
  return static_cast<int>(hashed() - before);
}

// What other people waited for while guessers were at work. They may not wait for the flood, only for what is being
// hashed. Medians: now and then a thread has to wait for a processor, and that is not the server's doing.
struct Felt {
  std::vector<int> logins;
  std::vector<int> echoes;

  // One logs in, from an address that has done nothing yet, and one talks.
  void add(const ServerProcess& server, TextClient& talker, const FaultSwitch& faults) {
    const std::string address = "127.0.9." + std::to_string(logins.size() + 1);
    TextClient honest(server.port(), {.source = address.c_str()});
    logins.push_back(hashed_during(faults, [&] { honest.log_in("bob", kPassword); }));
    for (int echo = 0; echo < 10; ++echo) echoes.push_back(hashed_during(faults, [&] { talker.sync(); }));
  }

  void expect_little() {
    std::ranges::sort(logins);
    std::ranges::sort(echoes);
    const int login = logins[logins.size() / 2];
    const int echo = echoes[echoes.size() / 2];
    // Four threads hash, so a login sees some twelve others.
    EXPECT_LE(login, 40) << "hashed during a login, median";
    EXPECT_LE(echo, 10) << "hashed during an echo, median";
    testing::Test::RecordProperty("hashed_during_login", login);
    testing::Test::RecordProperty("hashed_during_echo", echo);
  }
};

// Her name is held back by 2 s, however often others have guessed; were it by twice as much each time, like a source's,
// she would not be in before the client's patience is over.
void expect_owner_gets_in(const ServerProcess& server) {
  TextClient client(server.port(), {.source = "127.0.8.2"});
  client.log_in("alice", kPassword);
}

TEST(Hostile, Row57_AThousandWrongPasswordsFromOneAddress) {
  FaultSwitch faults;
  const ServerProcess server(faults, {"--workers", "2", "--limit-loopback", "yes"});
  make_account(server, "alice");
  make_account(server, "bob");
  TextClient talker(server.port(), {.source = "127.0.8.1"});
  talker.sync();
  faults.set(kSlowHash);
  const auto begin = Clock::now();
  Guessers guessers;
  constexpr int kConnections = 20;
  for (int i = 0; i < kConnections; ++i) {
    guessers.push_back(std::make_unique<TextClient>(server.port(), SocketSetup{.source = "127.0.7.1"}));
    std::string guesses;
    for (int guess = 0; guess < kGuesses / kConnections; ++guess) guesses += kGuess;
    guessers.back()->send(guesses);
  }
  Felt felt;
  for (int i = 0; i < 20; ++i) felt.add(server, talker, faults);
  felt.expect_little();
  const Tally tally = count_answers(guessers);
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  // For each of two loops: the free ones, as many under way, and then one after 0.25 s, 0.5 s, 1 s ...
  EXPECT_LE(tally.wrong, 2 * (8 + static_cast<int>(seconds * 4)));
  EXPECT_GT(tally.wrong, 0);
  EXPECT_EQ(tally.right, 0);
  EXPECT_GT(tally.limited, kGuesses / 2) << "the others are told at once";

  expect_owner_gets_in(server);
}

TEST(Hostile, Row57_AThousandWrongPasswordsFromAHundredAddresses) {
  FaultSwitch faults;
  const ServerProcess server(faults, {"--workers", "2", "--limit-loopback", "yes"});
  make_account(server, "alice");
  make_account(server, "bob");
  TextClient talker(server.port(), {.source = "127.0.8.1"});
  talker.sync();
  faults.set(kSlowHash);
  constexpr int kAddresses = 100;
  constexpr int kWaves = 5;  // each from addresses that have not guessed yet: those that have are slow, and no flood
  Felt felt;
  for (int wave = 0; wave < kWaves; ++wave) {
    Guessers guessers;
    for (int i = 0; i < kAddresses; ++i) {
      const std::string address = "127.0." + std::to_string(10 + wave) + "." + std::to_string(i + 1);
      guessers.push_back(std::make_unique<TextClient>(server.port(), SocketSetup{.source = address.c_str()}));
      std::string guesses;
      for (int guess = 0; guess < kGuesses / kAddresses; ++guess) guesses += kGuess;
      guessers.back()->send(guesses);
    }
    eventually("the flood is there", [&] { return count_answers(guessers).wrong > 0; });
    felt.add(server, talker, faults);
    if (wave == kWaves - 1) expect_owner_gets_in(server);
    EXPECT_EQ(count_answers(guessers).right, 0);
  }
  felt.expect_little();
}

// With the hashes that people's servers have, inside the sandbox and its memory.
TEST(Passwords, CostWhatTheyShallInTheServerForPeople) {
  const ServerProcess server(ServerProgram{test::program("rookery-master")}, {"--workers", "1"});
  make_account(server, "alice");
  TextClient client(server.port());
  EXPECT_THAT(client.ask("/login alice a-wrong-password"), StartsWith("ERR bad-credentials "));
  client.log_in("alice", kPassword);
  const std::string store =
      test::file_text(server.data() / "rookery.db-wal") + test::file_text(server.data() / "rookery.db");
  EXPECT_THAT(store, testing::HasSubstr("$argon2id$v=19$m=19456,t=2,p=1$"));
}

TEST(Hostile, Row57_NoAnswerTellsWhetherANameExists) {
  const ServerProcess server({"--workers", "1"});
  make_account(server, "alice");
  std::vector<std::vector<std::string>> answers;
  std::vector<double> seconds;
  int address = 0;
  for (const char* name : {"alice", "nobody"}) {
    std::vector<std::string> lines;
    const auto begin = Clock::now();
    for (int i = 0; i < 6; ++i) {  // from six addresses: what is counted is the name
      const std::string from = "127.0.6." + std::to_string(++address);
      TextClient client(server.port(), {.source = from.c_str()});
      lines.push_back(client.ask(std::string("/login ") + name + " a-wrong-password"));
    }
    seconds.push_back(std::chrono::duration<double>(Clock::now() - begin).count());
    answers.push_back(lines);
  }
  EXPECT_EQ(answers[0], answers[1]);
  EXPECT_THAT(answers[0].back(), StartsWith("ERR bad-credentials "));
  // 0.25 s, 0.5 s and 1 s that the server waits at the last three, of either; a slow machine only takes longer.
  for (const double each : seconds) EXPECT_GE(each, 1.7);
}

TEST(Hostile, AStopDoesNotWaitForLoginsThatAreHeldBack) {
  ServerProcess server({"--workers", "1", "--limit-loopback", "yes", "--shutdown-timeout", kNeverForced});
  make_account(server, "alice");
  TextClient client(server.port());
  for (int i = 0; i < 5; ++i) EXPECT_THAT(client.ask(kGuess.substr(0, kGuess.size() - 1)), StartsWith("ERR "));
  std::vector<std::unique_ptr<TextClient>> held;
  for (int i = 0; i < 4; ++i) {
    held.push_back(std::make_unique<TextClient>(server.port()));
    held.back()->sync();
    held.back()->send(kGuess);
  }
  client.sync();
  server.stop();
  int told = 0;
  for (auto& each : held) {
    each->read_to_end();
    for (const std::string& line : each->lines()) told += line.starts_with("ERR shutting-down ") ? 1 : 0;
  }
  EXPECT_GE(told, 1);
}

}  // namespace
}  // namespace rookery::system_test
