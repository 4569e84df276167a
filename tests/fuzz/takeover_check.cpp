// tests/fuzz/takeover_check.cpp: the real successor of a dead worker, in its event loop, fed with what that worker has
// left and with what the kernel is said to have counted.
#include <sys/socket.h>

#include <algorithm>
#include <map>
#include <memory>

#include "ipc/chat/control_message.h"
#include "ipc/os/socket_io.h"
#include "ipc/wire/limits.h"
#include "master/ledger/record_check.h"
#include "tests/fuzz/checks.h"
#include "tests/fuzz/dead_worker.h"
#include "worker/loop/event_loop.h"
#include "worker/pool/event.h"

namespace rookery::fuzz {

namespace {

constexpr std::uint32_t kSuccessor = 0;  // of the dead worker, in its place
constexpr std::uint32_t kNeighbour = 1;  // another worker, that carries its clients on where there is no successor
constexpr int kTurns = 3;
constexpr int kMostTurns = 40;

// Whose only thread is occupied for ever and whose queue is full: what needs the pool is told that it is busy.
void occupy(worker::WorkerContext& context) {
  context.pool.emplace(1, 1);
  static worker::Event& never = *new worker::Event;  // outlives the thread that waits for it
  demand(context.pool->try_post([] { never.wait(); }), "the pool takes a job");
  while (context.pool->try_post([] {})) {
  }
}

struct Servers : DeadWorker {
  os::DuplexPipe control = os::make_duplex_pipe();
  os::Pipe listener = os::make_pipe();  // nobody comes
  worker::WorkerContext successor{start(kSuccessor), settings(), shared};
  worker::WorkerContext neighbour{start(kNeighbour), settings(), shared};

  Servers() {
    occupy(successor);
    occupy(neighbour);
  }
  [[nodiscard]] worker::WorkerStart start(std::uint32_t number) const {
    return {.number = number,
            .slot_epoch = kDeadEpoch + 1,
            .control = control.theirs.get(),
            .listener = listener.read_end.get()};
  }
  [[nodiscard]] static worker::WorkerSettings settings() { return {.pool_threads = 1, .max_clients = kClients}; }
};

struct Client {
  KernelCounts counts;
  os::FileDescriptor peer;
  os::FileDescriptor socket;
  bool doubt = false;
  std::string received;
  std::vector<Claim> claims;
};

class Takeover {
 public:
  explicit Takeover(Servers& servers, Input input) : servers_(servers), input_(input) {}

  void run() {
    const std::uint8_t choices = input_.byte();
    in_place_ = (choices & 1) == 0;
    clients_.resize(1 + choices / 2 % (kMostHostile + 1));
    servers_.clear();
    for (Client& client : clients_) connect(client);
    seat_all();
    servers_.scribble_anywhere(input_);
    look_at_what_is_there();
    live();
    judge();
    forget_kernel_counts();
  }

 private:
  static void connect(Client& client) {
    int ends[2];
    demand(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0, "there are sockets");
    client.socket.reset(ends[0]);
    demand(os::set_urgent_inline(ends[0]), "urgent bytes stand in line, as with every socket that is accepted");
    client.peer.reset(ends[1]);
  }

  // As an older program has accepted it.
  static void connect_as_before(Client& client) {
    constexpr int kOff = 0;
    demand(::setsockopt(client.socket.get(), SOL_SOCKET, SO_OOBINLINE, &kOff, sizeof kOff) == 0, "a socket's option");
  }

  void seat_all() {
    honest_ = servers_.seat_honest(input_);
    Client& honest = clients_[kHonest];
    sent_before_ = input_.number<std::uint16_t>() * std::size_t{2} % (honest_.output.size() + 1);
    whole_stream_ = honest_.output.substr(sent_before_) + honest_.answer;
    const std::uint64_t unacknowledged = sent_before_ / 3;
    honest.counts = {.received = honest_.stream.received_bytes + honest_.came,
                     .acknowledged = honest_.stream.written_bytes + sent_before_ - unacknowledged,
                     .unsent = static_cast<std::int32_t>(unacknowledged)};
    for (std::uint32_t place = 1; place < clients_.size(); ++place) {
      servers_.seat_hostile(place, input_, clients_[place].counts);
      const std::uint8_t choices = input_.byte();
      clients_[place].doubt = choices % 16 == 1;
      if (choices % 16 == 2) clients_[place].socket.reset();
      if (choices % 16 == 3) clients_[place].peer.reset();
      if (choices % 16 == 4) connect_as_before(clients_[place]);
    }
  }

