#include "ipc/auth/secret.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace rookery::auth {
namespace {

TEST(Secret, HoldsItsOwnCopy) {
  std::string text = "correct horse";
  const Secret secret(text);
  text.assign("battery");
  EXPECT_EQ(secret.view(), "correct horse");
}

TEST(Secret, MovesWithoutLeavingACopy) {
  Secret first("battery staple");
  const char* const bytes = first.view().data();
  Secret second(std::move(first));
  EXPECT_TRUE(first.view().empty());  // NOLINT(bugprone-use-after-move): what it promises
  EXPECT_EQ(second.view(), "battery staple");
  EXPECT_EQ(second.view().data(), bytes) << "the same memory: no second place to wipe";
}

TEST(Secret, WipesItsBytesInPlace) {
  Secret secret("hunter2hunter2");
  const char* const bytes = secret.view().data();  // still owned, and so readable, after wipe()
  secret.wipe();
  EXPECT_TRUE(secret.view().empty());
  EXPECT_EQ(std::string(bytes, 14), std::string(14, '\0'));
}

TEST(Secret, MayBeEmpty) {
  Secret secret("");
  EXPECT_TRUE(secret.view().empty());
  secret = Secret("not any more");
  EXPECT_EQ(secret.view(), "not any more");
}

}  // namespace
}  // namespace rookery::auth
