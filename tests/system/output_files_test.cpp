// Files that an operator names for a backup or an export: what may be replaced, what is streamed into, what appears and
// when, and what several at once or a kill leave.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "ipc/os/file_descriptor.h"
#include "tests/master/ledger/old_store.h"
#include "tests/support/driven_programs.h"
#include "tests/support/file_text.h"
#include "tests/system/harness/ctl.h"
#include "tests/system/harness/people.h"

namespace rookery::system_test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kFillRooms =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)"
    " INSERT INTO rooms(name) SELECT '#many-rooms-with-long-names-' || i FROM n";

std::vector<std::string> names_in(const fs::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory)) names.push_back(entry.path().filename().string());
  return names;
}

// A store that takes a while to copy, and no server.
class OutputFiles : public testing::Test {
 protected:
  OutputFiles() {
    { ServerProcess server(data_, {"--workers", "1"}); }
  }
  void make_it_large() { ASSERT_EQ(test::ask_sqlite(data_.path() / "rookery.db", kFillRooms), ""); }

  [[nodiscard]] fs::path beside(const std::string& name) const { return elsewhere_.path() / name; }
  [[nodiscard]] CtlRun backup(const fs::path& file, bool force = false) const {
    std::vector<std::string> words{"backup", file.string()};
    if (force) words.emplace_back("--force");
    return run_ctl(data_, words);
  }
  [[nodiscard]] bool is_whole(const fs::path& file) const {
    return run_ctl(data_, {"check", file.string()}).exit_code == 0;
  }

  // So many at once; in the end all of their exit codes. Whenever the file is there it must be whole.
  std::vector<CtlRun> back_up_at_once(const fs::path& file, int count, bool force) {
    std::vector<CtlRun> runs(static_cast<std::size_t>(count));
    std::atomic<bool> done = false;
    std::thread reader([&] {
      while (!done)
        if (fs::exists(file)) {
          EXPECT_TRUE(is_whole(file)) << "it exists, so it must be whole";
        }
    });
    in_threads(runs.size(), [&](std::size_t i) { runs[i] = backup(file, force); });
    done = true;
    reader.join();
    return runs;
  }

  TemporaryDirectory data_;
  TemporaryDirectory elsewhere_;
};

TEST_F(OutputFiles, ABackupReplacesAFileOnlyWithForce) {
  std::ofstream(beside("kept.db")) << "last night's";
  const CtlRun refused = backup(beside("kept.db"));
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.errors, AllOf(HasSubstr("kept.db: exists already"), HasSubstr("--force")));
  EXPECT_EQ(test::file_text(beside("kept.db")), "last night's");
  EXPECT_EQ(backup(beside("kept.db"), true).exit_code, 0);
  EXPECT_TRUE(is_whole(beside("kept.db")));

  std::ofstream(beside("kept.jsonl")) << "last night's";
  EXPECT_EQ(run_ctl(data_, {"history", "export", beside("kept.jsonl").string()}).exit_code, 1);
  EXPECT_EQ(test::file_text(beside("kept.jsonl")), "last night's");
  EXPECT_EQ(run_ctl(data_, {"history", "export", "--force", beside("kept.jsonl").string()}).exit_code, 0);
  EXPECT_EQ(test::file_text(beside("kept.jsonl")), "");
  EXPECT_THAT(names_in(elsewhere_.path()), testing::UnorderedElementsAre("kept.db", "kept.jsonl"));
}

TEST_F(OutputFiles, ABackupReplacesNothingButARegularFile) {
  std::ofstream(beside("target")) << "somebody's";
  fs::create_symlink(beside("target"), beside("link"));
  fs::create_symlink(beside("nowhere"), beside("dangling"));
  fs::create_symlink("/dev/null", beside("link-to-a-device"));
  fs::create_directory(beside("directory"));
  ASSERT_EQ(::mkfifo(beside("fifo").c_str(), 0600), 0);
  std::vector<std::string> names{"link", "dangling", "link-to-a-device", "directory", "fifo"};
  if (::mknod(beside("device").c_str(), S_IFCHR | 0600, makedev(1, 3)) == 0) names.emplace_back("device");
  for (const std::string& name : names) {
    const auto type = fs::symlink_status(beside(name)).type();
    for (const bool force : {false, true}) {
      EXPECT_EQ(backup(beside(name), force).exit_code, 1) << name;
      EXPECT_EQ(fs::symlink_status(beside(name)).type(), type) << name;
    }
  }
  EXPECT_THAT(backup(beside("link"), true).errors, HasSubstr("is a symbolic link"));
  EXPECT_EQ(test::file_text(beside("target")), "somebody's");
  EXPECT_FALSE(fs::exists(beside("nowhere")));
}

