// What top shows: figures from the server's answer, rates between two of them, the picture.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <stdexcept>

#include "master/ctl/process_usage.h"
#include "master/ctl/top.h"
#include "master/ctl/top_figures.h"
#include "master/ctl/top_view.h"

namespace rookery::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

constexpr std::string_view kStatus =
    R"({"ok":true,"version":"1.2.3","pid":100,"uptime_s":3700,"host":"127.0.0.1","port":5000,"data":"/d",)"
    R"("model":"event","workers":2,"max_workers":16,"loops":1,"clients":3,"dialects":{"json":1,"text":2},"held":3,)"
    R"("epoch":"00ff","seq":1000,"store_bytes":2048,"free_bytes":null,)"
    R"("rates":{"over_ms":5000,"messages_per_s":7.5,"deliveries_per_s":8.5},"processes":[)"
    R"({"process":"ledger","worker":null,"pid":101,"state":"serving","age_s":5,"restarts":1,"heartbeat_ms":9,)"
    R"("clients":null,"outbox_words":null,"deliveries":null,"note":null},)"
    R"({"process":"worker","worker":0,"pid":102,"state":"serving","age_s":5,"restarts":0,"heartbeat_ms":3,)"
    R"("clients":1,"outbox_words":0,"deliveries":500,"note":null},)"
    R"({"process":"worker","worker":1,"pid":null,"state":"parked","age_s":null,"restarts":7,"heartbeat_ms":null,)"
    R"("clients":2,"outbox_words":0,"deliveries":null,"note":"died too often"}],)"
    R"("shut_out":[{"network":"10.0.0.9","left_s":5}],"posting":{"works":true,"why_not":null}})";

ServerFigures figures(Clock::time_point when = Clock::time_point(1h)) {
  return parse_status(kStatus, when).value();
}

std::vector<std::string> first_words(const std::vector<Line>& lines) {
  std::vector<std::string> words;
  for (const Line& line : lines) words.push_back(line.text.substr(0, line.text.find(' ', 8)));
  return words;
}

TEST(TopFigures, AreThoseOfTheAnswer) {
  const ServerFigures read = figures();
  EXPECT_EQ(read.uptime, 3700s);
  EXPECT_EQ(read.clients, 3u);
  EXPECT_FALSE(read.free_bytes.has_value());
  ASSERT_EQ(read.processes.size(), 4u);
  EXPECT_EQ(read.processes[0].process, "master");
  EXPECT_EQ(read.processes[2].deliveries, 500u);
  EXPECT_FALSE(read.processes[3].pid.has_value());
  EXPECT_THAT(read.shut_out, ElementsAre("10.0.0.9"));
}

TEST(TopFigures, WhatIsNoStatusIsNone) {
  for (const std::string_view text : {"", "{", "OK", R"({"ok":true})", R"({"ok":true,"version":7})"})
    EXPECT_FALSE(parse_status(text, Clock::now()).has_value()) << text;
}

TEST(TopFigures, RatesAreBetweenTwoMomentsOfTheSameProcess) {
  ServerFigures before = figures();
  ServerFigures now = figures(Clock::time_point(1h + 2s));
  now.seq += 10;
  now.processes[2].deliveries = 560;
  before.processes[2].usage = ProcessUsage{.cpu = 1.0s};
  now.processes[2].usage = ProcessUsage{.cpu = 1.5s};
  before.processes[0].pid = 99;  // another one
  now.processes[0].usage = before.processes[0].usage = ProcessUsage{};
  compare(now, before);
  EXPECT_DOUBLE_EQ(now.processes[1].messages_per_s.value(), 5);
  EXPECT_DOUBLE_EQ(now.processes[2].deliveries_per_s.value(), 30);
  EXPECT_DOUBLE_EQ(now.processes[2].cpu_percent.value(), 25);
  EXPECT_FALSE(now.processes[0].cpu_percent.has_value());
  EXPECT_FALSE(now.processes[3].deliveries_per_s.has_value()) << "it does not run";
}

