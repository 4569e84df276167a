#include "tests/system/harness/load.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace rookery::system_test {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kUnderWay = 8;  // of one poster
constexpr std::uint64_t kPageMessages = 1000;

}  // namespace

Poster::Poster(std::uint16_t port, std::string name, std::string room)
    : client_(port), name_(std::move(name)), room_(std::move(room)) {
  const Json joined = client_.ask({{"op", "join"}, {"room", room_}});
  if (joined["ok"] != true) throw std::runtime_error("cannot join: " + joined.dump());
}

void Poster::run(const std::atomic<bool>& stop) {
  try {
    while (!stop || answered_ < next_) {
      while (!stop && next_ - answered_ < kUnderWay) post();
      if (answered_ < next_) take(Json::parse(client_.read_line()));
    }
  } catch (const Closed&) {
    closed_ = true;
    client_.close();
  } catch (const std::exception& error) {
    trouble_ = error.what();
  }
}

void Poster::post() {
  const std::uint64_t number = next_++;  // it counts as posted even if the connection breaks in the middle
  client_.send_json({{"op", "say"}, {"id", number}, {"room", room_}, {"text", text(number)}});
}

void Poster::take(const Json& line) {
  if (line.contains("re")) {
    ++answered_;
    if (line["ok"] != true) {
      ++refused_;
      return;
    }
    acknowledged_.emplace(line["seq"].get<std::uint64_t>(), text(line["id"].get<std::uint64_t>()));
    ++acknowledged_count_;
  } else if (line["event"] == "message") {
    received_.push_back(line["seq"].get<std::uint64_t>());
  } else if (line["event"] == "notice") {
    told_ = true;
  }
}

Load::Load(std::uint16_t port, std::size_t posters, std::string room)
    : room_(std::move(room)), ended_(std::make_unique<std::atomic<bool>[]>(posters)) {
  for (std::size_t i = 0; i < posters; ++i)
    posters_.push_back(std::make_unique<Poster>(port, "poster" + std::to_string(i), room_));
  for (std::size_t i = 0; i < posters; ++i)
    threads_.emplace_back([this, i] {
      posters_[i]->run(stop_);
      ended_[i] = true;
    });
}

Load::~Load() {
  finish();
}

void Load::finish() {
  stop_ = true;
  wait_until_closed();
}

void Load::wait_until_closed() {
  for (std::thread& thread : threads_)
    if (thread.joinable()) thread.join();
}

void Load::wait_for_progress(std::uint64_t more) const {
  std::vector<std::uint64_t> goals;
  for (const auto& poster : posters_) goals.push_back(poster->acknowledged_count() + more);
  eventually("every poster gets " + std::to_string(more) + " more acknowledgements", [&] {
    for (std::size_t i = 0; i < posters_.size(); ++i)
      if (!ended_[i] && posters_[i]->acknowledged_count() < goals[i]) return false;
    return true;
  });
}

std::uint64_t Load::acknowledged_count() const {
  std::uint64_t count = 0;
  for (const auto& poster : posters_) count += poster->acknowledged_count();
  return count;
}

std::vector<HistoryItem> whole_history(std::uint16_t port, const std::string& room) {
  JsonClient reader(port);
  std::vector<HistoryItem> result;
  for (;;) {
    const std::uint64_t after = result.empty() ? 0 : result.back().seq;
    const Json page = reader.ask({{"op", "history"}, {"room", room}, {"limit", kPageMessages}, {"after", after}});
    if (page["ok"] != true) throw std::runtime_error("history: " + page.dump());
    for (const Json& message : page["messages"])
      result.push_back({message["seq"].get<std::uint64_t>(), message["text"]});
    if (page["messages"].size() < kPageMessages) return result;
  }
}

void check_promises(const Load& load, const std::vector<HistoryItem>& history) {
  std::map<std::uint64_t, std::string> stored;
  std::map<std::string, std::uint64_t> next_of_poster;  // the least number that may come next
  std::map<std::string, std::uint64_t> posted;
  for (const auto& poster : load.posters()) posted[poster->name()] = poster->posted();
  std::uint64_t last_seq = 0;
  for (const HistoryItem& item : history) {
    EXPECT_GT(item.seq, last_seq) << "the history's numbers do not grow";
    last_seq = item.seq;
    stored[item.seq] = item.text;
    const std::size_t colon = item.text.find(':');
    const std::string name = item.text.substr(0, colon);
    if (colon == std::string::npos || !posted.contains(name)) continue;  // somebody else's
    const std::uint64_t number = std::stoull(item.text.substr(colon + 1));
    EXPECT_LT(number, posted[name]) << "nobody has posted " << item.text;
    EXPECT_GE(number, next_of_poster[name]) << item.text << " is there twice or out of order";
    next_of_poster[name] = number + 1;
  }
  for (const auto& poster : load.posters()) {
    EXPECT_EQ(poster->trouble(), "") << poster->name();
    std::size_t lost = 0;
    for (const auto& [seq, text] : poster->acknowledged()) {
      const auto found = stored.find(seq);
      if (found == stored.end() || found->second != text) ++lost;
    }
    EXPECT_EQ(lost, 0u) << "acknowledged to " << poster->name() << " and not in the history, of "
                        << poster->acknowledged().size();
    const auto& received = poster->received();
    EXPECT_EQ(std::ranges::adjacent_find(received, std::greater_equal{}), received.end())
        << poster->name() << " received something twice or out of order";
  }
}

}  // namespace rookery::system_test
