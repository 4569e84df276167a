// Options that were read anew: what differs, what may be applied, and that no row of the list was forgotten.
#include "master/options/reload.h"

#include <gtest/gtest.h>

#include "master/options/settings.h"
#include "tests/master/options/parse.h"

namespace rookery::master {
namespace {

class ReloadTest : public OptionsTest {};

TEST_F(ReloadTest, EachOptionIsCompared) {
  for (const Setting& setting : settings()) {
    if (setting.name == kConfigSetting) continue;
    EXPECT_NE(setting.change.same, nullptr) << setting.name << ": may it change at run time? See setting_change.h";
  }
}

TEST_F(ReloadTest, WhatMayChangeDoesAndTheRestIsPutBack) {
  write("a.conf", "port = 5000\nmax-rooms = 7\nlog-level = info\n");
  const Options before = accepted({"--config", "a.conf", "--workers", "2"});
  write("a.conf", "port = 6000\nmax-rooms = 8\nlog-format = json\nidle-timeout = 2.5\npool = 9\n");
  Options wanted = accepted({"--config", "a.conf", "--workers", "2"});
  const auto changes = changes_between(before, wanted);
  std::string all;
  for (const auto& [name, from, to, needs] : changes) all += name + " " + from + " " + to + " " + needs + ";";
  EXPECT_EQ(all,
            "port 5000 6000 a restart;idle-timeout 0 2.5 ;max-rooms 7 8 ;pool 2 9 an upgrade or a restart;"
            "log-format text json ;");
  EXPECT_EQ(wanted.port, 5000);
  EXPECT_EQ(wanted.pool, 2U);
  EXPECT_EQ(wanted.max_rooms, 8U);
  EXPECT_EQ(wanted.log_format, LogFormat::Json);
}

TEST_F(ReloadTest, MoreWorkersThanPlacesNeedARestart) {
  const Options before = accepted({"--workers", "2", "--max-workers", "4"});
  Options four = accepted({"--workers", "4", "--max-workers", "4"});
  EXPECT_EQ(changes_between(before, four).at(0).needs, "");
  EXPECT_EQ(four.workers, 4U);
  Options five = accepted({"--workers", "5", "--max-workers", "8"});
  for (const OptionChange& change : changes_between(before, five)) EXPECT_EQ(change.needs, "a restart") << change.name;
  EXPECT_EQ(five.workers, 2U);
}

}  // namespace
}  // namespace rookery::master