  void look_at_what_is_there() {
    intact_ = servers_.honest_is_intact(honest_, static_cast<std::uint32_t>(clients_.size()));
    for (std::uint32_t place = 0; place < clients_.size(); ++place) {
      Client& client = clients_[place];
      const auto stream = servers_.stream_at(place);
      const std::uint64_t came =
          stream ? client.counts.received - static_cast<std::uint64_t>(client.counts.unread) - stream->received_bytes
                 : 0;
      client.claims = servers_.claims_of(place, client.counts.moves || came > chat::kLargeBufferBytes ? 0 : came);
      if (client.socket) set_kernel_counts(client.socket.get(), client.counts);
    }
  }

  void live() {
    worker::WorkerContext& context = in_place_ ? servers_.successor : servers_.neighbour;
    context.predecessor_epoch = context.own().header().slot_epoch.load();
    context.start.inherited.clear();
    for (std::uint32_t place = 0; in_place_ && place < clients_.size(); ++place)
      context.start.inherited.push_back(
          {client_at(place), {0, place}, clients_[place].socket.release(), clients_[place].doubt});
    worker::EventLoop loop(context, 0);
    loop_ = &loop;
    loop.mailbox().post([this] {
      if (!in_place_) hand_over();
      turn();
    });
    demand(loop.run() == worker::LoopEnd::Stopped, "the loop ends as it was told");
    look_at_outbox(context);
    for (Client& client : clients_) read(client);
  }

  void hand_over() {
    for (std::uint32_t place = 0; place < clients_.size(); ++place)
      loop_->adopt({client_at(place),
                    kSuccessor,
                    {0, place},
                    std::move(clients_[place].socket),
                    clients_[place].doubt ? "workers have died of it" : ""});
  }

  void turn() {
    for (Client& client : clients_) read(client);
    if (turns_ > 0) look_at_blocks();
    hear();
    ++turns_;
    const bool waits = intact_ && clients_[kHonest].received.size() < whole_stream_.size();
    if (turns_ < kTurns || (waits && turns_ < kMostTurns))
      loop_->mailbox().post([this] { turn(); });
    else
      end();
  }

  void end() {
    if (intact_) demand_whole(clients_[kHonest].received, whole_stream_);
    loop_->stop(os::Monotonic::now());
  }

  static void demand_whole(std::string_view received, std::string_view whole) {
    if (received == whole) return;
    const auto at = std::ranges::mismatch(received, whole).in1 - received.begin();
    const auto from = static_cast<std::size_t>(at) - std::min<std::size_t>(static_cast<std::size_t>(at), 20);
    const auto show = [&](const char* what, std::string_view text) {
      const std::string_view part = text.substr(from, 80);
      std::fprintf(stderr, "%s %zu bytes, near %td: %.*s\n", what, text.size(), at, static_cast<int>(part.size()),
                   part.data());
    };
    show("received", received);
    show("promised", whole);
    demand(false, "a sound client is carried on at that very byte");
  }

  static void read(Client& client) {
    char bytes[16384];
    while (client.peer) {
      const ssize_t got = ::recv(client.peer.get(), bytes, sizeof bytes, MSG_DONTWAIT);
      if (got <= 0) return;
      client.received.append(bytes, static_cast<std::size_t>(got));
    }
  }

