#include "ipc/shm/name_table.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "ipc/shm/checksum.h"
#include "tests/ipc/os/waiting.h"
#include "tests/ipc/shm/records.h"

namespace rookery::shm {
namespace {

using testing::bytes_of;

constexpr std::uint64_t kFirstLevelSlots = 2048;

class NameTableTest : public ::testing::Test {
 protected:
  void make(std::uint64_t max_entries) {
    max_entries_ = max_entries;
    segment_.emplace("name-table-test", name_table_bytes(max_entries));
    writable_ = Mapping(segment_->writer_descriptor(), Access::ReadWrite, segment_->size_bytes());
    read_only_ = Mapping(segment_->reader_descriptor(), Access::ReadOnly, segment_->size_bytes());
  }

  NameTableWriter make_writer() { return {writable_.data(), segment_->writer_descriptor(), max_entries_}; }
  NameTableReader make_reader() { return {read_only_.data(), segment_->size_bytes()}; }

  // Where the page for people says that things are.
  std::uint64_t index_offset() const { return page_aligned(128 + max_entries_ * 176); }
  std::uint32_t* slots_of_level(std::uint32_t level) {
    return writable_.at<std::uint32_t>(index_offset() + ((kFirstLevelSlots << level) - kFirstLevelSlots) * 4);
  }
  std::uint32_t& count() { return *writable_.at<std::uint32_t>(64); }
  std::uint32_t& level() { return *writable_.at<std::uint32_t>(68); }

  static std::string name_of(std::uint64_t number) { return "User_" + std::to_string(number); }
  static std::vector<std::byte> value_of(std::uint64_t number) { return bytes_of("hash " + std::to_string(number)); }

  void insert_up_to(NameTableWriter& writer, std::uint64_t end) {
    for (std::uint64_t number = count(); number < end; ++number)
      ASSERT_EQ(writer.insert(name_of(number), number * 10, value_of(number)), InsertResult::Inserted);
  }

  void expect_all_found(std::uint64_t end) {
    const NameTableReader reader = make_reader();
    ASSERT_EQ(reader.count(), end);
    for (std::uint64_t number = 0; number < end; ++number) {
      const NameTableEntry* entry = reader.find(name_of(number));
      ASSERT_NE(entry, nullptr) << number;
      ASSERT_EQ(entry->name_view(), name_of(number));
      ASSERT_EQ(entry->id, number * 10);
      ASSERT_EQ(std::memcmp(entry->value, value_of(number).data(), value_of(number).size()), 0);
    }
    EXPECT_EQ(reader.find("nobody"), nullptr);
    EXPECT_EQ(reader.find(name_of(end)), nullptr);
  }

