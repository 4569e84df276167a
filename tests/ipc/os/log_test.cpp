#include "ipc/log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "ipc/os/pipe.h"
#include "ipc/os/process.h"
#include "tests/ipc/os/waiting.h"

namespace rookery::log {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

std::string read_all(int descriptor) {
  std::string text;
  char buffer[4096];
  for (ssize_t got; (got = ::read(descriptor, buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<size_t>(got));
  return text;
}

// Runs `body` in a process whose standard error is a pipe, and returns what it wrote there.
std::string written_by(const std::function<void(int pipe_read_end)>& body) {
  os::Pipe pipe = os::make_pipe();
  os::Process child = os::Process::spawn([&] {
    ::fcntl(pipe.write_end.get(), F_SETFL, 0);  // as it is for most: writes block where there is no room
    ::dup2(pipe.write_end.get(), STDERR_FILENO);
    body(pipe.read_end.get());
    return 0;
  });
  pipe.write_end.reset();
  const auto status = testing::end_in_time(child);
  EXPECT_TRUE(status && status->clean()) << "a log line blocked or failed";
  return read_all(pipe.read_end.get());
}

TEST(LogTest, NamesTimeProcessAndPid) {
  const std::string text = written_by([](int) {
    start("worker 1", Level::Info);
    about_client(Topic::Connections, Level::Info, {12, "127.0.0.1:56552"}, "connected");
    debug("not at this level");
  });
  EXPECT_THAT(text, MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z worker 1 "
                                 "pid=[0-9]+ client=12 127\\.0\\.0\\.1:56552 connected\n"));
}

TEST(LogTest, AnAlertSaysSo) {
  const std::string text = written_by([](int) {
    start("master", Level::Info);
    alert("a slot is damaged");
    error("cannot fork");
    warning("slow");
  });
  EXPECT_THAT(text, HasSubstr(" ALERT a slot is damaged\n"));
  EXPECT_THAT(text, HasSubstr(" error: cannot fork\n"));
  EXPECT_THAT(text, HasSubstr(" warning: slow\n"));
}

TEST(LogTest, WhatAClientSentCannotMakeLinesOrMoveTheCursor) {
  const std::string text = written_by([](int) {
    start("worker 0", Level::Info);
    info("name={}", "a\nb\rc\033[2Jd\x7f\xc3\xa4");
  });
  EXPECT_THAT(text, HasSubstr("name=a b c [2Jd \xc3\xa4\n"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
}

TEST(LogTest, NorTurnTheLineRound) {
  const std::string harmful = "\u061C\u200E\u200F\u2028\u2029\u202A\u202E\u2066\u2069\u0085\u009B\xff";
  for (const Format format : {Format::Text, Format::Json}) {
    const std::string text = written_by([&](int) {
      start("worker 1", Level::Info, format);
      info("begin {} end", harmful);
    });
    std::string marks;
    for (int i = 0; i < 12; ++i) marks += "\uFFFD";
    EXPECT_THAT(text, HasSubstr("begin " + marks + " end"));
  }
}

TEST(LogTest, AnEndlessLineIsCut) {
  const std::string text = written_by([](int) {
    start("worker 0", Level::Info);
    info("{}", std::string(10'000, 'x'));
    info("next");
  });
  EXPECT_EQ(text.find('\n'), 4095U);
  EXPECT_THAT(text, HasSubstr(" next\n"));
}

TEST(LogTest, AFullPipeDropsLinesAndTellsHowMany) {
  const std::string text = written_by([](int pipe_read_end) {
    start("worker 0", Level::Info);
    // Well over the pipe's 64 KiB; nobody reads.
    for (int i = 0; i < 2000; ++i) info("line {} {}", i, std::string(100, 'x'));
    (void)read_all(pipe_read_end);
    info("room again");
  });
  EXPECT_THAT(text, MatchesRegex(".* warning: [0-9]+ lines before this one were dropped\n.* room again\n"));
}

// More than may be written of one sort; the others and alerts are not touched by it.
TEST(LogTest, AFloodOfOneSortIsCounted) {
  const std::string text = written_by([](int) {
    start("worker 0", Level::Info);
    for (int i = 0; i < 1000; ++i) about_client(Topic::Connections, Level::Info, {7}, "connected");
    about_client(Topic::Logins, Level::Info, {7, "10.0.0.1"}, "logged in as {}", "bob");
    about_client(Topic::Connections, Level::Critical, {7}, "is on fire");
    look_after(true);
  });
  const auto written = static_cast<int>(std::count(text.begin(), text.end(), '\n')) - 3;
  EXPECT_GE(written, 200);
  EXPECT_LE(written, 400) << "in how long?";
  EXPECT_THAT(text, HasSubstr(" client=7 10.0.0.1 logged in as bob\n"));
  EXPECT_THAT(text, HasSubstr(" ALERT client=7 is on fire\n"));
  EXPECT_THAT(text,
              HasSubstr(" warning: " + std::to_string(1000 - written) + " lines about connections were left out"));
}

TEST(LogTest, AJsonLineIsWholeWhateverIsInIt) {
  const std::string text = written_by([](int) {
    start("worker 0", Level::Info, Format::Json);
    info("{}", std::string(10'000, '"'));
    info("half a character: {}", "\xc3");
    info("a\nb\t{}", "\x7f");
  });
  std::istringstream lines(text);
  std::vector<std::string> all;
  for (std::string line; std::getline(lines, line);) all.push_back(line);
  ASSERT_EQ(all.size(), 3U);
  for (const std::string& line : all) {
    EXPECT_LE(line.size(), 4095U);
    EXPECT_THAT(line, MatchesRegex("\\{\"time\":\".*Z\",\"process\":\"worker 0\",\"pid\":[0-9]+,\"level\":\"info\","
                                   "\"message\":\".*\"\\}"));
  }
  EXPECT_THAT(all[0], ::testing::EndsWith("\\\"\\\"\"}"));
  EXPECT_THAT(all[1], ::testing::EndsWith("\"half a character: \uFFFD\"}"));
  EXPECT_THAT(all[2], ::testing::EndsWith("\"a b  \"}"));
}

// Half a line on a full disk does not run into the next one.
TEST(LogTest, ACutLineIsEnded) {
  char name[] = "/tmp/rookery-log-XXXXXX";
  const os::FileDescriptor file(::mkstemp(name));
  ASSERT_TRUE(file);
  ::unlink(name);
  os::Process child = os::Process::spawn([&] {
    ::dup2(file.get(), STDERR_FILENO);
    start("worker 0", Level::Info);
    const rlimit small{100, RLIM_INFINITY};
    ::signal(SIGXFSZ, SIG_IGN);
    ::setrlimit(RLIMIT_FSIZE, &small);
    info("{}", std::string(200, 'x'));
    const rlimit large{RLIM_INFINITY, RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &large);
    info("next");
    return 0;
  });
  const auto status = testing::end_in_time(child);
  ASSERT_TRUE(status && status->clean());
  ::lseek(file.get(), 0, SEEK_SET);
  EXPECT_THAT(read_all(file.get()),
              MatchesRegex(".*xx\n[^\n]* warning: 1 lines before this one were dropped\n.* next\n"));
}

TEST(LogTest, BeforeStartNothingIsWritten) {
  EXPECT_EQ(written_by([](int) { info("too early"); }), "");
}

}  // namespace
}  // namespace rookery::log
