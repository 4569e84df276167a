// What `accounts` says of a server that makes mistakes. Two clients register, three converse: names of the one begin
// with r, of the others with c.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "client/load/run.h"
#include "tests/client/load/faults_are.h"
#include "tests/client/load/scripted_people.h"

namespace rookery::load {
namespace {

using namespace std::chrono_literals;

class AccountsFaults : public ::testing::TestWithParam<bool> {
 protected:
  LoadOutcome run_with(PeopleHook hook) {
    const ScriptedPeople server(std::move(hook));
    plan_.mode = Mode::Accounts;
    plan_.server = server.endpoint();
    plan_.clients = 5;
    if (GetParam()) plan_.rate_per_s = 600;
    plan_.warm_up = 0ms;
    plan_.patience = 6s;
    Observer nobody;
    return run_load(plan_, nobody);
  }
  // Of kind "own": somebody hears what he says in the room. (What others say while he is about to leave he need not
  // hear.)
  static bool is(const Utterance& said, const std::string& kind) {
    if (kind != "own") return said.kind == kind;
    return said.kind == "room" && said.name.starts_with('c') &&
           said.text.find("] " + said.name + "(") != std::string::npos;
  }
  // With this in the place of one answer or event of that kind, the `when`-th of its connection or a later one.
  Faults faults_once(const std::string& kind, std::uint64_t when, const std::function<Lines(const std::string&)>& say) {
    bool done = false;
    // Again and longer where a busy machine did not come that far.
    for (; plan_.duration < 2min; plan_.duration *= 4) {
      const Faults faults = run_with([&](const Utterance& said) {
                              if (done || !is(said, kind) || said.index < when) return Lines{said.text};
                              done = true;
                              return say(said.text);
                            }).faults;
      if (done) return faults;
    }
    ADD_FAILURE() << "no " << kind << " came";
    return {};
  }
  static Faults with(std::uint64_t Faults::*what, std::uint64_t times = 1) {
    Faults expected;
    expected.*what = times;
    return expected;
  }
  LoadPlan plan_{.duration = 400ms};
};
INSTANTIATE_TEST_SUITE_P(Loops, AccountsFaults, ::testing::Bool(),
                         [](const auto& instance) { return instance.param ? "Open" : "Closed"; });

TEST_P(AccountsFaults, NoneOfAnHonestServer) {
  plan_.threads = 2;
  const LoadOutcome outcome = run_with({});
  EXPECT_THAT(outcome.faults, FaultsAre(Faults{}));
  for (const char* kind : {"register", "name-taken", "login", "join", "say", "echo", "msg", "count", "broadcast",
                           "history", "ping", "logout", "guest-say", "leave"})
    EXPECT_GT(outcome.latency_of.contains(kind) ? outcome.latency_of.at(kind).count() : 0, 0U) << kind;
}

TEST_P(AccountsFaults, AMessageOfTheRoomIsLost) {
  EXPECT_THAT(faults_once("own", 4, nothing), FaultsAre(with(&Faults::lost)));
}
TEST_P(AccountsFaults, AMessageOfTheRoomComesTwice) {
  EXPECT_THAT(faults_once("own", 4, twice), FaultsAre(with(&Faults::doubled)));
}
TEST_P(AccountsFaults, ABroadcastIsLost) {
  EXPECT_THAT(faults_once("everybody", 3, nothing), FaultsAre(with(&Faults::lost)));
}
TEST_P(AccountsFaults, ABroadcastComesTwice) {
  EXPECT_THAT(faults_once("everybody", 3, twice), FaultsAre(with(&Faults::doubled)));
}

// Who does not converse has no ping by which all must be there.
TEST_P(AccountsFaults, ABroadcastComesAfterALaterOne) {
  std::optional<std::string> held;
  std::size_t victim = 0;
  bool done = false;
  const auto who = [](const std::string& event) { return event.substr(0, event.find(')')); };
  const LoadOutcome outcome = run_with([&](const Utterance& said) {
    if (victim == 0 && said.kind == "register" && said.index == 2) victim = said.connection;
    if (said.connection != victim || said.kind != "everybody" || done) return Lines{said.text};
    if (!held) {
      held = said.text;
      return Lines{};
    }
    if (who(*held) != who(said.text)) return Lines{said.text};
    done = true;
    return Lines{said.text, *held};
  });
  ASSERT_TRUE(done);
  EXPECT_THAT(outcome.faults, FaultsAre(with(&Faults::out_of_order)));
}

// What came was not said, and what was said did not come.
TEST_P(AccountsFaults, WrongBytes) {
  Faults expected = with(&Faults::wrong_bytes);
  expected.lost = 1;
  EXPECT_THAT(faults_once("own", 4,
                          [](const std::string& text) {
                            std::string wrong = text;
                            wrong.back() = wrong.back() == 'e' ? 'f' : 'e';
                            return Lines{wrong};
                          }),
              FaultsAre(expected));
}

TEST_P(AccountsFaults, TheWrongSender) {
  Faults expected = with(&Faults::wrong_bytes);
  expected.lost = 1;
  for (const char* kind : {"own", "everybody"})
    EXPECT_THAT(
        faults_once(kind, 4,
                    [](const std::string& text) {
                      return Lines{text.substr(0, text.find(' ')) + " mallory(77)" + text.substr(text.find("): ") + 1)};
                    }),
        FaultsAre(expected))
        << kind;
}

TEST_P(AccountsFaults, ALetterAlsoReachesSomebodyElse) {
  std::optional<Utterance> letter;
  bool done = false;
  const LoadOutcome outcome = run_with([&](const Utterance& said) {
    if (!letter && said.kind == "letter") letter = said;
    if (!letter || done || said.connection == letter->connection) return Lines{said.text};
    done = true;
    return Lines{letter->text, said.text};
  });
  ASSERT_TRUE(done);
  EXPECT_THAT(outcome.faults, FaultsAre(with(&Faults::wrong_bytes)));
}

TEST_P(AccountsFaults, ALetterDoesNotReachItsAddressee) {
  EXPECT_THAT(faults_once("letter", 0, nothing), FaultsAre(with(&Faults::lost)));
}

TEST_P(AccountsFaults, TheRoomIsHeardByOneWhoIsNotInIt) {
  std::optional<Utterance> message;
  bool done = false;
  const LoadOutcome outcome = run_with([&](const Utterance& said) {
    if (!message && said.kind == "room") message = said;
    if (!message || done || said.kind != "register") return Lines{said.text};
    done = true;
    return Lines{message->text, said.text};
  });
  ASSERT_TRUE(done);
  EXPECT_THAT(outcome.faults, FaultsAre(with(&Faults::wrong_bytes)));
}

// After the registration of the speakers, which is not part of the run.
TEST_P(AccountsFaults, ARegistrationIsAnsweredTwice) {
  EXPECT_THAT(faults_once("register", 2, twice), FaultsAre(with(&Faults::doubled)));
}

TEST_P(AccountsFaults, ANameIsGivenTwice) {
  bool done = false;
  const LoadOutcome outcome = run_with([&](const Utterance& said) {
    if (done || !said.text.starts_with("ERR name-taken")) return Lines{said.text};
    done = true;
    return Lines{"OK registered somebody"};
  });
  EXPECT_THAT(outcome.faults, FaultsAre(with(&Faults::doubled)));
}

TEST_P(AccountsFaults, AWrongPasswordLetsIn) {
  bool done = false;
  const LoadOutcome outcome = run_with([&](const Utterance& said) {
    if (done || !said.text.starts_with("ERR bad-credentials")) return Lines{said.text};
    done = true;
    return Lines{"OK logged in as somebody, client 3"};
  });
  EXPECT_THAT(outcome.faults, FaultsAre(with(&Faults::wrong_bytes)));
}

TEST_P(AccountsFaults, ALoginAsSomebodyElse) {
  const Faults faults = faults_once("login", 1, [](const std::string& text) {
    return Lines{"OK logged in as mallory" + text.substr(text.find(','))};
  });
  EXPECT_GE(faults.wrong_bytes, 1U);
  EXPECT_THAT(faults.examples.front(), ::testing::HasSubstr("mallory"));
}

TEST_P(AccountsFaults, ALoginUnderAnotherNumber) {
  EXPECT_GE(faults_once("login", 2, [](const std::string& text) { return Lines{text + "0"}; }).wrong_bytes, 1U);
}

TEST_P(AccountsFaults, AWrongAnswer) {
  for (const char* kind : {"echo", "count", "leave"})
    EXPECT_THAT(faults_once(kind, 1,
                            [](const std::string& text) {
                              std::string wrong = text;
                              wrong[wrong.find_first_of("#=:") + 2] ^= 1;
                              return Lines{wrong};
                            })
                    .wrong_bytes,
                1U)
        << kind;
}

// Who has logged out still speaks under the account's name.
TEST_P(AccountsFaults, ALogoutWithoutEffect) {
  std::map<std::size_t, std::string> names;
  const LoadOutcome outcome = run_with([&](const Utterance& said) {
    if (said.kind == "login" && said.name.starts_with('c')) names[said.connection] = said.name;
    if (said.kind != "room" || said.text.find("] guest") == std::string::npos) return Lines{said.text};
    const std::size_t begin = said.text.find("] guest") + 2;
    const std::size_t bracket = said.text.find('(', begin);
    const std::size_t speaker = std::stoul(said.text.substr(bracket + 1));
    return Lines{said.text.substr(0, begin) + names[speaker] + said.text.substr(bracket)};
  });
  EXPECT_GE(outcome.faults.wrong_bytes, 1U);
}

TEST_P(AccountsFaults, AHistoryLacksWhatWasSaid) {
  EXPECT_THAT(faults_once("history", 1, [](const std::string& /*text*/) { return Lines{"OK 0 messages"}; }),
              FaultsAre(with(&Faults::lost)));
}

TEST_P(AccountsFaults, AHistoryShowsAMessageTwice) {
  const Faults faults = faults_once("history", 1, [](const std::string& text) {
    const std::string first = text.substr(0, text.find('\n'));
    const std::size_t last = text.rfind("OK ");
    return Lines{first + "\n" + text.substr(0, last) + "OK " + std::to_string(std::stoul(text.substr(last + 3)) + 1) +
                 " messages"};
  });
  EXPECT_EQ(faults.doubled, 1U);
}

TEST_P(AccountsFaults, Refused) {
  Faults expected;
  expected.refused["rate-limited"] = 1;
  const Faults faults =
      faults_once("count", 1, [](const std::string& /*text*/) { return Lines{"ERR rate-limited too much"}; });
  EXPECT_EQ(counts_of(faults), counts_of(expected)) << ::testing::PrintToString(faults.examples);
}

TEST_P(AccountsFaults, Unanswered) {
  const Faults faults = faults_once("ping", 2, nothing);
  EXPECT_GE(faults.unanswered, 1U);
  EXPECT_EQ(faults.doubled + faults.wrong_bytes, 0U);
}

TEST_P(AccountsFaults, CutOff) {
  const Faults faults = faults_once("count", 1, [](const std::string& /*text*/) { return Lines{kCloseIt}; });
  EXPECT_EQ(faults.closed, 1U);
  EXPECT_EQ(faults.lost, 0U);
}

}  // namespace
}  // namespace rookery::load
