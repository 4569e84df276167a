#include "ipc/auth/secret.h"

#include <sodium.h>

#include <utility>

namespace rookery::auth {

Secret::Secret(std::string_view text)
    : bytes_(std::make_unique_for_overwrite<char[]>(text.size())), size_bytes_(text.size()) {
  text.copy(bytes_.get(), text.size());
}

Secret::~Secret() {
  wipe();
}

Secret::Secret(Secret&& other) noexcept
    : bytes_(std::move(other.bytes_)), size_bytes_(std::exchange(other.size_bytes_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  wipe();
  bytes_ = std::move(other.bytes_);
  size_bytes_ = std::exchange(other.size_bytes_, 0);
  return *this;
}

void Secret::wipe() noexcept {
  if (size_bytes_ == 0) return;
  ::sodium_memzero(bytes_.get(), size_bytes_);  // unlike memset, never optimised away
  size_bytes_ = 0;
}

}  // namespace rookery::auth
