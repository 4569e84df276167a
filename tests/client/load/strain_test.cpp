// What the load tool says of itself: whether it ran all the time, or only wanted to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "client/load/engine/loop.h"
#include "tests/client/load/scripted_chat.h"

namespace rookery::load {
namespace {

using namespace std::chrono_literals;
using ::testing::Optional;
using ::testing::StartsWith;

std::optional<std::string> remark(const std::vector<Strain>& threads) {
  return remark_on(threads);
}

TEST(Strain, OfAThreadThatRunsAllTheTimeIsTheLimit) {
  EXPECT_THAT(remark({{.had_work = 0.2, .had_core = 0.1}, {.had_work = 0.97, .had_core = 0.95}}),
              Optional(StartsWith("the load tool was the limit: ")));
}

TEST(Strain, OfAThreadThatOnlyWantsToRunIsNotTheLimit) {
  EXPECT_THAT(remark({{.had_work = 0.2, .had_core = 0.1}, {.had_work = 0.97, .had_core = 0.56}}),
              Optional(StartsWith("the load tool was held up: its busiest thread had work for 97 % of the counted time "
                                  "and a core for 56 %")));
}

TEST(Strain, OfAThreadThatWaitsIsNotWorthARemark) {
  EXPECT_EQ(remark({{.had_work = 0.85, .had_core = 0.8}}), std::nullopt);
  EXPECT_EQ(remark({}), std::nullopt);
}

// Always has something to do, and does `work` then.
class Eager final : public Scenario {
 public:
  explicit Eager(std::function<void()> work) : work_(std::move(work)) {}
  [[nodiscard]] std::uint32_t connections() const override { return 1; }
  [[nodiscard]] std::uint32_t initiators() const override { return 1; }
  [[nodiscard]] std::unique_ptr<Part> make_part(Stage& stage) override {
    return std::make_unique<EagerPart>(stage, work_);
  }

 private:
  class EagerPart final : public Part {
   public:
    EagerPart(Stage& stage, std::function<void()>& work) : stage_(stage), work_(work) {}
    void on_connected(Client& client) override { stage_.ready(client); }
    void on_begin(Client& /*client*/) override {}
    void on_due(Client& /*client*/, Nanoseconds /*due*/) override {}
    void on_line(Client& /*client*/, std::string_view /*line*/) override {}
    void on_turn_end() override {
      stage_.wake_all();
      if (stage_.sending()) work_();
    }
    [[nodiscard]] bool settled(const Client& /*client*/) override { return true; }

   private:
    Stage& stage_;
    std::function<void()>& work_;
  };
  std::function<void()> work_;
};

Strain strain_of(std::function<void()> work, const LoadPlan& settings) {
  const ScriptedChat server;
  LoadPlan plan = settings;
  plan.server = server.endpoint();
  plan.clients = 1;
  Eager scenario(std::move(work));
  Conductor conductor(1);
  const Address address = find_server(plan.server, plan.patience);
  Loop loop(plan, scenario, conductor, address, 0);
  std::jthread([&loop] { loop.run(); }).join();
  EXPECT_FALSE(conductor.failed()) << conductor.why();
  return loop.strain();
}

// To sleep in the middle of the work is what it is like when another has the core.
TEST(Strain, TellsAThreadThatIsKeptFromItsWork) {
  LoadPlan plan;
  plan.warm_up = 50ms;
  plan.duration = 300ms;
  const Strain strain = strain_of([] { std::this_thread::sleep_for(5ms); }, plan);
  EXPECT_GT(strain.had_work, 0.9);
  EXPECT_LT(strain.had_core, 0.5);
  EXPECT_THAT(remark({strain}), Optional(StartsWith("the load tool was held up")));
}

TEST(Strain, CountsWhatAThreadHasRun) {
  LoadPlan plan;
  plan.warm_up = 0ms;
  plan.duration = 300ms;
  std::chrono::nanoseconds ran{0};
  const Strain strain = strain_of(
      [&ran] {
        const auto begun = thread_cpu_time();
        while (thread_cpu_time() - begun < 1ms) {
        }
        ran += 1ms;
      },
      plan);
  const double share = std::chrono::duration<double>(ran) / std::chrono::duration<double>(plan.duration);
  EXPECT_GT(share, 0);
  EXPECT_GT(strain.had_core, share * 0.8);
  EXPECT_LT(strain.had_core, strain.had_work + 0.1);
}

}  // namespace
}  // namespace rookery::load
