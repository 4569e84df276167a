#include "tests/system/harness/resuming.h"

#include <gtest/gtest.h>

#include "tests/system/harness/people.h"

namespace rookery::system_test {

using Json = JsonClient::Json;

std::vector<std::string> Resumed::texts() const {
  std::vector<std::string> result;
  for (const Json& event : events) result.push_back(event["text"]);
  return result;
}

Json resume_request(const Seen& seen) {
  return {{"op", "resume"}, {"id", "resume"}, {"epoch", seen.epoch}, {"seq", seen.seq}};
}

Json read_answer(JsonClient& client) {
  for (;;)
    if (Json line = Json::parse(client.read_line()); line.contains("re") && line["re"] == "resume") return line;
}

void read_events(JsonClient& client, std::uint64_t after, Resumed& resumed, const std::function<void()>& on_event) {
  if (resumed.reply["recovered"] == false) after = 0;  // another epoch's number
  for (std::uint64_t count = resumed.reply["missed"]; count > 0; --count) {
    resumed.events.push_back(Json::parse(client.read_line()));
    const Json& event = resumed.events.back();
    ASSERT_EQ(event.value("event", ""), "message") << event;
    ASSERT_GT(event["seq"].get<std::uint64_t>(), after);
    after = event["seq"];
    on_event();
  }
}

Resumed resume(JsonClient& client, const Seen& seen) {
  client.send_json(resume_request(seen));
  Resumed resumed;
  resumed.reply = read_answer(client);
  EXPECT_EQ(resumed.reply["ok"], true) << resumed.reply;
  if (resumed.reply["ok"] == true) read_events(client, seen.seq, resumed);
  return resumed;
}

Seen say(JsonClient& client, const std::string& room, const std::string& text) {
  const Json reply = client.ask({{"op", "say"}, {"room", room}, {"text", text}});
  EXPECT_EQ(reply["ok"], true) << reply;
  return {reply.value("epoch", ""), reply.value("seq", std::uint64_t{0})};
}

void join(JsonClient& client, const std::string& room) {
  EXPECT_EQ(client.ask({{"op", "join"}, {"room", room}})["ok"], true);
}

void log_in(JsonClient& client, const std::string& name) {
  EXPECT_EQ(client.ask({{"op", "login"}, {"name", name}, {"password", kPassword}})["ok"], true);
}

// In the text dialect: a server under a sanitizer spends half as much on a line of it as on one in JSON.
void make_noise(std::uint16_t port, int messages) {
  TextClient client(port);
  const std::string answer = client.ask("/join #noise");
  if (!answer.starts_with("OK")) ADD_FAILURE() << answer;
  const std::string line = "/say #noise " + std::string(8000, 'n') + "\n";
  for (int i = 0; i < messages; ++i) client.send(line);
  client.sync();
}

}  // namespace rookery::system_test
