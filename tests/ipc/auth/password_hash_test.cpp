#include "ipc/auth/password_hash.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sodium.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>
#include <thread>
#include <vector>

#include "ipc/auth/hash_cost.h"

namespace rookery::auth {
namespace {

constexpr std::string_view kPassword = "correct horse battery staple";

std::string text_of(const PasswordHash& hash) {
  return hash.encoded.data();
}

PasswordHash hash_of(std::string_view text) {
  PasswordHash hash;
  text.copy(hash.encoded.data(), hash.encoded.size());
  return hash;
}

struct Cost {
  std::size_t memory_kib = 0;
  unsigned passes = 0;
};

Cost cost_of(const PasswordHash& hash) {
  Cost cost;
  EXPECT_EQ(std::sscanf(hash.encoded.data(), "$argon2id$v=19$m=%zu,t=%u,p=1$", &cost.memory_kib, &cost.passes), 2)
      << text_of(hash);
  return cost;
}

class PasswordHashing : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { hash_ = hash_password(kPassword).value(); }

  static inline PasswordHash hash_;  // of kPassword
};

TEST_F(PasswordHashing, TheRightPasswordVerifies) {
  EXPECT_TRUE(verify_password(hash_, kPassword));
}

TEST_F(PasswordHashing, NoOtherPasswordVerifies) {
  EXPECT_FALSE(verify_password(hash_, "correct horse battery stapler"));
  EXPECT_FALSE(verify_password(hash_, kPassword.substr(0, kPassword.size() - 1)));
  EXPECT_FALSE(verify_password(hash_, "Correct horse battery staple"));
  EXPECT_FALSE(verify_password(hash_, std::string(kPassword) + '\0'));
  EXPECT_FALSE(verify_password(hash_, ""));
}

TEST_F(PasswordHashing, EveryByteOfALongPasswordCounts) {
  const std::string password = std::string(64, 'a') + '\0' + std::string(63, 'b');
  const PasswordHash hash = hash_password(password).value();
  EXPECT_TRUE(verify_password(hash, password));
  EXPECT_FALSE(verify_password(hash, password.substr(0, 64)));
  EXPECT_FALSE(verify_password(hash, password.substr(0, 127) + 'c'));
}

TEST_F(PasswordHashing, ADamagedHashVerifiesNothing) {
  EXPECT_FALSE(verify_password(PasswordHash{}, kPassword));
  EXPECT_FALSE(verify_password(PasswordHash{}, ""));
  const std::string text = text_of(hash_);
  EXPECT_FALSE(verify_password(hash_of(text.substr(0, text.size() - 1)), kPassword));
  EXPECT_FALSE(verify_password(hash_of(text.substr(0, text.size() / 2)), kPassword));
  PasswordHash endless;
  endless.encoded.fill('A');
  std::copy(text.begin(), text.end(), endless.encoded.begin());
  EXPECT_FALSE(verify_password(endless, kPassword));
  EXPECT_TRUE(needs_rehash(endless));
}

TEST_F(PasswordHashing, TwoHashesOfOnePasswordDiffer) {
  const PasswordHash second = hash_password(kPassword).value();
  EXPECT_NE(text_of(second), text_of(hash_));
  EXPECT_TRUE(verify_password(second, kPassword));
}

TEST_F(PasswordHashing, AHashCostsAtLeastWhatOwaspAsks) {
  const Cost cost = cost_of(hash_);
  EXPECT_GE(cost.memory_kib, 19U * 1024);
  EXPECT_GE(cost.passes, 2U);
  EXPECT_FALSE(needs_rehash(hash_));
}

TEST_F(PasswordHashing, AHashIsPaddedWithNuls) {
  const auto end = std::find(hash_.encoded.begin(), hash_.encoded.end(), '\0');
  ASSERT_NE(end, hash_.encoded.end());
  EXPECT_TRUE(std::all_of(end, hash_.encoded.end(), [](char byte) { return byte == '\0'; }));
}

TEST_F(PasswordHashing, AHashOfOtherDaysVerifiesAndAsksToBeMadeAgain) {
  PasswordHash old;
  ASSERT_EQ(::crypto_pwhash_argon2id_str(old.encoded.data(), kPassword.data(), kPassword.size(), 1, 8 * 1024 * 1024),
            0);
  EXPECT_TRUE(verify_password(old, kPassword));
  EXPECT_FALSE(verify_password(old, "something else"));
  EXPECT_TRUE(needs_rehash(old));
  EXPECT_TRUE(needs_rehash(PasswordHash{}));
}

std::chrono::nanoseconds cpu_time_to_verify(const PasswordHash& hash) {
  const auto now = [] {
    timespec time;
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  };
  auto least = std::chrono::nanoseconds::max();
  for (int i = 0; i < 3; ++i) {
    const auto begin = now();
    EXPECT_FALSE(verify_password(hash, "not the password"));
    least = std::min<std::chrono::nanoseconds>(least, now() - begin);
  }
  return least;
}

TEST_F(PasswordHashing, TheDecoyCostsAsMuchAsARealHash) {
  const PasswordHash& decoy = decoy_hash();
  EXPECT_EQ(text_of(decoy).size(), text_of(hash_).size());
  EXPECT_EQ(cost_of(decoy).memory_kib, cost_of(hash_).memory_kib);
  EXPECT_EQ(cost_of(decoy).passes, cost_of(hash_).passes);
  EXPECT_FALSE(needs_rehash(decoy));
  // A decoy that libsodium cannot read would be refused a thousand times faster.
  EXPECT_GT(2 * cpu_time_to_verify(decoy), cpu_time_to_verify(hash_));
}

TEST_F(PasswordHashing, ThereIsOneDecoyForAllThreads) {
  std::vector<const PasswordHash*> seen(4);
  {
    std::vector<std::jthread> threads;
    for (const PasswordHash*& decoy : seen) threads.emplace_back([&decoy] { decoy = &decoy_hash(); });
  }
  EXPECT_THAT(seen, ::testing::Each(&decoy_hash()));
}

}  // namespace
}  // namespace rookery::auth
