// The delivery against a model in words: whatever a client's socket takes and whenever, the bytes it reads are its
// replies and the messages of its topics, each exactly once, in the order in which they were made.

#include "worker/delivery/delivery.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <map>
#include <memory>
#include <random>
#include <set>

#include "ipc/shm/log_ring.h"
#include "worker/loop/polled_sockets.h"

namespace rookery::worker {
namespace {

// A worker's world without master, ledger or threads.
class DeliveryTest : public ::testing::Test {
 protected:
  DeliveryTest() {
    context_ = std::make_unique<WorkerContext>(WorkerStart{0, 1, -1, -1},
                                               WorkerSettings{.pool_threads = 1, .max_clients = 64}, shared_);
    buffers_ = std::make_unique<BufferPool>(*context_, 0);
    sessions_ = std::make_unique<SessionTable>(*context_, 0, *buffers_);
    delivery_ = std::make_unique<Delivery>(watch_, *sessions_, *buffers_, context_->own().control(0));
  }

  struct Client {
    Session* session = nullptr;
    os::FileDescriptor peer;
    std::string expected;
    std::string received;
    std::set<std::string> rooms;
  };

  Client connect(int socket_buffer_bytes) {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    ::setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &socket_buffer_bytes, sizeof socket_buffer_bytes);
    Client client;
    client.peer.reset(ends[1]);
    client.session = sessions_->open(os::FileDescriptor(ends[0]), {}, ++last_client_);
    EXPECT_EQ(watch_.begin(*client.session), 0);
    client.session->stream.dialect = static_cast<std::uint8_t>(wire::DialectId::Text);
    return client;
  }

  void read_some(Client& client, std::size_t most) {
    std::string bytes(most, 0);
    const auto got = ::recv(client.peer.get(), bytes.data(), most, 0);
    if (got > 0) client.received.append(bytes, 0, static_cast<std::size_t>(got));
  }

  void serve_writable() {
    for (const epoll_event& event : poller_.wait(std::chrono::milliseconds(0))) {
      if ((event.events & EPOLLOUT) != 0)
        delivery_->on_writable(sessions_->at(static_cast<std::uint32_t>(event.data.u64)));
    }
  }

  void read_all(Client& client) {
    for (int i = 0; i < 100'000; ++i) {
      const std::size_t before = client.received.size();
      read_some(client, 1 << 16);
      serve_writable();
      delivery_->flush();
      if (client.received.size() == before && Delivery::is_clear(*client.session)) return;
    }
    FAIL() << "the output never came to its end";
  }

  void publish(Topic& topic, const std::string& line) {
    delivery_->set_position(++position_);
    delivery_->publish(topic, [&line](const wire::Dialect&, std::string& out) { out += line; });
  }
  void end_of_record() { delivery_->set_position(position_ + 1); }

  static void make_shared_headers(chat::SharedState& shared) {
    static std::vector<std::unique_ptr<shm::Mapping>> kept;
    const auto map = [](const shm::Segment& segment) -> std::byte* {
      kept.push_back(
          std::make_unique<shm::Mapping>(segment.writer_descriptor(), shm::Access::ReadWrite, segment.size_bytes()));
      return kept.back()->data();
    };
    shm::LogRingWriter ring(map(shared.log_ring), chat::kLogRingWords);
    shm::NameTableWriter users(map(shared.user_table), shared.user_table.writer_descriptor(), chat::kMaxAccounts);
    kept.clear();
  }

  struct Headers {
    explicit Headers(chat::SharedState& shared) { make_shared_headers(shared); }
  };

