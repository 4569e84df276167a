#include "ipc/shm/shared_array.h"

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <fstream>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

#include "ipc/shm/shared_value.h"
#include "tests/ipc/os/waiting.h"
#include "tests/ipc/shm/records.h"

namespace rookery::shm {
namespace {

using testing::scattered;
using Words = SharedArray<std::uint64_t>;

// What the kernel says of the mappings of our memfd `name`: each one's address and rights.
struct Mapped {
  void* address = nullptr;
  std::string rights;
};

std::vector<Mapped> mappings_of(const std::string& name) {
  std::vector<Mapped> found;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find("memfd:" + name + " ") == std::string::npos) continue;
    Mapped mapped;
    std::istringstream words(line);
    std::string rest_of_range;
    words >> mapped.address >> rest_of_range >> mapped.rights;
    found.push_back(mapped);
  }
  return found;
}

// For the rest of this process's life: "no space left" to whoever wants pages.
bool let_memory_run_short() {
  std::array<sock_filter, 4> rules{{
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_fallocate},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | ENOSPC},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
  }};
  const sock_fprog program{rules.size(), rules.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// In a process of its own: 0 if `make` fails, and says so, when memory is short.
int expect_shortage(const std::function<void()>& make) {
  if (!let_memory_run_short()) return 1;
  try {
    make();
  } catch (const std::system_error& error) {
    const bool clear = std::string(error.what()).find("not enough shared memory for ") == 0;
    return clear && error.code().value() == ENOSPC ? 0 : 2;
  }
  return 3;
}

TEST(SharedArrayTest, IsZeroAtFirstAndHasTheSizeAskedFor) {
  for (const std::uint64_t size : {1U, 2U, 511U, 512U, 513U, 100'000U}) {
    const Words words("array-test", size);
    const auto reader = words.reader();
    EXPECT_EQ(words.size(), size);
    EXPECT_EQ(reader.size(), size);
    for (std::uint64_t i = 0; i < size; ++i) ASSERT_EQ(reader.load(i), 0U) << i << " of " << size;
  }
}

TEST(SharedArrayTest, WhatOneProcessFillsAnotherReads) {
  constexpr std::uint64_t kSize = 3'000;
  const Words words("array-test", kSize);
  const auto reader = words.reader();
  os::Process child = os::Process::spawn([&words] {
    auto mine = words.writer();
    for (std::uint64_t i = 0; i < mine.size(); ++i) mine.store(i, scattered(i));
    return mine.load(7) == scattered(7) ? 0 : 1;
  });
  const auto end = testing::end_in_time(child);
  ASSERT_TRUE(end && end->clean());
  for (std::uint64_t i = 0; i < kSize; ++i) ASSERT_EQ(reader.load(i), scattered(i)) << i;
}

TEST(SharedArrayTest, HoldsWhateverIsOneWord) {
  enum class Colour : std::uint8_t { None, Red };
  const SharedArray<Colour> colours("array-test", 5);
  const SharedArray<double> numbers("array-test", 5);
  colours.writer().store(4, Colour::Red);
  numbers.writer().store(4, 0.5);
  EXPECT_EQ(colours.reader().load(3), Colour::None);
  EXPECT_EQ(colours.reader().load(4), Colour::Red);
  EXPECT_EQ(numbers.reader().load(3), 0.0);
  EXPECT_EQ(numbers.reader().load(4), 0.5);
}

TEST(SharedArrayTest, SeveralProcessesCanAddToOneElement) {
  constexpr std::uint64_t kAdditions = 50'000;
  const Words words("array-test", 1);
  const auto add_often = [&words] {
    auto writer = words.writer();
    for (std::uint64_t i = 0; i < kAdditions; ++i) writer.add(0, 3);
    return 0;
  };
  os::Process one = os::Process::spawn(add_often);
  os::Process other = os::Process::spawn(add_often);
  EXPECT_TRUE(testing::end_in_time(one));
  EXPECT_TRUE(testing::end_in_time(other));
  EXPECT_EQ(words.writer().add(0, 1), 6 * kAdditions);
  EXPECT_EQ(words.reader().load(0), 6 * kAdditions + 1);
}

// Who sees the number sees the elements that were filled before it.
TEST(SharedArrayTest, WhatIsCountedIsThere) {
  constexpr std::uint64_t kSize = 200'000;
  const Words words("array-test", kSize);
  const SharedValue<std::uint64_t> filled("array-test-count");
  os::Process child = os::Process::spawn([&] {
    auto mine = words.writer();
    auto count = filled.writer();
    for (std::uint64_t i = 0; i < kSize; ++i) {
      mine.store(i, scattered(i));
      count.store(i + 1);
    }
    return 0;
  });
  const auto reader = words.reader();
  const auto count = filled.reader();
  std::uint64_t checked = 0;
  bool missing = false;
  EXPECT_TRUE(testing::true_in_time([&] {
    const auto there = count.load();
    for (; there && checked < *there; ++checked) missing = missing || reader.load(checked) != scattered(checked);
    return checked == kSize;
  }));
  EXPECT_FALSE(missing);
  EXPECT_TRUE(testing::end_in_time(child));
}

TEST(SharedArrayTest, AReaderCannotWrite) {
  const Words words("array-test-rights", 10);
  const auto reader = words.reader();
  const auto mapped = mappings_of("array-test-rights");
  ASSERT_EQ(mapped.size(), 1U);
  EXPECT_EQ(mapped[0].rights, "r--s");
  void* const page = mapped[0].address;
  EXPECT_EQ(::mprotect(page, 4096, PROT_READ | PROT_WRITE), -1);
  EXPECT_EQ(errno, EACCES);
  os::Process child = os::Process::spawn([page] {
    ::signal(SIGSEGV, SIG_DFL);  // sanitizers have a handler of their own
    *static_cast<volatile char*>(page) = 1;
    return 0;
  });
  const auto end = testing::end_in_time(child);
  ASSERT_TRUE(end);
  EXPECT_TRUE(end->signalled && end->value == SIGSEGV) << end->describe();
  EXPECT_EQ(reader.load(0), 0U);
}

TEST(SharedArrayTest, AKilledWriterLeavesWhatItStoredAndASuccessorGoesOn) {
  const Words words("array-test", 2);
  for (std::uint64_t round = 1; round <= 3; ++round) {
    os::Process child = os::Process::spawn([&words] {
      auto mine = words.writer();
      mine.store(0, mine.load(0) + 1);
      return ::raise(SIGKILL);
    });
    ASSERT_TRUE(testing::end_in_time(child));
    EXPECT_EQ(words.reader().load(0), round);
  }
}

TEST(SharedArrayTest, ReaderAndWriterOutliveTheArray) {
  auto words = std::make_unique<Words>("array-test", 1);
  auto writer = words->writer();
  const auto reader = words->reader();
  words.reset();
  writer.store(0, 4);
  EXPECT_EQ(reader.load(0), 4U);
}

TEST(SharedArrayTest, ShortageOfMemoryIsAClearError) {
  for (const std::function<void()>& make :
       {std::function<void()>([] { const Words words("array-test", 100); }),
        std::function<void()>([] { const SharedValue<std::uint64_t> value("value-test"); })}) {
    os::Process child = os::Process::spawn([&make] { return expect_shortage(make); });
    const auto end = testing::end_in_time(child);
    ASSERT_TRUE(end);
    EXPECT_TRUE(end->clean()) << end->describe();
  }
}

TEST(SharedArrayTest, AnImpossibleSizeIsAClearError) {
  for (const std::uint64_t size : {~std::uint64_t{0}, std::uint64_t{1} << 61, std::uint64_t{1} << 60}) {
    try {
      const Words words("too-large", size);
      FAIL() << "no memory is that large";
    } catch (const std::system_error& error) {
      EXPECT_NE(std::string(error.what()).find("cannot size the shared region too-large"), std::string::npos);
    }
  }
}

TEST(SharedArrayDeathTest, AnIndexBeyondTheEndEndsTheProcess) {
  const Words words("array-test", 10);
  EXPECT_DEATH(static_cast<void>(words.reader().load(10)), "invariant");
  EXPECT_DEATH(words.writer().store(~std::uint64_t{0}, 1), "invariant");
  EXPECT_DEATH(Words("array-test", 0), "invariant");
}

}  // namespace
}  // namespace rookery::shm
