#include "master/upgrade/rehearse.h"

#include <fmt/format.h>
#include <sysexits.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <exception>
#include <variant>

#include "ipc/fault/fault_point.h"
#include "master/ledger/migration.h"
#include "master/ledger/store_admin.h"
#include "master/upgrade/kept_options.h"
#include "master/upgrade/region_check.h"
#include "master/upgrade/sealed_text.h"
#include "master/upgrade/state.h"
#include "master/upgrade/verdict.h"

namespace rookery::master {

namespace {

constexpr std::size_t kArgumentsOfRehearsal = 3;  // the flag and two descriptors

class Refusal : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

int to_descriptor(const std::string& text) noexcept {
  int descriptor = -1;
  std::from_chars(text.data(), text.data() + text.size(), descriptor);
  return descriptor;
}

Options options_of(std::span<const std::string> arguments) {
  std::vector<std::string> plain(arguments.begin() + 1 + kArgumentsOfRehearsal, arguments.end());
  const auto parsed = parse_options(plain);
  if (const auto* leave = std::get_if<Exit>(&parsed)) {
    const std::string why = complaint_of(*leave);
    throw Refusal(why.empty() ? "its options only make it print something" : why);
  }
  return std::get<Options>(parsed);
}

RehearsalVerdict judge(std::span<const std::string> arguments) {
  Options options = options_of(arguments);
  if (const auto why = fault::configure(std::getenv("ROOKERY_FAULT"))) throw Refusal(*why);
  fault::point(fault::Point::UpgradeInRehearsal);
  const State state = decode(read_sealed_text(to_descriptor(arguments[2])));
  check_regions(state);
  if (const auto why = store::why_no_upgrade_in_place(store::store_file(options.data))) throw Refusal(*why);
  return {.yes = true, .version = ROOKERY_VERSION, .why = {}, .notes = keep_options(state.kept, options)};
}

}  // namespace

std::vector<std::string> rehearsal_arguments(std::span<const std::string> arguments, int state, int verdict) {
  std::vector<std::string> result(arguments.begin(), arguments.end());
  if (result.empty()) result.emplace_back("rookery-master");
  result.insert(result.begin() + 1, {kRehearsalFlag, std::to_string(state), std::to_string(verdict)});
  return result;
}

bool is_rehearsal(std::span<const std::string> arguments) {
  return arguments.size() > kArgumentsOfRehearsal && arguments[1] == kRehearsalFlag;
}

int rehearse(std::span<const std::string> arguments) {
  RehearsalVerdict verdict;
  try {
    verdict = judge(arguments);
  } catch (const std::exception& error) {
    verdict.why = error.what();
  }
  const std::string text = encode(verdict).substr(0, kMaxVerdictBytes);
  const bool told = ::write(to_descriptor(arguments[3]), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  return told && verdict.yes ? EX_OK : EX_CONFIG;
}

}  // namespace rookery::master
