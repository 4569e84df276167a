// The process that writes is killed in the middle of its groups. What must hold: the store has a prefix of what was
// added, it ends where a group ended, and every commit() that returned true is in it.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "master/ledger/store.h"
#include "tests/master/ledger/store_fixture.h"

namespace rookery::store {
namespace {

constexpr std::uint64_t kGroup = 50;

// Writes groups until it is killed; tells the seq of each that is committed. It goes on after the newest stored.
[[noreturn]] void write_until_killed(const std::filesystem::path& directory, int committed) {
  try {
    Store store(directory);
    std::uint64_t seq = store.state().last_seq;
    const std::string text(100, 'x');
    for (;;) {
      if (!store.begin()) ::_exit(3);
      for (std::uint64_t i = 0; i < kGroup; ++i) {
        ++seq;
        if (!store.add(say(seq, "#room" + std::to_string(seq % 7), text))) ::_exit(4);
      }
      if (!store.commit()) ::_exit(5);
      if (::write(committed, &seq, sizeof seq) != static_cast<ssize_t>(sizeof seq)) ::_exit(6);
    }
  } catch (const std::exception& error) {
    static_cast<void>(!::write(STDERR_FILENO, error.what(), std::char_traits<char>::length(error.what())));
    ::_exit(7);
  }
}

TEST(StoreCrashTest, AKillAtAnyMomentLosesNothingThatWasCommitted) {
  const TemporaryDirectory directory;
  std::mt19937 random(static_cast<std::mt19937::result_type>(::getpid()));
  std::uint64_t last_committed = 0;
  for (int round = 0; round < 20; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();  // before the store is opened here
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(ends[0]);
      write_until_killed(directory.path(), ends[1]);
    }
    ::close(ends[1]);
    const std::uint64_t groups_to_see = 1 + random() % 20;
    std::uint64_t seq = 0;
    std::uint64_t groups = 0;
    while (::read(ends[0], &seq, sizeof seq) == static_cast<ssize_t>(sizeof seq)) {
      ASSERT_GT(seq, last_committed);
      last_committed = seq;
      if (++groups == groups_to_see) {
        // Somewhere in the groups that follow: the spread is the point, nothing is waited for.
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 3000));
        ::kill(child, SIGKILL);
      }
    }
    ::close(ends[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself: " << WEXITSTATUS(status);

    const Store store(directory.path());
    EXPECT_GE(store.state().last_seq, last_committed);
    EXPECT_EQ(store.state().last_seq % kGroup, 0U);
    std::uint64_t messages = 0;
    for (int room = 0; room < 7; ++room) {
      const auto seqs = all_of_room(directory.path(), "#room" + std::to_string(room));
      for (const std::uint64_t of_room : seqs) ASSERT_EQ(of_room % 7, static_cast<std::uint64_t>(room));
      messages += seqs.size();
    }
    ASSERT_EQ(messages, store.state().last_seq) << "round " << round;  // all seqs from 1 on, each once
  }
}

}  // namespace
}  // namespace rookery::store
