// What is special to `--model thread-per-client`. That it serves the same chat is asserted by the other tests of this
// program, which CTest runs a second time with this model (CMakeLists.txt).
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/system/harness/people.h"
#include "tests/system/harness/processes.h"

namespace rookery::system_test {
namespace {

const std::size_t kThreadClients = kSanitized ? 200 : 1000;

std::size_t threads_of(pid_t pid) {
  const std::filesystem::directory_iterator tasks("/proc/" + std::to_string(pid) + "/task");
  return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

std::uint64_t virtual_bytes(pid_t pid) {
  std::ifstream statm("/proc/" + std::to_string(pid) + "/statm");
  std::uint64_t pages = 0;
  statm >> pages;
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::vector<std::string> arguments() {
  return {"--workers", "1", "--model", "thread-per-client"};
}

TEST(ThreadPerClient, HoldsAThousandClientsAndTheirThreadsGoWithThem) {
  const ServerProcess server(arguments());
  const pid_t worker = server.worker_pid(0);
  const std::size_t threads_before = threads_of(worker);

  std::vector<std::unique_ptr<TextClient>> clients;
  for (std::size_t i = 0; i < kThreadClients; ++i) clients.push_back(std::make_unique<TextClient>(server.port()));
  for (auto& client : clients) client->sync();
  EXPECT_EQ(threads_of(worker), threads_before + kThreadClients);

  EXPECT_TRUE(clients.front()->ask("/broadcast to all").starts_with("OK "));
  for (std::size_t i = 0; i < kThreadClients; ++i) {
    clients[i]->sync();
    EXPECT_THAT(clients[i]->events(), testing::ElementsAre(testing::EndsWith(": to all"))) << "client " << i;
    EXPECT_EQ(clients[i]->ask("from " + std::to_string(i)), "Echo: from " + std::to_string(i));
  }

  // Some say good-bye, some just go, some reset: no thread may stay in recv().
  for (std::size_t i = 0; i < kThreadClients; ++i) {
    if (i % 3 == 0) clients[i]->send_line("/quit");
    if (i % 3 == 1) clients[i]->close();
    if (i % 3 == 2) clients[i]->reset();
  }
  for (std::size_t i = 0; i < kThreadClients; i += 3) clients[i]->read_to_end();
  clients.clear();
  eventually("the clients' threads have ended", [&] { return threads_of(worker) == threads_before; });
  EXPECT_EQ(server.client_count(), 0);
}

TEST(ThreadPerClient, StopsWhileAllWaitForInput) {
  ServerProcess server(arguments());
  std::vector<std::unique_ptr<TextClient>> clients;
  for (int i = 0; i < 50; ++i) clients.push_back(std::make_unique<TextClient>(server.port()));
  for (auto& client : clients) client->sync();
  clients[0]->send("half a li");
  std::thread stopping([&] { server.stop(); });  // checks that the exit is a clean one
  for (auto& client : clients) {
    client->read_to_end();
    EXPECT_THAT(client->lines(), testing::Contains(testing::HasSubstr("the server is shutting down")));
    client->close();
  }
  stopping.join();
}

TEST(ThreadPerClient, DeepestJsonFitsOnAThreadsStack) {
  const ServerProcess server(arguments());
  JsonClient client(server.port());
  client.sync();
  const std::string deep = R"({"op":"echo","text":"x","more":)";
  for (const char bracket : {'[', '{'}) {
    std::string line = deep;
    const std::string opening = bracket == '[' ? "[" : R"({"a":)";
    while (line.size() + opening.size() < 8000) line += opening;
    client.send_line(line);
    EXPECT_THAT(client.read_line(), testing::HasSubstr("\"ok\":false"));
    std::string closed = deep + std::string(3900, '[') + std::string(3900, ']') + "}";
    client.send_line(closed);
    EXPECT_THAT(client.read_line(), testing::HasSubstr("\"re\":"));
  }
  client.sync();
}

TEST(ThreadPerClient, WithoutMemoryForAnotherThreadTheNewClientIsToldAndTheOthersStay) {
  if (kSanitized) GTEST_SKIP() << "sanitizers reserve more address space than a limit on it can allow";
  const ServerProcess server(arguments());
  const pid_t worker = server.worker_pid(0);
  TextClient there(server.port());
  there.sync();

  constexpr std::uint64_t kLessThanAStack = 128 * 1024;
  rlimit before{};
  ASSERT_EQ(::prlimit(worker, RLIMIT_AS, nullptr, &before), 0);
  const rlimit tight{virtual_bytes(worker) + kLessThanAStack, before.rlim_max};
  ASSERT_EQ(::prlimit(worker, RLIMIT_AS, &tight, nullptr), 0);
  TextClient turned_away(server.port());
  EXPECT_TRUE(turned_away.read_line().starts_with("ERR server-full "));
  turned_away.read_to_end();
  EXPECT_EQ(there.ask("still here"), "Echo: still here");

  ASSERT_EQ(::prlimit(worker, RLIMIT_AS, &before, nullptr), 0);
  TextClient next(server.port());
  EXPECT_EQ(next.ask("and now"), "Echo: and now");
}

}  // namespace
}  // namespace rookery::system_test