  void look_at_blocks() const {
    const worker::WorkerContext& context = in_place_ ? servers_.successor : servers_.neighbour;
    const chat::WorkerLayout& layout = servers_.shared.worker_layout;
    const chat::LoopControl& control = context.own().control(0);
    demand(control.connections.load() <= clients_.size(), "nobody is there whom the master has not named");
    for (std::uint32_t dialect = 0; dialect < chat::kDialectsCounted; ++dialect)
      demand(chat::value_of(control.counters.clients[dialect]) <= clients_.size(), "each speaks one dialect");
    demand(control.lobby_members.load() <= clients_.size(), "the lobby has no more members than there are clients");
    for (std::uint32_t place = 0; place < kClients; ++place) {
      const chat::SessionBlock& block = context.own().sessions(0)[place];
      if (block.state.load() != static_cast<std::uint32_t>(chat::SessionState::Open)) continue;
      demand(place < context.own().sessions_in_use(0), "who sits there is seen");
      demand(block.client.load() - 1 < clients_.size(), "who sits there is one of those whom the master has named");
      const std::uint64_t hash = chat::client_hash(block.client.load(), context.settings.address_secret);
      const auto found = context.own().clients(0).find(hash, [&](std::uint32_t i) { return i == place; });
      demand(found.has_value(), "who sits there is found by the number");
      const std::uint32_t rooms = block.rooms.count.load();
      demand(rooms <= chat::kMaxRoomsOfSession, "a client is in no more rooms than it may be");
      const std::uint32_t overflow = block.rooms.overflow.load();
      demand(overflow == chat::kNoBuffer || layout.is_buffer(overflow), "its rooms lie in a buffer");
      for (std::uint32_t i = 0; i < std::min(rooms, chat::kInlineRooms); ++i)
        demand(chat::SessionRoom::unpack(block.rooms.words[i].load()).id < chat::kMaxRooms,
               "a room is one of all rooms");
      const auto stream = block.stream.load_inherited(place);
      demand(stream.has_value(), "whoever is served has a block that is whole");
      if (!stream) continue;
      for (const std::uint32_t buffer : {stream->input_buffer, stream->output_head, stream->output_tail})
        demand(buffer == chat::kNoBuffer || layout.is_buffer(buffer), "a block names buffers that there are");
    }
  }

  // What it tells the master.
  void hear() const {
    for (;;) {
      const chat::ReceivedControl received = chat::receive_control(servers_.control.ours.get());
      if (received.status != os::TransferStatus::Done) return;
      demand(received.message.has_value(), "the master understands it");
      const bool of_client =
          received.message->kind == chat::ControlKind::Drop || received.message->kind == chat::ControlKind::Adopted;
      demand(of_client, "it tells of nothing but connections");
      demand(received.message->number - 1 < clients_.size(), "and of those alone that it was given");
      demand(received.message->place.index < kClients, "which sit somewhere");
    }
  }

  // What it asks the ledger. A record that is not sound would cost the successor its life.
  void look_at_outbox(const worker::WorkerContext& context) const {
    const std::uint32_t slot = servers_.shared.slot(context.start.number, 0);
    shm::PositionWord from{servers_.context.region().slot(slot).outbox_taken.load()};
    shm::RecordQueueConsumer outbox(context.own().control(0).outbox_tail, context.own().outbox_words(0),
                                    chat::kOutboxWords, from);
    std::vector<std::byte> bytes;
    while (outbox.peek(bytes) == shm::TakeResult::Record) {
      const auto record = chat::decode_record(bytes);
      demand(record.has_value(), "the ledger can read it");
      const std::string_view wrong = ledger::what_is_wrong(*record);
      if (!wrong.empty()) std::fprintf(stderr, "%.*s\n", static_cast<int>(wrong.size()), wrong.data());
      demand(wrong.empty(), "the ledger believes it");
      if (record->header.kind != chat::RecordKind::ReserveClients)
        demand(record->header.client - 1 < clients_.size(), "and it is in the name of a client that is there");
    }
  }

  void judge() {
    hear();
    std::map<std::uint32_t, std::size_t> given;  // to whom what lay in a buffer was given
    for (std::size_t place = 0; place < clients_.size(); ++place) {
      const Client& client = clients_[place];
      for (const Mark& mark : marks_in(client.received)) {
        const bool its_own = std::ranges::any_of(client.claims, [&](const Claim& claim) { return claim.covers(mark); });
        if (!its_own)
          std::fprintf(stderr, "client %zu was given what lay in buffer %u at %u\n", place + 1, mark.buffer, mark.at);
        demand(its_own, "nobody is given what his block does not name");
        const bool first = given.try_emplace(mark.buffer, place).first->second == place;
        demand(first || !in_place_, "what lies in a buffer is given to one client");
      }
    }
  }

  Servers& servers_;
  Input input_;
  bool in_place_ = true;
  bool intact_ = false;  // what is the honest client's
  std::vector<Client> clients_;
  DeadWorker::Honest honest_;
  std::size_t sent_before_ = 0;
  std::string whole_stream_;  // that the honest one must be given from here on
  worker::EventLoop* loop_ = nullptr;
  int turns_ = 0;
};

}  // namespace

// How many clients, and who carries them on; the honest one; each of the others; what is scribbled over it all.
void check_takeover(std::string_view bytes) {
  static Servers& servers = *new Servers;  // for ever: its pools' threads are occupied
  Takeover(servers, Input(bytes)).run();
}

}  // namespace rookery::fuzz
