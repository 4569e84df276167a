#include "master/options/reload.h"

#include "master/options/settings.h"

namespace rookery::master {

namespace {

// `scale` has the places that were laid out at the start.
bool has_places(const Setting& setting, const Options& in_force, const Options& wanted) {
  return setting.name != "workers" || wanted.workers <= in_force.max_workers;
}

}  // namespace

std::vector<OptionChange> changes_between(const Options& in_force, Options& wanted) {
  std::vector<OptionChange> changes;
  for (const Setting& setting : settings()) {
    const Change& change = setting.change;
    if (change.same == nullptr || change.same(in_force, wanted)) continue;
    OptionChange found{std::string(setting.name), change.text(in_force), change.text(wanted), {}};
    if (change.when == Change::When::AtRestart || !has_places(setting, in_force, wanted))
      found.needs = "a restart";
    else if (change.when == Change::When::AtUpgrade)
      found.needs = "an upgrade or a restart";
    if (!found.needs.empty()) change.copy(wanted, in_force);
    changes.push_back(std::move(found));
  }
  return changes;
}

}  // namespace rookery::master
