// A run that nobody wants any more ends at once, in whatever part of it that happens.
#include <gtest/gtest.h>

#include "client/load/run.h"
#include "ipc/os/clock.h"
#include "tests/client/load/scripted_chat.h"

namespace rookery::load {
namespace {

using namespace std::chrono_literals;

constexpr auto kLong = 60s;

struct Enough {};

enum class When : std::uint8_t { FirstTime, WhenItCounts, AfterwardsOnly };

class ImpatientObserver final : public Observer {
 public:
  explicit ImpatientObserver(When when) : when_(when) {}
  void progress(std::chrono::milliseconds /*done*/, std::chrono::milliseconds /*whole*/,
                std::uint64_t /*operations*/) override {
    if (when_ == When::WhenItCounts) throw Enough();
  }
  void counting_ends() override { is_counted_ = true; }
  void waits() override {
    if (when_ == When::FirstTime) throw Enough();
    if (when_ == When::AfterwardsOnly && is_counted_ && ++waits_afterwards_ > 1)
      throw Enough();  // threads wait by then
  }

 private:
  When when_;
  bool is_counted_ = false;
  int waits_afterwards_ = 0;
};

void expect_a_quick_end(LoadPlan plan, When when, Mischief mischief = {}) {
  const ScriptedChat server(std::move(mischief));
  plan.server = server.endpoint();
  plan.clients = 4;
  plan.threads = 2;
  plan.warm_up = 0ms;
  ImpatientObserver observer(when);
  const auto begun = os::Monotonic::now();
  EXPECT_THROW(static_cast<void>(run_load(plan, observer)), Enough);
  EXPECT_LT(os::Monotonic::now() - begun, kLong / 2);
}

TEST(GivenUpRun, EndsWhileItCounts) {
  LoadPlan plan;
  plan.duration = kLong;
  expect_a_quick_end(plan, When::WhenItCounts);
}

TEST(GivenUpRun, EndsWhileClientsStillConnect) {
  LoadPlan plan;
  plan.patience = kLong;
  expect_a_quick_end(plan, When::FirstTime, {.pong = [](const Line&) { return Lines{}; }});
}

TEST(GivenUpRun, EndsWhileAnswersAreWaitedFor) {
  LoadPlan plan;
  plan.duration = 100ms;
  plan.patience = kLong;
  expect_a_quick_end(plan, When::AfterwardsOnly, {.echo = [](const Line&) { return Lines{}; }});
}

}  // namespace
}  // namespace rookery::load
