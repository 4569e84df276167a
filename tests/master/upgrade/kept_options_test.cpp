#include "master/upgrade/kept_options.h"

#include <gmock/gmock.h>

namespace rookery::master {
namespace {

using testing::Contains;
using testing::IsEmpty;

Options running() {
  Options options;
  options.host = "0.0.0.0";
  options.port = 5000;
  options.data = "/var/lib/rookery";
  options.workers = 4;
  options.max_workers = 16;
  options.loops = 2;
  return options;
}

TEST(KeptOptionsTest, TheSameOptionsAreNotWorthAWord) {
  Options options = running();
  EXPECT_THAT(keep_options(kept_options(running(), 10'000), options), IsEmpty());
  EXPECT_EQ(options.max_clients, 10'000U) << "what was found out at the start holds";
}

TEST(KeptOptionsTest, WhatCannotChangeStaysAndIsNamed) {
  Options options = running();
  options.host = "127.0.0.1";
  options.port = 6000;
  options.data = "/elsewhere";
  options.max_workers = 3;
  options.loops = 1;
  options.model = Model::ThreadPerClient;
  options.max_clients = 5;
  options.metrics = "127.0.0.1:9100";
  const auto notes = keep_options(kept_options(running(), 10'000), options);
  EXPECT_EQ(notes.size(), 8U);
  EXPECT_THAT(notes, Contains("--port stays 5000: 6000 needs a new start"));
  EXPECT_THAT(notes, Contains("--model stays event: thread-per-client needs a new start"));
  EXPECT_THAT(notes, Contains("--max-clients stays 10000: 5 needs a new start"));
  EXPECT_THAT(notes, Contains("--metrics stays off: 127.0.0.1:9100 needs a new start"));
  EXPECT_EQ(options.host, "0.0.0.0");
  EXPECT_FALSE(options.guests_allowed()) << "not where other machines connect, whatever the host is said to be now";
  EXPECT_EQ(options.max_workers, 16U);
  EXPECT_EQ(options.loops, 2U);
}

TEST(KeptOptionsTest, TheRestChanges) {
  Options options = running();
  options.pool = 7;
  options.max_line_rate = 3;
  EXPECT_THAT(keep_options(kept_options(running(), 10'000), options), IsEmpty());
  EXPECT_EQ(options.pool, 7U);
  EXPECT_EQ(options.max_line_rate, 3U);
}

}  // namespace
}  // namespace rookery::master
