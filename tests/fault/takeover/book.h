// tests/fault/takeover/book.h
//
// The chat of a Streams run: everything that was posted, by whom, where, and what each listener must therefore hear.
//
// The model, in words. A post is the N-th of client S; its text begins with "S:N" and is known from these two numbers.
//   A listener hears every post that is for it, exactly once: of its rooms, to everybody, to it.
//   Of one sender it hears them in the order in which they were posted, over all rooms, without a gap.
//   Of all senders together it hears them by rising seq, the number in the sender's acknowledgement.
//   An event is the same line for all, to the byte: number, time, the speaker's name and id as they were when it spoke.
//   A sender hears its own post before its acknowledgement; what has a lower number than that comes before it too.
//   Once all is acknowledged, a ping's answer comes behind everything: what has not been heard then is lost.
//
// Who may use it  The thread of the Streams; others once that has ended.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tests/fault/takeover/answer.h"

namespace rookery::system_test {

enum class Tongue : std::uint8_t { Text, Json };

// Counts, and the first findings in words.
struct Verdict {
  std::uint64_t lost = 0;
  std::uint64_t doubled = 0;
  std::uint64_t out_of_order = 0;
  std::uint64_t wrong_lines = 0;  // torn, invented, contradicting another client's
  std::vector<std::string> problems;

  void problem(std::uint64_t& kind, std::string words);
  [[nodiscard]] std::uint64_t count() const noexcept { return lost + doubled + out_of_order + wrong_lines; }
};

using Place = std::uint32_t;
inline constexpr Place kEverybody = 0;

struct Post {
  Place place = kEverybody;
  bool as_guest = false;
  std::uint64_t seq = 0;  // 0: not acknowledged
};

class Book final {
 public:
  explicit Book(std::string epoch) : epoch_(std::move(epoch)) {}

  // Places: "*", a room, or "@" and an account. Asked for again it is the same.
  [[nodiscard]] Place place(const std::string& name);
  [[nodiscard]] const std::string& name_of(Place place) const { return places_[place]; }
  [[nodiscard]] std::size_t places() const noexcept { return places_.size(); }

  // A sender for each client, numbered from 0.
  std::uint32_t add_sender(std::string account);
  void set_id(std::uint32_t sender, std::uint64_t client_id) { senders_[sender].client_id = client_id; }
  [[nodiscard]] std::uint64_t id_of(std::uint32_t sender) const { return senders_[sender].client_id; }
  [[nodiscard]] const std::string& account_of(std::uint32_t sender) const { return senders_[sender].account; }
  [[nodiscard]] std::size_t senders() const noexcept { return senders_.size(); }
  [[nodiscard]] const std::vector<Post>& posts_of(std::uint32_t sender) const { return senders_[sender].posts; }

  // The number of the new post.
  std::uint64_t post(std::uint32_t sender, Place place, bool as_guest);
  [[nodiscard]] static std::string text_of(std::uint32_t sender, std::uint64_t number);
  void acknowledge(std::uint32_t sender, std::uint64_t number, std::uint64_t seq, std::string_view time,
                   Verdict& verdict);
  // It is not known any more whether what it had not been told was carried out.
  void lose_sender(std::uint32_t sender) { senders_[sender].gone = true; }

  // An event as it must look to whoever hears it, as a pattern.
  [[nodiscard]] std::string event_line(std::uint32_t sender, std::uint64_t number, Tongue tongue) const;

  // Which post a line is, if it is one at all.
  struct Heard {
    std::uint32_t sender = 0;
    std::uint64_t number = 0;
  };
  [[nodiscard]] bool read_event(std::string_view line, Tongue tongue, Heard& heard, Verdict& verdict);

  // All that was acknowledged, by seq. An answer of the history's is compared with it.
  struct Entry {
    std::string place;
    std::string text;
  };
  [[nodiscard]] std::map<std::uint64_t, Entry> acknowledged() const;

 private:
  friend class Listener;
  struct Sender {
    std::string account;
    std::uint64_t client_id = 0;
    bool gone = false;
    std::vector<Post> posts;
  };
  void same_for_all(std::uint64_t seq, std::string_view time, std::uint32_t sender, std::uint64_t number,
                    Verdict& verdict);

  struct Told {
    std::string time;
    std::uint32_t sender = 0;
    std::uint64_t number = 0;
  };

  std::string epoch_;
  std::vector<std::string> places_{"*"};
  std::unordered_map<std::string, Place> place_of_;
  std::vector<Sender> senders_;
  std::unordered_map<std::uint64_t, Told> told_;  // by seq, what JSON lines said
};

// What one client listens to, and has heard.
class Listener final {
 public:
  // `from_the_start`: it hears everything from the first post on; else from the first of each sender that it hears.
  Listener(Book& book, bool from_the_start) : book_(book), from_the_start_(from_the_start) {}

  void listen(Place place);
  void hear(const Book::Heard& heard, std::string_view who, Verdict& verdict);
  // The acknowledgement of its own post has come.
  void acknowledged(std::uint32_t self, std::uint64_t number, std::string_view who, Verdict& verdict);
  // Everything is acknowledged, and its last ping answered.
  void judge(std::string_view who, Verdict& verdict) const;
  [[nodiscard]] std::uint64_t events() const noexcept { return events_; }

 private:
  [[nodiscard]] bool hears(Place place) const { return place < listens_.size() && listens_[place]; }
  [[nodiscard]] std::uint64_t next_audible(std::uint32_t sender, std::uint64_t from) const;

  struct Step {
    std::uint32_t sender = 0;
    bool is_acknowledgement = false;
    std::uint64_t number = 0;
  };

  Book& book_;
  bool from_the_start_;
  std::vector<bool> listens_;
  std::vector<std::uint64_t> next_;  // of each sender: the first post that has not been passed
  std::vector<bool> begun_;
  std::vector<Step> steps_;
  std::uint64_t events_ = 0;
};

}  // namespace rookery::system_test
