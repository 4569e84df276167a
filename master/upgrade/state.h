// master/upgrade/state.h
//
// All that one master leaves to the next one in the same process: which descriptors are open and what they are, which
// clients sit where, what counts on. As text, a line for each field, so that programs of different age can read each
// other: a field that is not known is passed over, an older program's text lacks it and the default holds.
//
//     const std::string text = encode(state);
//     const State same = decode(text);          // throws BadState: nothing in it is believed
//
// Numbers of descriptors are just numbers here; nobody owns them until Foundation and Supervisor take them over.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "master/options/options.h"

namespace rookery::master {

class BadState : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct SegmentDescriptors {
  int writer = -1;
  int reader = -1;
};
struct PipeDescriptors {
  int read_end = -1;
  int write_end = -1;
};

// Options that hold as long as the server runs: what they made is kept.
struct KeptOptions {
  std::string host;
  std::uint16_t port = 0;
  bool activated = false;  // host and port are not of the options
  std::string data;
  std::uint8_t model = 0;
  std::uint32_t places = 0;  // for workers
  std::uint32_t loops = 0;
  std::uint32_t max_clients = 0;
  std::string metrics = {};  // as in Options
};

struct PlaceState {  // of a worker, in their order
  std::uint64_t slot_epoch = 0;
  std::uint64_t vacant_life = 0;
  std::uint32_t restarts = 0;
  bool drained = false;
  bool awaits_ledger = false;
};

struct HeldState {
  std::uint32_t worker = 0;
  std::uint32_t loop = 0;
  std::uint32_t index = 0;
  std::uint64_t client = 0;
  int socket = -1;
  std::int64_t accused_ns = 0;
  bool doubt = false;
};

struct PenaltyState {
  std::uint64_t high = 0;  // words of the network
  std::uint64_t low = 0;
  std::int64_t until_ns = 0;
  bool on_probation = false;
};

struct ConversationState {  // with an operator on the control socket
  std::uint32_t number = 0;
  int socket = -1;
  bool asked = false;
  std::string input;
  std::string output;
};

struct State {
  static constexpr std::uint32_t kFormat = 1;

  std::uint32_t format = kFormat;
  std::uint32_t layout = 0;
  std::int32_t pid = 0;
  std::string version;  // of the program that wrote this
  std::string program;  // the file it was started from

  KeptOptions kept;
  int data_directory = -1;
  int lock = -1;
  int listener = -1;
  int control_socket = -1;
  int first_error_output = -1;  // where the log goes to a file
  int metrics_listener = -1;    // -1: there is none
  SegmentDescriptors log_ring;
  SegmentDescriptors ledger_region;
  SegmentDescriptors user_table;
  SegmentDescriptors master_region;
  std::vector<SegmentDescriptors> worker_regions;
  PipeDescriptors ledger_doorbell;
  std::vector<PipeDescriptors> loop_doorbells;

  std::uint64_t last_slot_epoch = 0;
  std::uint64_t address_secret = 0;
  std::uint32_t scale = 0;  // places below this one are to serve
  std::uint32_t ledger_restarts = 0;
  std::vector<PlaceState> places;
  std::vector<HeldState> held;
  std::vector<PenaltyState> penalties;

  std::vector<ConversationState> conversations;
  std::uint32_t last_conversation = 0;
  std::string typed;  // on standard input, not yet run
  bool typed_is_discarded = false;
  std::string printed;  // on standard output, not yet taken

  bool asked_on_console = false;
  std::uint32_t asked_by = 0;  // which conversation
  std::int64_t asked_ns = 0;   // when
  bool asked_for_json = false;

  std::uint32_t workers_asked = 0;  // by the options, which a reload compares with; 0: an older program did not say
  std::int64_t started_ns = 0;      // the server, by the monotonic clock; 0: an older program did not say
};

[[nodiscard]] std::string encode(const State& state);

// Throws BadState, also where numbers do not go together or a descriptor is named twice.
[[nodiscard]] State decode(std::string_view text);

}  // namespace rookery::master
