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
      return make_accounts(plan);
    case Mode::Churn:
      return make_churn(plan);
    case Mode::Idle:
      return make_idle(plan);
  }
  throw CannotRun("the plan has no mode");
}

}  // namespace rookery::load
