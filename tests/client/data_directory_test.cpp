#include "ipc/wire/data_directory.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/client/surroundings.h"

namespace rookery::client {
namespace {

TEST(DataDirectory, TheVariableOfOurOwnComesFirst) {
  const ScopedVariable data("ROOKERY_DATA", "/srv/chat");
  const ScopedVariable state("XDG_STATE_HOME", "/state");
  EXPECT_EQ(wire::default_data_directory(), "/srv/chat");
  EXPECT_EQ(wire::user_state_directory(), "/state/rookery");
}

TEST(DataDirectory, ThenTheUsersStateDirectory) {
  const ScopedVariable data("ROOKERY_DATA", "");
  const ScopedVariable home("HOME", "/home/al");
  {
    const ScopedVariable state("XDG_STATE_HOME", "/state");
    EXPECT_EQ(wire::default_data_directory(), "/state/rookery");
  }
  const ScopedVariable state("XDG_STATE_HOME", nullptr);
  EXPECT_EQ(wire::default_data_directory(), "/home/al/.local/state/rookery");
  const ScopedVariable relative("XDG_STATE_HOME", "not/absolute");
  EXPECT_EQ(wire::default_data_directory(), "/home/al/.local/state/rookery");
}

TEST(DataDirectory, WithoutAHomeItSaysWhatToDo) {
  const ScopedVariable data("ROOKERY_DATA", nullptr);
  const ScopedVariable state("XDG_STATE_HOME", nullptr);
  const ScopedVariable home("HOME", nullptr);
  EXPECT_THROW((void)wire::default_data_directory(), std::runtime_error);
}

}  // namespace
}  // namespace rookery::client
