#include "docs/labs/lab.h"

#include <algorithm>
#include <array>

namespace rookery::labs {

namespace {

constexpr std::array kLabs{
    Lab{"first-thread", "a thread with a name; joined, joined by itself, and left alone", first_thread},
    Lab{"two-threads", "numbers and letters, each at its own pace", two_threads},
};

}  // namespace

std::span<const Lab> all_labs() noexcept {
  return kLabs;
}

const Lab* find_lab(std::string_view name) noexcept {
  const auto* const found =
      std::find_if(kLabs.begin(), kLabs.end(), [name](const Lab& lab) { return lab.name == name; });
  return found == kLabs.end() ? nullptr : found;
}

}  // namespace rookery::labs
