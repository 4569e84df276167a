#include "worker/handover/successor.h"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "ipc/fault/fault_point.h"
#include "ipc/log.h"
#include "ipc/os/errors.h"
#include "ipc/os/socket_io.h"
#include "ipc/wire/line_framing.h"

namespace rookery::worker {

namespace {

constexpr std::string_view kHint = "this connection cannot be carried on after a fault: connect again and resume";

// The position of the end of a record that waits lies behind its beginning.
shm::Position first_needed(const chat::LoopControl& dead) noexcept {
  const shm::Position read_to = dead.log_position.load(std::memory_order_acquire);
  const shm::Position awaited = dead.awaiting_position.load(std::memory_order_acquire);
  return awaited == 0 ? read_to : std::min(read_to, awaited - 1);  // 0: it has never turned
}

bool items_under_way(const chat::SessionStream& stream) noexcept {
  return stream.items_given > 0 || stream.items_promised > 0;
}

}  // namespace

Successor::Successor(CommandContext& commands, Receipts& receipts, Input& input, BufferPool& buffers,
                     SocketWatch& watch, Custody& custody, std::uint32_t loop)
    : commands_(commands),
      input_(input),
      buffers_(buffers),
      watch_(watch),
      custody_(custody),
      loop_(loop),
      suspect_(commands.worker.own().control(loop).suspect),
      replay_(commands, receipts),
      catch_up_(commands, receipts) {
  commands_.delivery.log_again = &catch_up_;
}

WholeRegion Successor::region_of(std::uint32_t worker) {
  const WorkerContext& context = commands_.worker;
  const shm::Segment& segment = context.shared.worker_regions[worker];
  const shm::Mapping* mapping = &context.own_mapping;
  if (worker != context.start.number) {
    if (regions_.size() <= worker) regions_.resize(worker + 1ULL);
    if (!regions_[worker])
      regions_[worker] =
          std::make_unique<shm::Mapping>(segment.reader_descriptor(), shm::Access::ReadOnly, segment.size_bytes());
    mapping = regions_[worker].get();
  }
  return {mapping, &context.shared.worker_layout, segment.reader_descriptor()};
}

void Successor::begin_batch() noexcept {
  cases_.clear();
  parts_.clear();
  commands_.delivery.keep_consumed(true);  // their blocks name these buffers until they are committed
}

void Successor::take_over() {
  const WorkerContext& context = commands_.worker;
  const WholeRegion region = region_of(context.start.number);
  const chat::LoopControl& dead = context.own().control(loop_);
  begin_batch();

  // All of them are looked at before any is changed: buffers that two of them name are neither's.
  std::vector<std::pair<const InheritedClient*, std::optional<Remains>>> found;
  std::vector<std::uint32_t> buffers;
  for (const InheritedClient& client : context.start.inherited) {
    if (client.place.loop != loop_) continue;
    found.emplace_back(&client, read_remains(region, client.place, client.client));
    if (const auto& remains = found.back().second)
      for (const std::uint32_t buffer : buffers_of(*remains)) buffers.push_back(buffer);
  }
  std::sort(buffers.begin(), buffers.end());
  const auto is_shared = [&](std::uint32_t buffer) {
    const auto range = std::equal_range(buffers.begin(), buffers.end(), buffer);
    return range.second - range.first > 1;
  };
  std::vector<BufferNumber> in_use;
  for (auto& [client, remains] : found) {
    if (!remains) continue;
    const auto named = buffers_of(*remains);
    if (std::ranges::any_of(named, is_shared)) {
      remains->damage = "its buffers are another client's too";
      remains->stream = {.dialect = remains->stream.dialect};
      remains->output.clear();
      remains->rooms.clear();
      remains->overflow = chat::kNoBuffer;
    }
    for (const std::uint32_t buffer : buffers_of(*remains)) in_use.push_back(buffer);
  }
  buffers_.inherit(in_use);

  for (auto& [client, remains] : found) {
    os::FileDescriptor socket(client->socket);
    if (!remains) {  // it was over, or about to begin
      if (socket) ::shutdown(socket.get(), SHUT_RDWR);
      commands_.sessions.give_up_place(client->place.index);
      custody_.drop(client->client, client->place.index);
      continue;
    }
    Session& session = commands_.sessions.restore(std::move(socket), client->place.index, remains->stream,
                                                  static_cast<std::uint32_t>(remains->rooms.size()), remains->overflow);
    commands_.delivery.inherit_output(session);
    std::string_view damage = remains->damage;
    if (damage.empty() && client->doubt) damage = "workers have died of its requests";
    open_case({.session = &session, .damage = damage, .receive_limit = remains->receive_limit, .counts = {}}, dead,
              context.shared.slot(context.start.number, loop_), context.predecessor_epoch);
  }
  if (!cases_.empty()) {
    replay(first_needed(dead));
    log::info("carries on {} clients in loop {}", cases_.size(), loop_);
  }
  end_batch();
  commands_.follower.announce_position();
}

void Successor::adopt(std::vector<Arrival> arrivals) {
  const WorkerContext& context = commands_.worker;
  begin_batch();
  shm::Position from = commands_.follower.position();
  for (const Arrival& arrival : arrivals)
    from = std::min(from, first_needed(region_of(arrival.worker).view().control(arrival.from.loop)));
  commands_.follower.announce_need(from);  // or our own successor would not look so far back
  for (Arrival& arrival : arrivals) {
    const WholeRegion region = region_of(arrival.worker);
    const auto remains = read_remains(region, arrival.from, arrival.client);
    Session* const session = remains ? import(arrival, region, *remains) : nullptr;
    if (session == nullptr) {
      log::about_client(log::Topic::Sessions, log::Level::Warning, {arrival.client},
                        "of worker {} cannot be carried on: {}", arrival.worker,
                        remains ? "no room for it" : "it was over");
      if (arrival.socket) ::shutdown(arrival.socket.get(), SHUT_RDWR);
      custody_.give_up(arrival.client, arrival.worker, arrival.from);
      continue;
    }
    fault::point(fault::Point::WorkerInTakeover);
    if (!custody_.adopted(*session, arrival.worker, arrival.from)) {
      log::error("the master does not listen: client={} is left to others", arrival.client);
      session->socket.reset();
      commands_.sessions.close(*session);
      continue;
    }
    std::string_view damage = remains->damage;
    if (damage.empty() && !arrival.doubt.empty()) damage = "workers have died of its requests";
    const chat::LoopControl& dead = region.view().control(arrival.from.loop);
    open_case({.session = session, .damage = damage, .receive_limit = remains->receive_limit, .counts = {}}, dead,
              context.shared.slot(arrival.worker, arrival.from.loop),
              region.view().header().slot_epoch.load(std::memory_order_acquire));
  }
  if (cases_.empty()) return end_batch();
  replay(from);
  log::info("carries on {} clients of others in loop {}", cases_.size(), loop_);
  end_batch();
}

Session* Successor::import(Arrival& arrival, const WholeRegion& region, const Remains& remains) {
  chat::SessionStream stream = remains.stream;
  stream.input_buffer = stream.output_head = stream.output_tail = chat::kNoBuffer;
  stream.output_begin = stream.output_end = 0;
  if ((stream.flags & chat::kBehind) == 0) {  // there it meant the loop's position, here it says it itself
    const chat::LoopControl& dead = region.view().control(arrival.from.loop);
    stream.log_cursor = std::max(stream.log_cursor, dead.log_position.load(std::memory_order_acquire));
    stream.flags |= chat::kBehind;
  }
  const chat::SessionBlock& block = region.view().sessions(arrival.from.loop)[arrival.from.index];
  Session* const session = commands_.sessions.import(std::move(arrival.socket), block, stream);
  if (session == nullptr) return nullptr;
  if (!copy_buffers(*session, region, arrival.from.loop, remains)) {
    arrival.socket = std::move(session->socket);
    commands_.delivery.forget(*session);
    commands_.sessions.close(*session);
    return nullptr;
  }
  commands_.sessions.commit(*session);
  session->block->state.store(static_cast<std::uint32_t>(chat::SessionState::Open), std::memory_order_release);
  return session;
}

bool Successor::copy_buffers(Session& session, const WholeRegion& region, std::uint32_t loop, const Remains& remains) {
  for (const chat::SessionRoom& room : remains.rooms)
    if (!commands_.sessions.add_room(session, room.id, room.had_from)) return false;
  const chat::SessionStream& stream = remains.stream;
  if (stream.input_buffer != chat::kNoBuffer) {
    session.stream.input_buffer = buffers_.take_large();
    if (session.stream.input_buffer == chat::kNoBuffer) return false;
    // What was received after the last commit lies behind input_end.
    std::memcpy(buffers_.data(session.stream.input_buffer), region.buffer(loop, stream.input_buffer),
                remains.receive_limit);
  }
  for (const OutputPart& part : remains.output) {
    const std::string_view bytes(region.buffer(loop, part.buffer) + part.begin, part.end - part.begin);
    if (!commands_.delivery.append_inherited(session, bytes)) return false;
  }
  return true;
}

void Successor::open_case(Case opened, const chat::LoopControl& dead, std::uint32_t dead_slot,
                          std::uint64_t dead_epoch) {
  Session& session = *opened.session;
  const chat::Suspicion suspicion(&suspect_, session.address(), session.client);
  ReplayPart part{.session = &session, .dead_slot = dead_slot, .dead_epoch = dead_epoch, .most_bytes = kRingPieceBytes};
  const bool was_behind = session.behind();
  const shm::Position here = commands_.follower.position();
  part.cursor = was_behind ? session.stream.log_cursor
                           : std::max(session.stream.log_cursor, dead.log_position.load(std::memory_order_acquire));
  session.set(chat::kBehind, false);  // in the block it stays until the next commit
  session.stream.log_cursor = part.cursor;
  if (opened.damage.empty() && part.cursor > here) opened.damage = "its place in the log is none";
  if (session.socket) {
    // From here on all of the unread bytes are counted as unread, and none of them is passed over.
    opened.urgent_inline = os::has_urgent_inline(session.socket.get());
    if (!opened.urgent_inline) os::set_urgent_inline(session.socket.get());
    if (const auto counts = connection_counts(session.socket.get()))
      opened.counts = *counts;
    else
      opened.gone = true;
  } else {
    opened.gone = true;
  }
  if (!opened.gone && opened.damage.empty()) opened.damage = settle_counts(opened, part.already_sent);
  part.counts_only = opened.gone || !opened.damage.empty();
  part.cursor = std::min(part.cursor, here);
  commands_.follower.forget_half_listening(session);
  cases_.push_back(opened);
  parts_.push_back(part);
}

std::string_view Successor::settle_counts(Case& opened, std::uint64_t& already_sent) {
  chat::SessionStream& stream = opened.session->stream;
  const std::string_view damage = settle_input(opened);
  if (!damage.empty()) return damage;
  if (stream.input_buffer != chat::kNoBuffer && opened.receive_limit > stream.input_end)  // an older program's leavings
    std::memset(buffers_.data(stream.input_buffer) + stream.input_end, 0, opened.receive_limit - stream.input_end);
  already_sent = opened.counts.written - stream.written_bytes;
  constexpr std::uint64_t kMostSent = std::uint64_t{1} << 40;  // a difference below zero is larger
  if (already_sent > kMostSent) return "it has received what its worker cannot have sent";
  already_sent -= commands_.delivery.pass_sent(*opened.session, already_sent);
  return {};
}

// What has come since the block was committed lies behind input_end, as far as a receive can have put it there. More
// than that is taken for input in no case: it would be memory that nobody has written for this client.
std::string_view Successor::settle_input(Case& opened) {
  chat::SessionStream& stream = opened.session->stream;
  // Of one that is being closed, what it still sends is received and thrown away.
  const bool closing = opened.session->has(chat::kClosing) && opened.counts.we_ended;
  const std::string_view too_much = closing ? "" : "it has sent what its worker cannot have received";
  if (opened.counts.received < stream.received_bytes) return too_much;
  const std::uint64_t came = opened.counts.received - stream.received_bytes;
  if (came == 0) return {};
  const std::uint64_t room = opened.receive_limit - stream.input_end;
  if (!opened.urgent_inline && !closing) {
    // Urgent bytes that recv() has passed over are in the count. They are told from others only where no receive can
    // have been under way.
    if (room > 0) return "what it has sent cannot be told from urgent bytes";
    stream.received_bytes += came;
    return {};
  }
  if (came > room) return too_much;
  stream.input_end = static_cast<std::uint16_t>(stream.input_end + came);
  stream.received_bytes += came;
  return {};
}

void Successor::replay(shm::Position from) {
  const shm::Position here = commands_.follower.position();
  // In the middle of a long reply the log waits for the reply's end: it is read when that is there.
  std::vector<ReplayPart> held_back;
  for (ReplayPart& part : parts_) {
    if (!items_under_way(part.session->stream)) continue;
    held_back.push_back(part);
    part.cursor = here;
  }
  for (const ReplayPart& part : parts_)
    if (!part.counts_only && !items_under_way(part.session->stream)) commands_.delivery.tell_missed(*part.session);
  replay_.run(parts_, from, here);
  for (const ReplayPart& part : held_back) {
    const auto found = std::ranges::find(parts_, part.session, &ReplayPart::session);
    found->cursor = part.cursor;
  }
  for (std::size_t i = 0; i < cases_.size(); ++i) {
    fault::point(fault::Point::WorkerInTakeover);
    close_case(cases_[i], parts_[i]);
  }
}

void Successor::end_batch() noexcept {
  cases_ = {};
  parts_ = {};
  regions_.clear();
  commands_.delivery.keep_consumed(false);
}

void Successor::close_case(Case& opened, const ReplayPart& part) {
  Session& session = *opened.session;
  // Also of one that is closed: that it leaves its rooms concerns others.
  const bool has_rooms = commands_.follower.adopt(session);
  if (session.doomed) return;
  const chat::Suspicion suspicion(&suspect_, session.address(), session.client);
  if (opened.gone) return commands_.delivery.doom(session, "gone while its worker died");
  std::string_view damage = opened.damage;
  if (damage.empty() && !has_rooms) damage = "its room is not there";
  if (damage.empty() && part.lapped) damage = "the log has moved on without it";
  if (damage.empty() && part.asked_twice) damage = "it has asked twice at once";
  if (damage.empty() && part.already_sent > 0) damage = "it has received what its worker cannot have sent";
  if (damage.empty()) damage = settle_asked(session, part);
  if (!damage.empty()) return doubt(session, damage);
  go_on(opened, part);
}

// The line whose record is in the log, although the block did not know of it, is done.
std::string_view Successor::settle_asked(Session& session, const ReplayPart& part) {
  chat::SessionStream& stream = session.stream;
  if (part.asked != 0) {
    const std::string_view held(buffers_.data(stream.input_buffer) + stream.input_begin,
                                static_cast<std::size_t>(stream.input_end - stream.input_begin));
    bool discarding = session.has(chat::kDiscardingLine);
    const wire::Frame frame = wire::next_line(held, discarding);
    if (stream.input_buffer == chat::kNoBuffer || frame.kind != wire::FrameKind::Line)
      return "it has asked for what is no line of its input";
    session.set(chat::kDiscardingLine, discarding);
    stream.input_begin = static_cast<std::uint16_t>(stream.input_begin + frame.consumed);
    if (stream.slot != part.dead_slot) stream.answered_number = part.asked - 1;
    stream.slot = static_cast<std::uint16_t>(part.dead_slot);
    stream.outbox_number = part.asked;
  }
  const bool waits = stream.outbox_number != stream.answered_number;
  if (waits && part.newest_found != stream.outbox_number) return "what it asked for is lost";
  return {};
}

void Successor::doubt(Session& session, std::string_view why) {
  log::about_client(log::Topic::Sessions, log::Level::Warning, {session.client}, "cannot be carried on: {}", why);
  commands_.delivery.forget_output(session);
  // What it was sent last may be half a line.
  std::string words = "\n";
  const wire::DialectId dialect =
      session.dialect_id() == wire::DialectId::Undecided ? wire::DialectId::Text : session.dialect_id();
  wire::dialect(dialect).notice(words, kHint);
  static_cast<void>(::send(session.socket.get(), words.data(), words.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
  session.set(chat::kClosing, true);
  commands_.sessions.commit(session);
  if (!session.watched && !watch(session)) return;
  commands_.delivery.close_after_output(session, true);
}

bool Successor::watch(Session& session) {
  session.line_waits = true;  // what it had sent is looked at first: a thread in recv() would not hear of it
  const int error = watch_.begin(session);
  session.watched = error == 0;
  if (session.watched) return true;
  log::about_client(log::Topic::Sessions, log::Level::Warning, {session.client}, "cannot be served: {}",
                    os::error_text(error));
  commands_.delivery.doom(session, "no means to serve it");
  return false;
}

void Successor::go_on(Case& opened, const ReplayPart& part) {
  Session& session = *opened.session;
  Delivery& delivery = commands_.delivery;
  commands_.sessions.settle_had_from(session);
  if (!watch(session)) return;
  if (items_under_way(session.stream)) {
    session.stream.log_cursor = part.cursor;
    delivery.read_ring_after_items(session);
    input_.process(session);
    if (!session.items && session.open()) doubt(session, "its long reply cannot be gone on with");
    return;
  }
  if (part.stopped) {
    session.at_record = true;
    delivery.read_ring(session, part.cursor);
  } else {
    session.stream.log_cursor = commands_.follower.position();
  }
  delivery.commit(session);
  if (session.has_own_output() || session.stream.missed > 0) delivery.touch(session);
  if (session.has(chat::kClosing) || opened.counts.we_ended)
    delivery.close_after_output(session, true);
  else
    delivery.resume(session);
}

}  // namespace rookery::worker
