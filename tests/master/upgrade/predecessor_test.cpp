#include "master/upgrade/predecessor.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdlib>

#include "master/upgrade/sealed_text.h"
#include "tests/master/upgrade/some_state.h"

namespace rookery::master {
namespace {

using testing::HasSubstr;

TEST(PredecessorTest, NobodyWasHere) {
  ::unsetenv(kTakeOverVariable);
  EXPECT_FALSE(Predecessor::find({"rookery-master"}));
}

TEST(PredecessorTest, AVariableThatSaysNothingIsNobody) {
  for (const char* value : {"", "hello", "-1 -1", "2 3", "99999 3 why"}) {
    ::setenv(kTakeOverVariable, value, 1);
    EXPECT_FALSE(Predecessor::find({"rookery-master"})) << value;
    EXPECT_EQ(std::getenv(kTakeOverVariable), nullptr) << "nobody after us sees it";
  }
}

std::string why_not_read(State state) {
  auto text = seal_text("test", encode(state));
  ::setenv(kTakeOverVariable, Predecessor::describe(text.release(), -1, "it rained all day").c_str(), 1);
  auto before = Predecessor::find({"rookery-master"});
  EXPECT_TRUE(before);
  EXPECT_EQ(before->why_given_up(), "it rained all day");
  EXPECT_EQ(before->program(), -1);
  before->go_back("there is no way back, so this returns");
  try {
    static_cast<void>(before->read());
  } catch (const BadState& bad) {
    return bad.what();
  }
  return "it was believed";
}

TEST(PredecessorTest, WhatWasLeftToAnotherProcessIsNotOurs) {
  EXPECT_THAT(why_not_read(some_state()), HasSubstr("process 4711"));
}

TEST(PredecessorTest, DescriptorsThatAreSomethingElseAreRefused) {
  State state = some_state();
  state.pid = ::getpid();
  EXPECT_THAT(why_not_read(state), HasSubstr("is not the data directory"));
}

}  // namespace
}  // namespace rookery::master
