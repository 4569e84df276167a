// Processes and threads are two points of one grid: what clients see is the same at each.
#include <gmock/gmock.h>

#include <cstdlib>

#include "tests/system/harness/load.h"
#include "tests/system/harness/people.h"

namespace rookery::system_test {
namespace {

using Json = JsonClient::Json;

struct Shape {
  int workers;
  int loops;
};

class Shapes : public testing::TestWithParam<Shape> {
 protected:
  ServerProcess server_{std::vector<std::string>{"--workers", std::to_string(GetParam().workers), "--loops",
                                                 std::to_string(GetParam().loops)}};
};

TEST_P(Shapes, ServeTheSameChat) {
  EXPECT_THAT(server_.ready_line(), testing::EndsWith("workers=" + std::to_string(GetParam().workers) +
                                                      " loops=" + std::to_string(GetParam().loops)));
  make_account(server_, "alice");
  Load load(server_.port(), 6, "#den");
  std::vector<std::unique_ptr<JsonClient>> clients;
  for (int i = 0; i < 12; ++i) {
    clients.push_back(std::make_unique<JsonClient>(server_.port()));
    EXPECT_EQ(clients.back()->ask({{"op", "join"}, {"room", "#attic"}})["members"], i + 1);
  }
  EXPECT_EQ(clients[0]->ask({{"op", "login"}, {"name", "alice"}, {"password", kPassword}})["ok"], true);
  for (auto& client : clients) client->sync();

  std::vector<std::string> expected;
  for (int i = 0; i < 60; ++i) {
    JsonClient& speaker = *clients[static_cast<std::size_t>(i) % clients.size()];
    expected.push_back(std::to_string(i));
    Json request{{"op", "say"}, {"room", "#attic"}, {"text", expected.back()}};
    if (i % 3 == 1) request = {{"op", "broadcast"}, {"text", expected.back()}};
    EXPECT_EQ(speaker.ask(request)["ok"], true);
  }
  EXPECT_EQ(clients[1]->ask({{"op", "msg"}, {"to", "alice"}, {"text", "for alice"}})["ok"], true);
  load.wait_for_progress(20);
  load.finish();

  for (std::size_t i = 0; i < clients.size(); ++i) {
    clients[i]->sync();
    std::vector<std::string> heard;
    for (const Json& event : clients[i]->events("message")) heard.push_back(event["text"]);
    auto due = expected;
    if (i == 0) due.emplace_back("for alice");
    EXPECT_EQ(heard, due) << "client " << i;
  }
  EXPECT_EQ(clients[2]->ask("list")["clients"].size(), server_.client_count());
  check_promises(load, whole_history(server_.port(), "#den"));
}

// The tests of this program are run a second time with another model, see CMakeLists.txt.
TEST(Model, IsTheOneTheseTestsAreRunWith) {
  const char* const model = std::getenv("ROOKERY_MODEL");
  const ServerProcess server;
  EXPECT_THAT(server.console("status"),
              testing::HasSubstr(std::string("model ") + (model == nullptr ? "event" : model) + ","));
}

std::string name_of(const testing::TestParamInfo<Shape>& shape) {
  return std::to_string(shape.param.workers) + "Workers" + std::to_string(shape.param.loops) + "Loops";
}
INSTANTIATE_TEST_SUITE_P(Grid, Shapes, testing::Values(Shape{1, 1}, Shape{1, 3}, Shape{2, 2}, Shape{4, 1}), name_of);

}  // namespace
}  // namespace rookery::system_test