TEST_F(OutputFiles, AnExportStreamsIntoAFifoOrADevice) {
  {
    ServerProcess server(data_, {"--workers", "1"});
    TextClient alice(server.port());
    ASSERT_THAT(alice.ask("/say #lobby roses"), HasSubstr("OK"));
  }
  ASSERT_EQ(::mkfifo(beside("fifo").c_str(), 0600), 0);
  fs::create_symlink(beside("fifo"), beside("link"));
  for (const char* name : {"fifo", "link"}) {
    const os::FileDescriptor reader(::open(beside(name).c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    const CtlRun run = run_ctl(data_, {"history", "export", beside(name).string()});
    EXPECT_EQ(run.output, "OK exported " + beside(name).string() + " messages=1\n") << run.errors;
    std::array<char, 4096> bytes{};
    const ssize_t count = ::read(reader.get(), bytes.data(), bytes.size());
    ASSERT_GT(count, 0);
    EXPECT_EQ(nlohmann::json::parse(bytes.data(), bytes.data() + count)["text"], "roses");
    EXPECT_TRUE(fs::is_fifo(beside("fifo")));
    EXPECT_TRUE(fs::is_symlink(beside("link")));
  }
  if (::mknod(beside("device").c_str(), S_IFCHR | 0600, makedev(1, 3)) == 0) {
    EXPECT_EQ(run_ctl(data_, {"history", "export", beside("device").string()}).exit_code, 0);
    EXPECT_TRUE(fs::is_character_file(beside("device")));
    ASSERT_EQ(::unlink(beside("device").c_str()), 0);
    ASSERT_EQ(::mknod(beside("device").c_str(), S_IFCHR | 0600, makedev(1, 7)), 0);  // always full
    EXPECT_THAT(run_ctl(data_, {"history", "export", beside("device").string()}).errors,
                HasSubstr("No space left on device"));
  }
  std::ofstream(beside("target")) << "somebody's";
  fs::create_symlink(beside("target"), beside("link-to-a-file"));
  EXPECT_EQ(run_ctl(data_, {"history", "export", beside("link-to-a-file").string(), "--force"}).exit_code, 1);
  EXPECT_EQ(test::file_text(beside("target")), "somebody's");
  EXPECT_TRUE(fs::is_symlink(beside("link-to-a-file")));
}

TEST_F(OutputFiles, OfTwoBackupsIntoOneNameOneIsRefusedAndTheFileIsWhole) {
  make_it_large();
  for (int round = 0; round < 3; ++round) {
    const fs::path file = beside("same" + std::to_string(round) + ".db");
    int done = 0;
    for (const CtlRun& run : back_up_at_once(file, 3, false)) {
      if (run.exit_code == 0)
        ++done;
      else
        EXPECT_THAT(run.errors, HasSubstr("exists already"));
    }
    EXPECT_EQ(done, 1);
    EXPECT_TRUE(is_whole(file));
  }
  EXPECT_EQ(names_in(elsewhere_.path()).size(), 3U) << "nothing else is left";
}

TEST_F(OutputFiles, TwoBackupsIntoOneNameWithForceAreBothWhole) {
  make_it_large();
  for (const CtlRun& run : back_up_at_once(beside("same.db"), 3, true)) EXPECT_EQ(run.exit_code, 0) << run.errors;
  EXPECT_TRUE(is_whole(beside("same.db")));
  EXPECT_THAT(names_in(elsewhere_.path()), testing::ElementsAre("same.db"));
}

TEST_F(OutputFiles, AKilledBackupLeavesNoFileAndTheNextOneClearsUp) {
  make_it_large();
  const TemporaryDirectory files;
  bool caught = false;
  for (int attempt = 0; attempt < 20 && !caught; ++attempt) {
    ChildProgram run(
        {{test::program("rookery-ctl"), "--data", data_.path().string(), "backup", beside("killed.db").string()},
         files.path(),
         {},
         {}});
    while (names_in(elsewhere_.path()).empty()) ASSERT_FALSE(run.wait(std::chrono::milliseconds{0})) << run.errors();
    run.signal(SIGKILL);
    ASSERT_TRUE(run.wait());
    caught = !fs::exists(beside("killed.db"));
    if (!caught) fs::remove(beside("killed.db"));  // it was quicker
  }
  ASSERT_TRUE(caught);
  EXPECT_THAT(names_in(elsewhere_.path()), testing::ElementsAre(StartsWith(".")));
  std::ofstream(beside(".rookery-is-not-one-of-them.part")) << "somebody's";
  EXPECT_EQ(backup(beside("next.db")).exit_code, 0);
  EXPECT_TRUE(is_whole(beside("next.db")));
  EXPECT_THAT(names_in(elsewhere_.path()),
              testing::UnorderedElementsAre("next.db", ".rookery-is-not-one-of-them.part"));
}

TEST_F(OutputFiles, TheConsolesBackupsReplaceNothingEither) {
  ServerProcess server(data_, {"--workers", "1"});
  EXPECT_THAT(server.console("backup now.db"), StartsWith("OK backup backups/now.db"));
  const fs::path backups = data_.path() / "backups";
  const std::string before = test::file_text(backups / "now.db");
  EXPECT_THAT(server.console("backup now.db"), AllOf(StartsWith("ERR failed"), HasSubstr("exists already")));
  EXPECT_THAT(server.console("history export now.db"), StartsWith("ERR failed"));
  EXPECT_EQ(test::file_text(backups / "now.db"), before);
  TextClient alice(server.port());
  ASSERT_THAT(alice.ask("/say #lobby roses"), HasSubstr("OK"));
  EXPECT_THAT(server.console("backup now.db --force"), StartsWith("OK backup backups/now.db"));
  EXPECT_NE(test::file_text(backups / "now.db"), before);
  EXPECT_THAT(server.console("history export --force now.jsonl"), StartsWith("OK exported backups/now.jsonl"));

  std::ofstream(backups / "target") << "somebody's";
  fs::create_symlink(backups / "target", backups / "link");
  ASSERT_EQ(::mkfifo((backups / "fifo").c_str(), 0600), 0);
  for (const char* name : {"link", "fifo"})
    for (const std::string command : {"backup ", "history export "})
      EXPECT_THAT(server.console(command + name + " --force"), StartsWith("ERR failed")) << command << name;
  EXPECT_TRUE(fs::is_symlink(backups / "link"));
  EXPECT_TRUE(fs::is_fifo(backups / "fifo"));
  EXPECT_EQ(test::file_text(backups / "target"), "somebody's");
}

}  // namespace
}  // namespace rookery::system_test