  std::uint64_t max_entries_ = 0;
  std::optional<Segment> segment_;
  Mapping writable_;
  Mapping read_only_;
};

TEST_F(NameTableTest, BytesOfHeaderEntryAndSlot) {
  make(1000);
  NameTableWriter writer = make_writer();
  ASSERT_EQ(writer.insert("Alice", 0x1122334455667788, bytes_of("secret")), InsertResult::Inserted);
  const std::byte* bytes = writable_.data();
  EXPECT_EQ(std::memcmp(bytes, "NAMETAB2", 8), 0);
  EXPECT_EQ(*writable_.at<std::uint64_t>(8), 1000U);
  EXPECT_EQ(count(), 1U);
  EXPECT_EQ(level(), 0U);
  EXPECT_EQ(*writable_.at<std::uint64_t>(128), 0x1122334455667788U);
  EXPECT_EQ(bytes[136], std::byte{5});
  EXPECT_EQ(std::memcmp(bytes + 137, "Alice\0\0", 7), 0);
  EXPECT_EQ(std::memcmp(bytes + 176, "secret\0\0", 8), 0);
  const std::uint64_t slot = hash64(bytes_of("alice")) % kFirstLevelSlots;
  EXPECT_EQ(slots_of_level(0)[slot], 1U);
}

TEST_F(NameTableTest, CaseOfLettersDoesNotCountAndNothingElseIsFolded) {
  make(1000);
  NameTableWriter writer = make_writer();
  ASSERT_EQ(writer.insert("Alice_Z", 1, {}), InsertResult::Inserted);
  EXPECT_EQ(writer.insert("aLICE_z", 2, {}), InsertResult::Taken);
  const NameTableReader reader = make_reader();
  for (const char* name : {"Alice_Z", "alice_z", "ALICE_Z"}) {
    const NameTableEntry* found = reader.find(name);
    ASSERT_NE(found, nullptr) << name;
    EXPECT_EQ(found->name_view(), "Alice_Z") << "as it was inserted";
    EXPECT_EQ(found->id, 1U);
  }
  // The neighbours of A and Z in ASCII, 32 apart like letters and no letters; and an umlaut in Latin-1.
  for (const auto& [upper, lower] : {std::pair("@", "`"), std::pair("[", "{"), std::pair("\xc4", "\xe4")}) {
    EXPECT_EQ(writer.insert(upper, 3, {}), InsertResult::Inserted);
    EXPECT_EQ(reader.find(lower), nullptr) << upper;
  }
  EXPECT_EQ(folded("AbZ[@1_-\xc4"), "abz[@1_-\xc4");
}

TEST_F(NameTableTest, LongestNameAndValueFitAndLongerNamesAreNotFound) {
  make(1000);
  NameTableWriter writer = make_writer();
  const std::string longest(kNameBytes, 'n');
  ASSERT_EQ(writer.insert(longest, 1, bytes_of(std::string(kNameTableValueBytes, 'v'))), InsertResult::Inserted);
  ASSERT_EQ(writer.insert("next", 2, {}), InsertResult::Inserted);
  const NameTableReader reader = make_reader();
  ASSERT_NE(reader.find(longest), nullptr);
  EXPECT_EQ(reader.find(longest)->value[kNameTableValueBytes - 1], std::byte{'v'});
  EXPECT_EQ(reader.find(longest + "n"), nullptr);
  EXPECT_EQ(reader.find(longest.substr(1)), nullptr);
  EXPECT_EQ(reader.find(""), nullptr);
}

TEST_F(NameTableTest, GrowsThroughSeveralLevelsAndFindsEveryName) {
  constexpr std::uint64_t kNames = 25'000;
  make(1'000'000);
  NameTableWriter writer = make_writer();
  insert_up_to(writer, kNames);
  EXPECT_EQ(level(), 5U) << "65,536 slots, the first level at most half full";
  expect_all_found(kNames);
  EXPECT_EQ(writer.insert("uSER_12345", 1, {}), InsertResult::Taken);
}

TEST_F(NameTableTest, AnEmptyTableIsSmallHoweverManyNamesItMayHold) {
  make(4'000'000);
  NameTableWriter writer = make_writer();
  ASSERT_EQ(writer.insert("one", 1, {}), InsertResult::Inserted);
  struct stat status {};
  ASSERT_EQ(::fstat(segment_->writer_descriptor(), &status), 0);
  EXPECT_LE(status.st_blocks * 512, 128 * 1024);
  EXPECT_GT(segment_->size_bytes(), 700'000'000U);
}

TEST_F(NameTableTest, FullIsFullAndSmallTablesWork) {
  for (const std::uint64_t max_entries : {1ULL, 10ULL, 1024ULL, 1025ULL}) {
    make(max_entries);
    NameTableWriter writer = make_writer();
    insert_up_to(writer, max_entries);
    EXPECT_EQ(writer.insert("one too many", 1, {}), InsertResult::Full);
    expect_all_found(max_entries);
  }
}

TEST_F(NameTableTest, ASuccessorPutsInTheSlotThatItsPredecessorDidNotLiveFor) {
  make(1000);
  {
    NameTableWriter writer = make_writer();
    insert_up_to(writer, 5);
  }
  std::uint32_t* slots = slots_of_level(0);
  std::replace(slots, slots + kFirstLevelSlots, 5U, 0U);  // entry 4 is counted, its slot not written
  ASSERT_EQ(make_reader().find(name_of(4)), nullptr);
  NameTableWriter successor = make_writer();
  expect_all_found(5);
  EXPECT_EQ(successor.insert(name_of(4), 1, {}), InsertResult::Taken);
  EXPECT_EQ(std::count(slots, slots + kFirstLevelSlots, 5U), 1);
  make_writer();
  EXPECT_EQ(std::count(slots, slots + kFirstLevelSlots, 5U), 1) << "a slot that is there is not put in twice";
}

TEST_F(NameTableTest, ASuccessorWritesOverAnEntryThatWasNotCounted) {
  make(1000);
  {
    NameTableWriter writer = make_writer();
    insert_up_to(writer, 5);
  }
  std::memset(writable_.data() + 128 + 5 * 176, 0x41, 100);  // died in the middle of entry 5
  NameTableWriter successor = make_writer();
  EXPECT_EQ(make_reader().find(name_of(5)), nullptr);
  ASSERT_EQ(successor.insert("new", 50, bytes_of("v")), InsertResult::Inserted);
  const NameTableEntry* entry = make_reader().find("new");
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->name_view(), "new");
  EXPECT_EQ(entry->value[1], std::byte{0}) << "nothing of the dead writer's bytes is left";
}

TEST_F(NameTableTest, AHalfMadeLevelIsMadeAgain) {
  make(10'000);
  {
    NameTableWriter writer = make_writer();
    insert_up_to(writer, 1024);
  }
  ASSERT_EQ(level(), 0U);
  // It died in the middle of filling level 1: some slots are there, in places that will be wrong, and some garbage.
  ASSERT_TRUE(reserve(segment_->writer_descriptor(), 0, segment_->size_bytes()));
  for (std::uint32_t slot = 0; slot < 2 * kFirstLevelSlots; slot += 3) slots_of_level(1)[slot] = slot % 1024 + 1;
  expect_all_found(1024);
  NameTableWriter successor = make_writer();
  insert_up_to(successor, 3000);
  EXPECT_EQ(level(), 2U);
  expect_all_found(3000);
  EXPECT_EQ(make_reader().find("nobody"), nullptr);
}

TEST_F(NameTableTest, ASuccessorGoesOnWithTheTable) {
  make(100'000);
  for (std::uint64_t end = 777; end <= 7770; end += 777) {
    NameTableWriter writer = make_writer();
    insert_up_to(writer, end);
  }
  expect_all_found(7770);
  EXPECT_EQ(make_reader().entry(777).name_view(), name_of(777));
}

TEST_F(NameTableTest, AReaderRefusesMemoryThatIsNoTable) {
  make(1000);
  EXPECT_THROW(make_reader(), std::runtime_error);
  make_writer();
  EXPECT_NO_THROW(make_reader());
  EXPECT_THROW(NameTableReader(read_only_.data(), 64), std::runtime_error);
  EXPECT_THROW(NameTableReader(read_only_.data(), segment_->size_bytes() - 4096), std::runtime_error);
  writable_.data()[7] = std::byte{'1'};
  EXPECT_THROW(make_reader(), std::runtime_error);
}

TEST_F(NameTableTest, ANewValueIsANewEntryAndTheOldOneStaysAsItWas) {
  make(1000);
  NameTableWriter writer = make_writer();
  insert_up_to(writer, 3);
  const NameTableReader reader = make_reader();
  const NameTableEntry* before = reader.find("user_1");
  const std::uint64_t changes = reader.changes();
  ASSERT_EQ(writer.make_so(name_of(1), 10, bytes_of("another hash"), false), InsertResult::Inserted);
  const NameTableEntry* after = reader.find("user_1");
  ASSERT_NE(after, nullptr);
  EXPECT_NE(after, before);
  EXPECT_EQ(after->id, 10U);
  EXPECT_TRUE(std::equal(after->value, after->value + 12, bytes_of("another hash").begin()));
  EXPECT_EQ(before->state.load(), EntryState::Superseded);
  EXPECT_EQ(before->name_view(), name_of(1));
  EXPECT_EQ(before->id, 10U);
  EXPECT_NE(reader.changes(), changes);
  // Said again it changes nothing.
  ASSERT_EQ(writer.make_so(name_of(1), 10, bytes_of("another hash"), false), InsertResult::Inserted);
  EXPECT_EQ(reader.find("user_1"), after);
  EXPECT_EQ(reader.count(), 4U);
  // A value that only begins like it is another.
  ASSERT_EQ(writer.make_so(name_of(1), 10, bytes_of("another"), false), InsertResult::Inserted);
  EXPECT_NE(reader.find("user_1"), after);
}

TEST_F(NameTableTest, ALockedNameIsFoundAndTaken) {
  make(1000);
  NameTableWriter writer = make_writer();
  insert_up_to(writer, 2);
  ASSERT_EQ(writer.make_so(name_of(1), 10, value_of(1), true), InsertResult::Inserted);
  ASSERT_NE(writer.reader().find("user_1"), nullptr);
  EXPECT_EQ(writer.reader().find("user_1")->state.load(), EntryState::Locked);
  EXPECT_EQ(writer.insert(name_of(1), 99, value_of(9)), InsertResult::Taken);
  ASSERT_EQ(writer.make_so(name_of(1), 10, value_of(1), false), InsertResult::Inserted);
  EXPECT_EQ(writer.reader().find("user_1")->state.load(), EntryState::Live);
  EXPECT_EQ(writer.reader().count(), 2U);
}

TEST_F(NameTableTest, ANameThatEndedCanBeHadByAnother) {
  make(1000);
  NameTableWriter writer = make_writer();
  insert_up_to(writer, 3);
  writer.end(name_of(1), 999);  // of another id: nothing
  ASSERT_NE(writer.reader().find("user_1"), nullptr);
  const NameTableEntry* old = writer.reader().find("user_1");
  writer.end("USER_1", 10);
  EXPECT_EQ(writer.reader().find("user_1"), nullptr);
  EXPECT_EQ(old->name_view(), name_of(1));
  ASSERT_EQ(writer.insert("user_1", 77, value_of(7)), InsertResult::Inserted);
  EXPECT_EQ(writer.reader().find("User_1")->id, 77U);
  writer.end_unless([](std::uint64_t id) { return id == 77; });
  EXPECT_EQ(writer.reader().find(name_of(0)), nullptr);
  EXPECT_EQ(writer.reader().find("User_1")->id, 77U);
}

TEST_F(NameTableTest, ASuccessorEndsWhatAnUnfinishedChangeHasLeft) {
  make(1000);
  NameTableWriter writer = make_writer();
  insert_up_to(writer, 1);
  ASSERT_EQ(writer.make_so(name_of(0), 0, bytes_of("new"), false), InsertResult::Inserted);
  // As it is when the writer dies between the new value and the end of the old one.
  auto* first = writable_.at<NameTableEntry>(128);
  first->state.store(EntryState::Live);
  NameTableWriter successor = make_writer();
  ASSERT_EQ(successor.make_so(name_of(0), 0, bytes_of("new"), false), InsertResult::Inserted);
  EXPECT_EQ(first->state.load(), EntryState::Superseded);
  EXPECT_EQ(successor.reader().find(name_of(0))->value[0], std::byte{'n'});
}

TEST_F(NameTableTest, AnotherProcessCanLookUpButNotWrite) {
  make(1000);
  NameTableWriter writer = make_writer();
  insert_up_to(writer, 10);
  os::Process looks_up = os::Process::spawn([this] {
    const NameTableEntry* entry = make_reader().find("USER_7");
    return entry != nullptr && entry->id == 70 ? 0 : 1;
  });
  EXPECT_EQ(testing::end_in_time(looks_up).value_or(os::ExitStatus{}).describe(), "exit code 0");
  os::Process writes = os::Process::spawn([this] {
    ::signal(SIGSEGV, SIG_DFL);  // sanitizers have a handler of their own
    const_cast<volatile std::uint64_t&>(make_reader().find("user_7")->id) = 1;
    return 0;
  });
  const auto status = testing::end_in_time(writes);
  ASSERT_TRUE(status);
  EXPECT_TRUE(status->signalled);
  EXPECT_EQ(status->value, SIGSEGV);
  EXPECT_EQ(make_reader().find("user_7")->id, 70U);
}

}  // namespace
}  // namespace rookery::shm