TEST(TopView, ShowsTheServerAndItsProcesses) {
  const std::vector<Line> lines = picture(figures(), {.interval = 2s});
  std::string all;
  for (const Line& line : lines) {
    all += line.text + "\n";
    EXPECT_LE(line.text.size(), 79u) << line.text;
  }
  EXPECT_THAT(all, HasSubstr("Rookery 1.2.3  127.0.0.1 port 5000  pid 100  up 1 h 1 min\n"));
  EXPECT_THAT(all, HasSubstr("3 clients, 1 json, 2 text; 3 connections held\n"));
  EXPECT_THAT(all, HasSubstr("7.5 messages/s, 8.5 deliveries/s; seq 1000 of epoch 00ff\n"));
  EXPECT_THAT(all, HasSubstr("store 2.0 KiB, unknown free in /d\n"));
  EXPECT_THAT(all, HasSubstr("posting works\n"));
  EXPECT_THAT(all, HasSubstr("shut out: 10.0.0.9\n"));
  EXPECT_THAT(all, HasSubstr("! died too often"));
  EXPECT_EQ(all.find("q quit"), std::string::npos) << "nobody is there to press keys";
  EXPECT_EQ(picture(figures(), {.interval = 2s, .keys = true})[7].text,
            "every 2 s, by process   q quit, space now, s sort, + - interval");
}

TEST(TopView, CriesWhenPostingDoesNotWork) {
  ServerFigures sick = figures();
  sick.trouble = "the store cannot be written";
  const Line line = picture(sick, {})[4];
  EXPECT_EQ(line.text, "POSTING DOES NOT WORK: the store cannot be written");
  EXPECT_EQ(line.look, Look::Alarm);
}

TEST(TopView, SortsTheLargestFirst) {
  std::vector<Line> rows = picture(figures(), {.sort = SortKey::Clients});
  rows.erase(rows.begin(), rows.begin() + 8);
  EXPECT_THAT(first_words(rows), ElementsAre("worker  1", "        !", "worker  0", "master  -", "ledger  -"));
  SortKey key = SortKey::Process;
  for (int i = 0; i < 5; ++i) key = next(key);
  EXPECT_EQ(key, SortKey::Process) << "all of them, and round again";
}

TEST(ProcessUsage, IsReadBehindAnyName) {
  const auto usage =
      parse_stat("7 (a) (b c) S 1 7 7 0 -1 4194304 100 0 0 0 150 50 0 0 20 0 1 0 12345 1000000 25 18446744073709551615",
                 100, 4096);
  ASSERT_TRUE(usage.has_value());
  EXPECT_EQ(usage->cpu, 2.0s);
  EXPECT_EQ(usage->resident_bytes, 25u * 4096);
  EXPECT_FALSE(parse_stat("", 100, 4096).has_value());
  EXPECT_FALSE(parse_stat("7 (a) S 1 7", 100, 4096).has_value());
}

TEST(ProcessUsage, OfThisProcessIsSomething) {
  const auto usage = usage_of(::getpid());
  ASSERT_TRUE(usage.has_value());
  EXPECT_GT(usage->resident_bytes, 100'000u);
  EXPECT_FALSE(usage_of(-1).has_value());
}

TEST(TopOptions, AreCheckedAsAWhole) {
  EXPECT_EQ(parse_top_options({}).interval, 2s);
  EXPECT_EQ(parse_top_options({}).refreshes, 0u);
  const TopOptions options = parse_top_options({"--interval", "0.5", "-n", "3"});
  EXPECT_EQ(options.interval, 500ms);
  EXPECT_EQ(options.refreshes, 3u);
  const std::vector<std::vector<std::string>> bad{{"-n"},       {"-n", "0"},         {"-n", "-1"},
                                                  {"-n", "3x"}, {"--interval", "0"}, {"--interval", "nan"},
                                                  {"-x", "1"},  {"-n", "1", "x"}};
  for (const auto& words : bad) EXPECT_THROW((void)parse_top_options(words), std::invalid_argument) << words.back();
}

}  // namespace
}  // namespace rookery::ctl
