#include "ipc/auth/password_hash.h"

#include <sodium.h>

#include <stdexcept>
#include <string>

#include "ipc/auth/hash_cost.h"
#include "ipc/fault/fault_point.h"

namespace rookery::auth {
namespace {

static_assert(kPasswordHashBytes == crypto_pwhash_STRBYTES);
static_assert(kSafeHashCost.passes >= crypto_pwhash_argon2id_OPSLIMIT_MIN);
static_assert(kSafeHashCost.memory_bytes >= crypto_pwhash_argon2id_MEMLIMIT_MIN);
static_assert(kSafeHashCost.memory_bytes % 1024 == 0);

// As libsodium makes them.
constexpr std::size_t kSaltBytes = crypto_pwhash_argon2id_SALTBYTES;
constexpr std::size_t kDigestBytes = 32;

bool is_terminated(const PasswordHash& hash) {
  return hash.encoded.back() == '\0';
}

template <std::size_t kSizeBytes>
std::string random_base64() {
  std::array<unsigned char, kSizeBytes> random;
  ::randombytes_buf(random.data(), random.size());
  std::array<char, sodium_base64_ENCODED_LEN(kSizeBytes, sodium_base64_VARIANT_ORIGINAL_NO_PADDING)> text;
  return ::sodium_bin2base64(text.data(), text.size(), random.data(), random.size(),
                             sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}

// A random digest rather than the hash of a random password: it costs nothing to make, so that the first login with an
// unknown name takes no longer than the rest, and it cannot run out of memory.
PasswordHash make_decoy() {
  // v is the version of Argon2, 0x13, and the only one libsodium writes; m counts KiB.
  const std::string text = "$argon2id$v=19$m=" + std::to_string(kHashCost.memory_bytes / 1024) +
                           ",t=" + std::to_string(kHashCost.passes) + ",p=1$" + random_base64<kSaltBytes>() + "$" +
                           random_base64<kDigestBytes>();
  PasswordHash decoy;
  text.copy(decoy.encoded.data(), decoy.encoded.size() - 1);
  return decoy;
}

}  // namespace

void init_password_hashing() {
  // Both of C++'s promises for a static are used here: one thread does it, and after a throw the next call tries again.
  static const bool ready = [] {
    if (::sodium_init() < 0) {
      throw std::runtime_error("libsodium cannot start: the system gives no random numbers (getrandom, /dev/urandom)");
    }
    return true;
  }();
  static_cast<void>(ready);
}

std::optional<PasswordHash> hash_password(std::string_view password) {
  fault::point(fault::Point::WorkerInLoginHash);
  init_password_hashing();
  PasswordHash hash;
  if (::crypto_pwhash_argon2id_str(hash.encoded.data(), password.data(), password.size(), kHashCost.passes,
                                   kHashCost.memory_bytes) != 0) {
    return std::nullopt;
  }
  return hash;
}

bool verify_password(const PasswordHash& hash, std::string_view password) {
  fault::point(fault::Point::WorkerInLoginHash);
  init_password_hashing();
  return is_terminated(hash) &&
         ::crypto_pwhash_argon2id_str_verify(hash.encoded.data(), password.data(), password.size()) == 0;
}

bool needs_rehash(const PasswordHash& hash) {
  init_password_hashing();
  return !is_terminated(hash) ||
         ::crypto_pwhash_argon2id_str_needs_rehash(hash.encoded.data(), kHashCost.passes, kHashCost.memory_bytes) != 0;
}

const PasswordHash& decoy_hash() {
  init_password_hashing();
  static const PasswordHash decoy = make_decoy();
  return decoy;
}

}  // namespace rookery::auth
