// ipc/auth/password_hash.h
//
// Passwords as they are stored: hashed with Argon2id (RFC 9106, by libsodium), each with a salt of its own. Hashing and
// verifying take some 17 ms of CPU and 19 MiB of memory each, on purpose; they belong on the thread pool.
//
//     register:  std::optional<PasswordHash> hash = hash_password(secret.view());
//     login:     const PasswordHash& hash = account ? account->hash : decoy_hash();
//                const bool good = verify_password(hash, secret.view()) && account;
//
// The mistake everybody makes is to answer at once when there is no such account: the time then tells who has one.
// Verify against decoy_hash() instead.
//
// All functions may be called from any thread.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <type_traits>

namespace rookery::auth {

inline constexpr std::size_t kPasswordHashBytes = 128;  // libsodium's crypto_pwhash_STRBYTES

// $argon2id$v=19$m=19456,t=2,p=1$SALT$HASH in ASCII, then NULs to the end, at least one. Goes into shared memory and
// into the store as it is.
struct PasswordHash {
  std::array<char, kPasswordHashBytes> encoded{};

  friend bool operator==(const PasswordHash&, const PasswordHash&) = default;
};
static_assert(std::is_trivially_copyable_v<PasswordHash> && sizeof(PasswordHash) == kPasswordHashBytes);

// To be called once at the start, before a sandbox closes the system's source of random numbers. Throws
// std::runtime_error if there is none. Where it has not been called, the first use of the functions below does it.
void init_password_hashing();

// Empty: the memory that hash_cost.h asks for could not be had.
[[nodiscard]] std::optional<PasswordHash> hash_password(std::string_view password);

// Costs what the hash says it cost to make. False also when `hash` is no hash, or when its memory could not be had.
[[nodiscard]] bool verify_password(const PasswordHash& hash, std::string_view password);

// Was it made at another cost than today's (or is it no hash)? Then hash the password again at the next
// successful login, the only time it is known.
[[nodiscard]] bool needs_rehash(const PasswordHash& hash);

// Costs as much to verify as any hash made today, and no password fits it. The same object for the life of the process.
[[nodiscard]] const PasswordHash& decoy_hash();

}  // namespace rookery::auth
