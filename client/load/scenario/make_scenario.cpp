#include <fmt/format.h>

#include "client/load/run.h"
#include "client/load/scenario/scenario.h"

namespace rookery::load {

std::unique_ptr<Scenario> make_scenario(const LoadPlan& plan) {
  switch (plan.mode) {
    case Mode::Echo:
      return make_echo(plan);
    case Mode::Fanout:
      return make_fanout(plan);
    case Mode::Accounts:
    case Mode::Churn:
    case Mode::Idle:
      break;
  }
  throw CannotRun(fmt::format("there is no scenario for {} yet", to_string(plan.mode)));
}

}  // namespace rookery::load
