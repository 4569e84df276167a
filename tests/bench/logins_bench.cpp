// How many logins a second two pool threads do, against libsodium alone on two threads in the same run. A login is one
// Argon2id verification, so the rest of the server should hardly show.
//     logins_bench --logins 64 --connections 16                 each logs in and out in turn
//     logins_bench --accounts 1000 --restarts 1                and everybody at once after a restart
#include <fmt/format.h>
#include <sodium.h>

#include <stdexcept>
#include <thread>

#include "client/load/compare/process_figures.h"
#include "ipc/auth/password_hash.h"
#include "ipc/os/clock.h"
#include "tests/bench/support/crowd.h"
#include "tests/bench/support/median.h"
#include "tests/bench/support/options.h"
#include "tests/bench/support/promises.h"
#include "tests/bench/support/server_under_test.h"

namespace rookery::bench {

namespace {

constexpr std::size_t kThreads = 2;
constexpr std::size_t kAccounts = 8;
constexpr std::chrono::seconds kAnswerWithin{30};
// What is not hashing is the client's part and the start of the burst.
constexpr double kOfHashingAlone = 0.9;
constexpr const char* kPassword = "correct-horse";

std::string account(std::size_t number) {
  return fmt::format("login-bench-{}", number % kAccounts);
}

// The client's next answer.
std::string ask(Crowd& crowd, std::size_t client, const std::string& line) {
  std::string answer;
  crowd.send(client, line);
  while (!answer.ends_with('\n')) {
    const bool came = crowd.turn(kAnswerWithin, [&answer](std::size_t, std::string_view bytes) { answer += bytes; });
    if (!came) throw std::runtime_error("no answer to " + line);
  }
  return answer;
}

// Each client logs in and out in turn until all together have logged in `logins` times.
double logins_per_second(Crowd& crowd, std::size_t logins) {
  std::vector<LineCutter> lines(crowd.size());
  std::size_t begun = 0;
  std::size_t done = 0;
  const auto log_in = [&](std::size_t client) {
    crowd.send(client, fmt::format("/login {} {}\n", account(begun++), kPassword));
  };
  const auto begin = os::Monotonic::now();
  auto end = begin;
  std::size_t out = 0;
  for (std::size_t client = 0; client < crowd.size() && begun < logins; ++client) log_in(client);
  while (out < logins) {
    const bool came = crowd.turn(kAnswerWithin, [&](std::size_t client, std::string_view bytes) {
      lines[client].feed(bytes, [&](std::string_view line) {
        if (line.starts_with("OK logged in")) {
          if (++done == logins) end = os::Monotonic::now();
          crowd.send(client, "/logout\n");
        } else if (line == "OK logged out") {
          ++out;
          if (begun < logins) log_in(client);
        } else {
          throw std::runtime_error("a login failed: " + std::string(line));
        }
      });
    });
    if (!came) throw std::runtime_error("a login got no answer");
  }
  return static_cast<double>(logins) / std::chrono::duration<double>(end - begin).count();
}

// Client n does it for account n, all at once. Seconds until the last answer, the connecting not counted.
double answer_all(const ServerUnderTest& server, std::size_t accounts, const char* command, std::string_view expected) {
  Crowd crowd(server.port(), accounts, ping_line(DialectChoice::Text));
  std::vector<LineCutter> lines(accounts);
  const auto begin = os::Monotonic::now();
  for (std::size_t i = 0; i < accounts; ++i)
    crowd.send(i, fmt::format("{} restart-bench-{} {}\n", command, i, kPassword));
  for (std::size_t answered = 0; answered < accounts;) {
    const bool came = crowd.turn(kAnswerWithin, [&](std::size_t client, std::string_view bytes) {
      lines[client].feed(bytes, [&](std::string_view line) {
        if (!line.starts_with(expected)) throw std::runtime_error(fmt::format("{}: {}", command, line));
        ++answered;
      });
    });
    if (!came) throw std::runtime_error(fmt::format("{} got no answer", command));
  }
  return std::chrono::duration<double>(os::Monotonic::now() - begin).count();
}

double verifications_per_second(const std::string& hash, std::size_t count) {
  const auto verify = [&] {
    for (std::size_t i = 0; i < count / kThreads; ++i) {
      if (::crypto_pwhash_str_verify(hash.c_str(), kPassword, std::char_traits<char>::length(kPassword)) != 0)
        std::abort();
    }
  };
  const auto begin = os::Monotonic::now();
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < kThreads; ++i) threads.emplace_back(verify);
  threads.clear();
  const auto took = os::Monotonic::now() - begin;
  return static_cast<double>(count / kThreads * kThreads) / std::chrono::duration<double>(took).count();
}

// Accounts are registered, the server is started again on the same data, and all of them log in at once.
void measure_restart(const CommonOptions& options, const std::string& hash, std::size_t accounts,
                     std::size_t restarts) {
  load::raise_descriptor_limit();
  std::vector<double> ours;
  std::vector<double> ratio;
  ServerUnderTest server(options.server, options.server_arguments({"--workers", "1", "--pool", std::to_string(kThreads),
                                                                   "--max-clients", std::to_string(accounts + 8)}));
  answer_all(server, accounts, "/register", "OK registered");
  for (std::size_t round = 0; round < restarts; ++round) {
    server.restart();
    // Half of the hashing alone comes before and half after, for the machine may be busier at one end.
    const double before = verifications_per_second(hash, accounts / 2);
    ours.push_back(static_cast<double>(accounts) / answer_all(server, accounts, "/login", "OK logged in"));
    const double after = verifications_per_second(hash, accounts / 2);
    ratio.push_back(ours.back() / (2 / (1 / before + 1 / after)));
  }
  fmt::print("\n{} logins at once after a restart: {:.1f} logins/s, {:.2f} of libsodium alone\n", accounts,
             median(ours), median(ratio));
  Promises promises;
  promises.at_least(fmt::format("{} logins after a restart: a second, of hashing alone", accounts),
                    fmt::format("{:.1f} logins/s", median(ours)), median(ratio), kOfHashingAlone);
  promises.print();
}

void measure(const CommonOptions& options, std::size_t logins, std::size_t connections, std::size_t accounts,
             std::size_t restarts) {
  if (::sodium_init() < 0) throw std::runtime_error("libsodium does not start");
  const auto hash = auth::hash_password(kPassword);
  if (!hash) throw std::runtime_error("no memory to hash a password");

  const ServerUnderTest server(options.server,
                               options.server_arguments({"--workers", "1", "--pool", std::to_string(kThreads)}));
  Crowd crowd(server.port(), connections, ping_line(DialectChoice::Text));
  for (std::size_t i = 0; i < kAccounts; ++i) {
    const std::string answer = ask(crowd, 0, fmt::format("/register {} {}\n", account(i), kPassword));
    if (!answer.starts_with("OK")) throw std::runtime_error("cannot register: " + answer);
  }
  std::vector<double> ours;
  std::vector<double> bare;
  std::vector<double> ratio;
  for (std::size_t round = 0; round < options.rounds; ++round) {
    ours.push_back(logins_per_second(crowd, logins));
    bare.push_back(verifications_per_second(hash->encoded.data(), logins));
    ratio.push_back(ours.back() / bare.back());
  }
  fmt::print("{} logins over {} connections, {} threads, {} rounds, medians\n\n", logins, connections, kThreads,
             options.rounds);
  fmt::print("Rookery {:.1f} logins/s, libsodium alone {:.1f} verifications/s, ratio {:.2f}\n", median(ours),
             median(bare), median(ratio));
  measure_restart(options, hash->encoded.data(), accounts, restarts);
}

}  // namespace

}  // namespace rookery::bench

int main(int argc, char** argv) {
  using namespace rookery::bench;
  std::size_t logins = 64;
  std::size_t connections = 16;
  std::size_t accounts = 1000;
  std::size_t restarts = 1;
  const CommonOptions options = read_options(argc, argv, "How many logins a second the thread pool does.",
                                             {{"--logins", &logins, "in a round"},
                                              {"--connections", &connections, "that log in and out"},
                                              {"--accounts", &accounts, "that log in at once after a restart"},
                                              {"--restarts", &restarts, "after each of which they do"}});
  return run_bench([&] { measure(options, logins, connections, accounts, restarts); });
}