  chat::SharedState shared_{1, 1, 64};
  Headers headers_{shared_};
  std::unique_ptr<WorkerContext> context_;
  os::Poller poller_;
  PolledSockets watch_{poller_};
  std::unique_ptr<BufferPool> buffers_;
  std::unique_ptr<SessionTable> sessions_;
  std::unique_ptr<Delivery> delivery_;
  std::uint64_t last_client_ = 0;
  std::uint64_t position_ = 0;
};

TEST_F(DeliveryTest, WhoIsForgottenIsNotCalledDoomedAfterwards) {
  const Client client = connect(64 * 1024);
  delivery_->doom(*client.session, "left");
  delivery_->forget(*client.session);
  EXPECT_TRUE(delivery_->take_doomed().empty()) << "the next client in this place would be closed";
}

TEST_F(DeliveryTest, EveryClientReadsItsRepliesAndMessagesOnceAndInOrder) {
  for (unsigned seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const auto below = [&random](unsigned end) { return static_cast<unsigned>(random() % end); };
    std::vector<Client> clients;
    std::map<std::string, Topic> rooms;
    rooms["a"], rooms["b"], rooms["everybody"];
    for (int i = 0; i < 8; ++i) {
      clients.push_back(connect(i % 2 == 0 ? 4096 : 200'000));
      rooms["everybody"].add(*clients.back().session);
      clients.back().rooms.insert("everybody");
    }

    for (int step = 0; step < 600; ++step) {
      Client& client = clients[below(8)];
      const std::string mark = std::to_string(step) + ":" + std::string(below(6) == 0 ? 3000 : below(200), 'x') + "\n";
      switch (below(8)) {
        case 0:
        case 1:
        case 2:
        case 3: {
          auto room = std::next(rooms.begin(), below(3));
          publish(room->second, mark);
          end_of_record();
          for (Client& member : clients)
            if (member.rooms.contains(room->first)) member.expected += mark;
          break;
        }
        case 4: {  // a reply comes only when the loop's position is flushed
          delivery_->flush();
          delivery_->reply(*client.session, mark);
          client.expected += mark;
          break;
        }
        case 5: {  // joins or leaves a room, as the log follower does it
          const std::string room = below(2) == 0 ? "a" : "b";
          delivery_->set_position(++position_);
          delivery_->flush();
          delivery_->settle_position(*client.session);
          if (client.rooms.erase(room) > 0) {
            rooms[room].remove(*client.session);
          } else {
            client.rooms.insert(room);
            rooms[room].add(*client.session);
          }
          end_of_record();
          break;
        }
        case 6:
          delivery_->flush();
          serve_writable();
          break;
        case 7:
          read_some(client, below(8000) + 1);
          break;
      }
    }
    delivery_->flush();
    for (Client& client : clients) {
      read_all(client);
      ASSERT_FALSE(client.session->doomed) << delivery_->why_doomed(*client.session);
      ASSERT_EQ(client.received, client.expected);
      ASSERT_EQ(client.session->stream.written_bytes, client.expected.size());
      delivery_->forget(*client.session);
      sessions_->close(*client.session);
    }
    for (auto& [name, topic] : rooms) {
      EXPECT_TRUE(topic.empty());
      EXPECT_EQ(topic.behind, 0U);
    }
  }
}

TEST_F(DeliveryTest, ASlowClientIsToldExactlyHowMuchItMissed) {
  Topic topic;
  Client slow = connect(4096);
  Client quick = connect(200'000);
  topic.add(*slow.session);
  topic.add(*quick.session);

  const std::string text(1000, 'y');
  std::uint64_t sent = 0;
  for (int i = 0; i < 5000; ++i) {
    publish(topic, std::to_string(++sent) + " " + text + "\n");
    end_of_record();
    delivery_->flush();
    read_some(quick, 1 << 16);
    ASSERT_LE(topic.tape(wire::DialectId::Text).size_bytes(), kMaxTapeBytes + 2 * text.size());
  }
  read_all(quick);
  read_all(slow);

  EXPECT_EQ(static_cast<std::uint64_t>(std::count(quick.received.begin(), quick.received.end(), '\n')), sent);
  const std::size_t told = slow.received.find("[!] missed ");
  ASSERT_NE(told, std::string::npos);
  const std::uint64_t missed = std::stoull(slow.received.substr(told + 11));
  const auto lines = static_cast<std::uint64_t>(std::count(slow.received.begin(), slow.received.end(), '\n'));
  EXPECT_EQ(lines - 1 + missed, sent);
  EXPECT_TRUE(slow.received.ends_with(std::to_string(sent) + " " + text + "\n")) << "it goes on with the newest";
  EXPECT_EQ(topic.tape(wire::DialectId::Text).size_bytes(), 0U) << "nobody is behind: the tape is empty";
}

// Each room's tape is within its own bound; all of them together would take 40 times that.
TEST_F(DeliveryTest, OfManyRoomsWhoLacksMostIsPassedOverAndTheOthersMissNothing) {
  constexpr std::size_t kMost = 4 * 1024 * 1024;
  delivery_->allow_tapes(kMost);
  constexpr std::size_t kRooms = 40;
  std::vector<Topic> rooms(kRooms);
  Client slow = connect(4096);
  Client patient = connect(4096);  // slow too, but in one room
  Client quick = connect(200'000);
  for (Topic& room : rooms)
    for (const Client* member : {&slow, &quick}) room.add(*member->session);
  rooms[0].add(*patient.session);

  const std::string text(1000, 'y');
  std::uint64_t sent = 0;
  std::uint64_t to_patient = 0;
  std::size_t most = 0;
  for (int round = 0; round < 250; ++round) {
    for (std::size_t room = 0; room < kRooms; ++room) {
      publish(rooms[room], std::to_string(++sent) + " " + text + "\n");
      if (room == 0) ++to_patient;
    }
    end_of_record();
    delivery_->flush();
    most = std::max(most, delivery_->tape_memory().bytes);
    read_some(quick, 1 << 16);
    serve_writable();
  }
  EXPECT_LE(most, kMost) << "after each flush";
  EXPECT_EQ(chat::value_of(context_->own().control(0).counters.tape_bytes), delivery_->tape_memory().bytes);
  for (Client* client : {&quick, &patient, &slow}) read_all(*client);

  const auto lines_of = [](const Client& client) {
    return static_cast<std::uint64_t>(std::count(client.received.begin(), client.received.end(), '\n'));
  };
  EXPECT_EQ(lines_of(quick), sent);
  EXPECT_EQ(lines_of(patient), to_patient) << "it lacked little";
  std::uint64_t missed = 0;
  std::uint64_t told = 0;
  for (std::size_t at = 0; (at = slow.received.find("[!] missed ", at)) != std::string::npos; ++at, ++told)
    missed += std::stoull(slow.received.substr(at + 11));
  EXPECT_GT(missed, sent / 2);
  EXPECT_EQ(lines_of(slow) - told + missed, sent);

  publish(rooms[1], "the end\n");
  end_of_record();
  delivery_->flush();
  read_all(slow);
  EXPECT_TRUE(slow.received.ends_with("the end\n")) << "it goes on with the newest";
  for (Topic& room : rooms) EXPECT_EQ(room.tape(wire::DialectId::Text).size_bytes(), 0U);
}

TEST_F(DeliveryTest, BeforeAnybodyIsPassedOverEmptyTapesGiveBackWhatTheyKeep) {
  constexpr std::size_t kMost = 256 * 1024;
  delivery_->allow_tapes(kMost);
  Client quick = connect(200'000);
  for (const std::uint32_t id : {1U, 2U}) {
    Topic& room = delivery_->topics.make_room(id, "#quiet" + std::to_string(id)).messages;
    room.add(*quick.session);
    publish(room, std::string(60'000, 'q'));
    end_of_record();
    delivery_->flush();
    read_all(quick);
  }
  ASSERT_GE(delivery_->tape_memory().bytes, 120'000U) << "kept for the next message";
  Topic topic;
  Client slow = connect(4096);
  topic.add(*slow.session);
  while (topic.tape(wire::DialectId::Text).size_bytes() < 150'000) {
    publish(topic, std::string(999, 'y') + "\n");
    end_of_record();
    delivery_->flush();
    ASSERT_LE(delivery_->tape_memory().bytes, kMost);
    ASSERT_EQ(slow.session->stream.missed, 0U);
  }
}

// Several that lack the same are passed over together, whatever dialect or room.
TEST_F(DeliveryTest, TapesStayWithinTheirMemoryWhoeverIsSlow) {
  constexpr std::size_t kMost = 1024 * 1024;
  delivery_->allow_tapes(kMost);
  std::mt19937 random(5);
  std::vector<Topic> rooms(12);
  std::vector<Client> clients;
  for (int i = 0; i < 16; ++i) {
    clients.push_back(connect(i % 4 == 0 ? 200'000 : 4096));
    for (std::size_t room = 0; room < rooms.size(); ++room)
      if (random() % 2 == 0 || room == 0) rooms[room].add(*clients.back().session);
  }
  for (int step = 0; step < 1500; ++step) {
    Topic& room = rooms[random() % rooms.size()];
    const std::string line = std::to_string(step) + std::string(random() % 3000, 'x') + "\n";
    for (Client& client : clients)
      if (std::find(room.members().begin(), room.members().end(), client.session) != room.members().end())
        client.expected += line;
    publish(room, line);
    end_of_record();
    delivery_->flush();
    ASSERT_LE(delivery_->tape_memory().bytes, kMost) << "step " << step;
    Client& reader = clients[random() % clients.size()];
    read_some(reader, reader.session->index % 4 == 0 ? 1 << 16 : random() % 3000);
    serve_writable();
  }
  for (Client& client : clients) {
    read_all(client);
    const auto count = [](const std::string& text) {
      return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
    };
    std::uint64_t missed = 0;
    std::uint64_t told = 0;
    for (std::size_t at = 0; (at = client.received.find("[!] missed ", at)) != std::string::npos; ++at, ++told)
      missed += std::stoull(client.received.substr(at + 11));
    EXPECT_EQ(count(client.received) - told + missed, count(client.expected));
  }
}

// What it has not had then, it lacks because we make it wait for its own answer.
TEST_F(DeliveryTest, WhoReadsWhileALongReplyIsUnderWayMissesNothing) {
  struct LongReply final : ItemSource {
    explicit LongReply(const bool& whole) : is_whole(whole) {}
    ItemsState next(Session&, std::string&) override { return is_whole ? ItemsState::Done : ItemsState::Waiting; }
    void done(Session&) override {}
    const bool& is_whole;
  };
  struct Ring final : LogAgain {
    AgainRead read_again(Session& session, std::uint64_t until, std::size_t) override {
      read_from.push_back(session.stream.log_cursor);
      session.stream.log_cursor = until;
      return {ReadAgain::Caught};
    }
    void answer_late(Session&) override {}
    std::vector<std::uint64_t> read_from;
  } ring;
  delivery_->log_again = &ring;
  Topic topic;
  Client asks = connect(200'000);
  topic.add(*asks.session);
  const std::uint64_t asked_at = delivery_->position();
  bool is_whole = false;
  delivery_->begin_items(*asks.session, std::make_unique<LongReply>(is_whole));
  for (std::size_t bytes = 0; bytes < 3 * kMaxTapeBytes; bytes += 1000) {
    publish(topic, std::string(999, 'y') + "\n");
    end_of_record();
    delivery_->flush();
    read_some(asks, 1 << 16);
  }
  EXPECT_EQ(asks.session->stream.missed, 0U);
  is_whole = true;
  delivery_->touch(*asks.session);
  delivery_->flush();
  EXPECT_EQ(ring.read_from, std::vector<std::uint64_t>{asked_at});
  EXPECT_EQ(asks.received, "") << "no `missed`";
}

TEST_F(DeliveryTest, WhatAClientMissedIsKnownToASuccessor) {
  Topic topic;
  Client slow = connect(4096);
  topic.add(*slow.session);
  while (slow.session->stream.missed == 0) {
    publish(topic, std::string(999, 'y') + "\n");
    end_of_record();
    delivery_->flush();
  }
  const auto stored = slow.session->block->stream.load_inherited(slow.session->index);
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->missed, slow.session->stream.missed);
  EXPECT_EQ(stored->log_cursor, slow.session->stream.log_cursor);
}

TEST_F(DeliveryTest, AClientThatTakesNoRepliesIsClosed) {
  Client client = connect(4096);
  const std::string reply(10'000, 'z');
  for (int i = 0; i < 200 && !client.session->doomed; ++i) {
    delivery_->reply(*client.session, reply);
    delivery_->flush();
  }
  EXPECT_TRUE(client.session->doomed);
  EXPECT_NE(std::string_view(delivery_->why_doomed(*client.session)).find("too slow"), std::string_view::npos);
}

}  // namespace
}  // namespace rookery::worker
