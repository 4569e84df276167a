#include "master/upgrade/state.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "ipc/chat/worker_region.h"
#include "master/upgrade/state_text.h"

namespace rookery::master {

namespace {

// Every field by its name, for both directions. `Text` is a StateWriter or a StateReader.
template <class Text, class S>
void fields(Text& text, S& state) {
  text.line("rookery-state", state.format);
  text.line("layout", state.layout);
  text.line("pid", state.pid);
  text.line("version", state.version);
  text.line("program", state.program);

  text.line("host", state.kept.host);
  text.line("port", state.kept.port);
  text.line("activated", state.kept.activated);
  text.line("data", state.kept.data);
  text.line("model", state.kept.model);
  text.line("places", state.kept.places);
  text.line("loops", state.kept.loops);
  text.line("max-clients", state.kept.max_clients);
  text.line("metrics", state.kept.metrics);

  const auto segment = [](auto& one, auto each) { each(one.writer, one.reader); };
  const auto pipe = [](auto& one, auto each) { each(one.read_end, one.write_end); };
  text.line("data-directory", state.data_directory);
  text.line("lock", state.lock);
  text.line("listener", state.listener);
  text.line("control-socket", state.control_socket);
  text.line("first-error-output", state.first_error_output);
  text.line("metrics-listener", state.metrics_listener);
  text.line("log-ring", state.log_ring.writer, state.log_ring.reader);
  text.line("ledger-region", state.ledger_region.writer, state.ledger_region.reader);
  text.line("user-table", state.user_table.writer, state.user_table.reader);
  text.line("master-region", state.master_region.writer, state.master_region.reader);
  text.list("worker-region", state.worker_regions, segment);
  text.line("ledger-doorbell", state.ledger_doorbell.read_end, state.ledger_doorbell.write_end);
  text.list("loop-doorbell", state.loop_doorbells, pipe);

  text.line("last-slot-epoch", state.last_slot_epoch);
  text.line("address-secret", state.address_secret);
  text.line("scale", state.scale);
  text.line("ledger-restarts", state.ledger_restarts);
  text.list("place", state.places, [](auto& one, auto each) {
    each(one.slot_epoch, one.vacant_life, one.restarts, one.drained, one.awaits_ledger);
  });
  text.list("held", state.held, [](auto& one, auto each) {
    each(one.worker, one.loop, one.index, one.client, one.socket, one.accused_ns, one.doubt);
  });
  text.list("penalty", state.penalties,
            [](auto& one, auto each) { each(one.high, one.low, one.until_ns, one.on_probation); });

  text.list("conversation", state.conversations,
            [](auto& one, auto each) { each(one.number, one.socket, one.asked, one.input, one.output); });
  text.line("last-conversation", state.last_conversation);
  text.line("typed", state.typed, state.typed_is_discarded);
  text.line("printed", state.printed);
  text.line("asked", state.asked_on_console, state.asked_by, state.asked_ns, state.asked_for_json);
  text.line("workers-asked", state.workers_asked);
  text.line("started", state.started_ns);
}

void demand(bool holds, std::string_view what) {
  if (!holds) throw BadState(fmt::format("{} makes no sense", what));
}

class Descriptors final {
 public:
  void add(int descriptor, std::string_view what) {
    demand(descriptor > STDERR_FILENO && seen_.insert(descriptor).second, fmt::format("its descriptor of {}", what));
  }
  void add(const SegmentDescriptors& segment, std::string_view what) {
    add(segment.writer, what);
    add(segment.reader, what);
  }
  void add(const PipeDescriptors& pipe, std::string_view what) {
    add(pipe.read_end, what);
    add(pipe.write_end, what);
  }

 private:
  std::set<int> seen_;
};

void check_descriptors(const State& state) {
  Descriptors all;
  all.add(state.data_directory, "the data directory");
  all.add(state.lock, "the lock");
  all.add(state.listener, "the listener");
  all.add(state.control_socket, "the control socket");
  if (state.first_error_output >= 0) all.add(state.first_error_output, "standard error");
  if (state.metrics_listener >= 0) all.add(state.metrics_listener, "the metrics' listener");
  all.add(state.log_ring, "the log ring");
  all.add(state.ledger_region, "the ledger's region");
  all.add(state.user_table, "the user table");
  all.add(state.master_region, "the master's region");
  for (const auto& region : state.worker_regions) all.add(region, "a worker's region");
  all.add(state.ledger_doorbell, "the ledger's doorbell");
  for (const auto& bell : state.loop_doorbells) all.add(bell, "a loop's doorbell");
  for (const auto& held : state.held)
    if (held.socket >= 0) all.add(held.socket, "a client");
  for (const auto& conversation : state.conversations) all.add(conversation.socket, "a conversation");
}

void check_places(const State& state) {
  const KeptOptions& kept = state.kept;
  demand(kept.loops >= 1 && kept.loops <= kMaxLoopsInAll, "its number of loops");
  demand(kept.places >= 1 && std::size_t{kept.places} * kept.loops <= kMaxLoopsInAll, "its number of workers");
  demand(kept.max_clients >= 1, "its number of clients");
  demand(state.scale >= 1 && state.scale <= kept.places, "how many workers are to serve");
  demand(kept.model <= static_cast<std::uint8_t>(Model::ThreadPerClient), "its model");
  demand(state.worker_regions.size() == kept.places, "its number of regions");
  demand(state.places.size() == kept.places, "its number of places");
  demand(state.loop_doorbells.size() == std::size_t{kept.places} * kept.loops, "its number of doorbells");
  for (const HeldState& held : state.held)
    demand(held.client != 0 && held.worker < kept.places && held.loop < kept.loops && held.index < kept.max_clients,
           "a client's place");
}

}  // namespace

std::string encode(const State& state) {
  StateWriter writer;
  fields(writer, state);
  return writer.take();
}

State decode(std::string_view text) {
  const StateReader reader(text);
  State state;
  state.format = 0;
  reader.line("rookery-state", state.format);
  if (state.format != State::kFormat)
    throw BadState(fmt::format("it has format {}, and this program knows {}", state.format, State::kFormat));
  fields(reader, state);
  check_places(state);
  check_descriptors(state);
  return state;
}

}  // namespace rookery::master
