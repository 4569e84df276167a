// ipc/auth/secret.h
//
// A password on its way to a pool thread. It lies in one place of its own, is moved and never copied, and is
// overwritten with zeros when it goes, so that a core dump or a stray read of old memory does not show it.
//
//     Secret secret(command.password);
//     pool.try_post([secret = std::move(secret)] { hash_password(secret.view()); });
//
// A std::string will not do: growing, moving a short one and destroying it all leave the bytes behind.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

namespace rookery::auth {

class Secret final {
 public:
  explicit Secret(std::string_view text);
  ~Secret();
  Secret(Secret&& other) noexcept;             // leaves other empty
  Secret& operator=(Secret&& other) noexcept;  // wipes what was here; leaves other empty

  [[nodiscard]] std::string_view view() const noexcept { return {bytes_.get(), size_bytes_}; }

  // Wipes it before its time. view() is empty from then on.
  void wipe() noexcept;

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_bytes_ = 0;
};

}  // namespace rookery::auth
