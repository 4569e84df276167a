// A worker that stood still: what was said meanwhile is held against none of its clients, whether it goes on or another
// one takes its place. They get all of it, in order, and their own commands are answered.
#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>

#include "tests/system/harness/people.h"
#include "tests/system/harness/processes.h"

namespace rookery::system_test {
namespace {

using Json = JsonClient::Json;

constexpr std::size_t kSaidBytes = 8000;
// More than what the server holds for a reader that is too slow (1 MiB a room), less than the log ring (16 MiB).
const int kMeanwhile = kSanitized ? 250 : 1000;
constexpr std::size_t kReaders = 3;

class StoppedWorker : public testing::Test {
 protected:
  StoppedWorker() {
    std::vector<Seated> seated = one_client_on_each_worker(server_, 2);
    victim_ = seated.front().worker;
    speaker_ = std::move(seated.back().client);
    readers_.push_back(std::move(seated.front()));
    while (readers_.size() < kReaders) {
      auto client = std::make_unique<JsonClient>(server_.port());
      const std::uint64_t id = id_of(*client);
      const std::uint32_t worker = workers_of_clients(server_.port()).at(id);
      auto& to = worker == victim_ ? readers_ : others_;
      to.push_back({id, worker, std::move(client)});
    }
    for (Seated& reader : readers_) static_cast<void>(reader.client->ask({{"op", "join"}, {"room", "#den"}}));
    static_cast<void>(speaker_->ask({{"op", "join"}, {"room", "#den"}}));
  }

  [[nodiscard]] pid_t victim() const { return server_.worker_pid(static_cast<int>(victim_)); }

  // Many under way at once: with a wait for the disk after each the master takes the stopped worker for hung meanwhile.
  void speak(int from, int to) {
    constexpr int kAtOnce = 50;
    for (int begin = from; begin < to; begin += kAtOnce) {
      const int end = std::min(begin + kAtOnce, to);
      for (int i = begin; i < end; ++i)
        speaker_->send_json({{"op", "say"}, {"room", "#den"}, {"text", std::to_string(i) + " " + padding_}});
      for (int answers = begin; answers < end;) {
        const Json line = Json::parse(speaker_->read_line());
        if (!line.contains("re")) continue;
        ASSERT_EQ(line["ok"], true) << line;
        ++answers;
      }
    }
  }

  // On a slow machine the master may have replaced it already: the outcome is the same.
  void signal(pid_t pid, int number) {
    server_.expect_alerts();
    if (victim() == pid) server_.signal_child(pid, number);
  }

  // The reader has sent a join and then an echo; both are answered between these messages, in that order.
  void expect_all(Seated& reader, int count) {
    std::vector<std::string> answers;
    for (int next = 0; next < count || answers.size() < 2;) {
      const Json line = Json::parse(reader.client->read_line());
      if (line.contains("re")) {
        EXPECT_EQ(line["ok"], true) << line;
        answers.push_back(line["re"]);
        continue;
      }
      ASSERT_EQ(line["event"], "message") << line;
      if (line["room"] != "#den") continue;
      ASSERT_EQ(line["text"], std::to_string(next) + " " + padding_) << "client " << reader.id;
      ++next;
    }
    EXPECT_THAT(answers, testing::ElementsAre("join", "echo"));
    EXPECT_EQ(reader.client->ask({{"op", "say"}, {"room", "#late"}, {"text", "here"}})["ok"], true);
    EXPECT_EQ(reader.client->ask({{"op", "leave"}, {"room", "#late"}})["ok"], true);
  }

  void ask_meanwhile() {
    for (Seated& reader : readers_) {
      reader.client->send_json({{"op", "join"}, {"room", "#late"}});
      reader.client->send_json({{"op", "echo"}, {"text", "still there"}});
    }
  }

  ServerProcess server_{std::vector<std::string>{"--workers", "2"}};
  std::uint32_t victim_ = 0;
  std::unique_ptr<JsonClient> speaker_;
  std::vector<Seated> readers_;  // all at the victim
  std::vector<Seated> others_;
  const std::string padding_ = std::string(kSaidBytes, 's');
};

TEST_F(StoppedWorker, IsReplacedAndItsClientsLackNothing) {
  const pid_t pid = victim();
  freeze(pid);
  ask_meanwhile();
  speak(0, kMeanwhile);
  signal(pid, SIGKILL);
  speak(kMeanwhile, kMeanwhile + 50);
  for (Seated& reader : readers_) expect_all(reader, kMeanwhile + 50);
  for (Seated& reader : readers_) EXPECT_TRUE(workers_of_clients(server_.port()).contains(reader.id));
}

TEST_F(StoppedWorker, GoesOnAndItsClientsLackNothing) {
  const pid_t pid = victim();
  freeze(pid);
  ask_meanwhile();
  speak(0, kMeanwhile);
  signal(pid, SIGCONT);
  speak(kMeanwhile, kMeanwhile + 50);
  for (Seated& reader : readers_) expect_all(reader, kMeanwhile + 50);
}

// Its successor is killed in the middle of giving them what they lack.
TEST_F(StoppedWorker, IsReplacedTwiceAndItsClientsLackNothing) {
  const pid_t pid = victim();
  freeze(pid);
  ask_meanwhile();
  speak(0, kMeanwhile);
  signal(pid, SIGKILL);
  server_.wait_until_all_serve({pid});
  const pid_t successor = victim();
  speak(kMeanwhile, kMeanwhile + 25);
  server_.kill_child(successor);
  speak(kMeanwhile + 25, kMeanwhile + 50);
  for (Seated& reader : readers_) expect_all(reader, kMeanwhile + 50);
}

}  // namespace
}  // namespace rookery::system_test
