// What a newcomer is told after READY is what he can type.
#include <gmock/gmock.h>

#include "master/console/first_steps.h"

namespace rookery::master {
namespace {

using testing::HasSubstr;

TEST(FirstSteps, TheClientIsNamedAsItCanBeCalled) {
  EXPECT_EQ(first_steps("127.0.0.1", 5000, "/opt/build/rookery-master", "/usr/bin:/bin").front(),
            "to chat: /opt/build/rookery-client 127.0.0.1:5000");
  EXPECT_EQ(first_steps("127.0.0.1", 5001, "/usr/bin/rookery-master", "/bin:/usr/bin").front(),
            "to chat: rookery-client 127.0.0.1:5001");
  EXPECT_EQ(first_steps("127.0.0.1", 5001, "/usr/bin/rookery-master", "").front(),
            "to chat: /usr/bin/rookery-client 127.0.0.1:5001");
}

TEST(FirstSteps, APathWithABlankCanBePasted) {
  EXPECT_EQ(first_steps("127.0.0.1", 5000, "/my chat/rookery-master", "").front(),
            "to chat: '/my chat/rookery-client' 127.0.0.1:5000");
}

TEST(FirstSteps, AnAddressThatNobodyCanConnectToIsNotNamed) {
  EXPECT_EQ(first_steps("0.0.0.0", 5000, "/usr/bin/rookery-master", "/usr/bin")[1], "or without it: nc 127.0.0.1 5000");
  EXPECT_EQ(first_steps("::", 5000, "/usr/bin/rookery-master", "/usr/bin")[1], "or without it: nc ::1 5000");
  EXPECT_THAT(first_steps("::", 5000, "/usr/bin/rookery-master", "/usr/bin")[0], HasSubstr(" [::1]:5000"));
  EXPECT_EQ(first_steps("192.0.2.7", 5000, "/usr/bin/rookery-master", "/usr/bin")[1],
            "or without it: nc 192.0.2.7 5000");
}

}  // namespace
}  // namespace rookery::master
