// tests/fault/takeover/script.h
//
// What one client says, line by line, at random by a seed, and what each line must be answered: known before it is
// sent.
//
//   Script script(who, common, seed);
//   script.enter(said);                  // registers, logs in, joins; `said` has the bytes and the answers
//   while (...) script.say_something(said);
//   script.barrier(said);
//   script.leave(said);
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/fault/takeover/answer.h"
#include "tests/fault/takeover/book.h"
#include "tests/system/harness/patience.h"

namespace rookery::system_test {

// So many a second in all, however many ask.
class Allowance final {
 public:
  explicit Allowance(double per_second) : per_second_(per_second) {}
  [[nodiscard]] bool take();

 private:
  double per_second_;
  double left_ = 1;
  Clock::time_point at_ = Clock::now();
};

struct Who {
  std::uint32_t number = 0;  // as a sender in the book
  Tongue tongue = Tongue::Text;
  std::string account;        // empty: a visitor, who only asks and hears
  std::vector<Place> rooms;   // shared ones, entered for good
  bool watches = false;       // wants to be told who comes and goes, and nobody does
  bool resumes = false;       // JSON lines: again and again asks for what it has missed
  bool only_answers = false;  // says nothing to others
};

// What all scripts of a run know.
struct Common {
  Book book;
  Verdict verdict;
  std::string epoch;
  // The same to whoever asks:
  std::shared_ptr<const Lines> help;         // text
  std::string help_json;                     // from "ok" on
  std::string old_room;                      // in which nobody speaks any more
  std::uint64_t old_begin = 0, old_end = 0;  // seqs before its first message, and behind its last
  std::shared_ptr<const Lines> old_events;   // JSON, all of them
  std::shared_ptr<const Lines> old_in_text;  // all of them, and how many; null: others speak to everybody
  std::string old_history;                   // JSON, from "ok" on
  bool broadcasts = false;
  bool some_leave = false;
  std::vector<std::string> addressees;  // accounts that never log out
  Allowance posts, passwords;

  Common(std::string epoch_now, double posts_per_second, double passwords_per_second)
      : book(epoch_now), epoch(std::move(epoch_now)), posts(posts_per_second), passwords(passwords_per_second) {}
};

struct Said {
  std::string bytes;  // not yet sent
  std::deque<Answer> expected;
  std::uint64_t lines = 0;
};

class Script final {
 public:
  Script(Who who, Common& common, std::uint64_t seed);

  void enter(Said& said);
  void settle(Said& said);  // when all have entered
  void say_something(Said& said);
  void barrier(Said& said);
  void leave(Said& said);
  [[nodiscard]] const Who& who() const noexcept { return who_; }
  // Where it is, and how it is called, once all is answered; `id` is the client's.
  [[nodiscard]] std::vector<std::string> rooms() const;
  [[nodiscard]] std::string name(std::uint64_t id) const;

 private:
  using Args = std::initializer_list<std::pair<const char*, std::string>>;

  [[nodiscard]] bool json() const noexcept { return who_.tongue == Tongue::Json; }
  [[nodiscard]] std::uint64_t below(std::uint64_t limit);
  // The line and the start of its answer. For text `words`, for JSON the op and its fields, each in JSON already.
  void ask(Said& said, const std::string& words, const char* op, Args fields, Answer answer);
  [[nodiscard]] std::string re(const char* op) const;  // {"re":OP,"id":N,"ok":true
  [[nodiscard]] std::string refused(const char* op, const char* code) const;

  void echo(Said& said);
  void ping(Said& said);
  void count(Said& said);
  void help(Said& said);
  void list(Said& said);
  void history(Said& said);
  void nonsense(Said& said);
  void log_out_or_in(Said& said);
  void log_in(Said& said);
  void register_another(Said& said);
  void join(Said& said, const std::string& room, const std::string& members);
  void leave_room(Said& said, const std::string& room, const std::string& members);
  void post(Said& said, Place place);
  void own_room(Said& said);
  void resume(Said& said);

  Who who_;
  Common& common_;
  std::mt19937_64 random_;
  std::uint64_t next_id_ = 0;
  bool logged_in_ = false;
  bool in_own_room_ = false;
  std::uint64_t echoes_ = 0;
  std::uint64_t registered_ = 0;
  bool has_resumed_ = false;
  std::string own_room_;
};

}  // namespace rookery::system_test
