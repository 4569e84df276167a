// tests/master/upgrade/some_state.h
//
// A state that makes sense: two places of two loops, clients, an operator who waits.
#pragma once

#include "master/upgrade/state.h"

namespace rookery::master {

inline State some_state() {
  int next = 10;
  const auto segment = [&] {
    next += 2;
    return SegmentDescriptors{next, next + 1};
  };
  const auto pipe = [&] {
    next += 2;
    return PipeDescriptors{next, next + 1};
  };
  State state;
  state.layout = 7;
  state.pid = 4711;
  state.version = "1.2.3";
  state.program = "/usr/bin/rookery master %";
  state.kept = {.host = "localhost",
                .port = 5000,
                .activated = true,
                .data = "/var/lib/a b",
                .model = 1,
                .places = 2,
                .loops = 2,
                .max_clients = 100,
                .metrics = "unix:/run/a b"};
  state.data_directory = 3;
  state.lock = 4;
  state.listener = 5;
  state.control_socket = 6;
  state.first_error_output = 62;
  state.metrics_listener = 7;
  state.log_ring = segment();
  state.ledger_region = segment();
  state.user_table = segment();
  state.master_region = segment();
  state.worker_regions = {segment(), segment()};
  state.ledger_doorbell = pipe();
  state.loop_doorbells = {pipe(), pipe(), pipe(), pipe()};
  state.last_slot_epoch = ~0ULL;
  state.address_secret = 99;
  state.scale = 1;
  state.ledger_restarts = 5;
  state.places = {{.slot_epoch = 11, .vacant_life = 10, .restarts = 3, .drained = false, .awaits_ledger = true},
                  {.slot_epoch = 12, .vacant_life = 12, .restarts = 0, .drained = true, .awaits_ledger = false}};
  state.held = {{.worker = 1, .loop = 1, .index = 99, .client = 17, .socket = 60, .accused_ns = -5, .doubt = true},
                {.worker = 0, .loop = 0, .index = 0, .client = 18, .socket = -1, .accused_ns = 0, .doubt = false}};
  state.penalties = {{.high = 1, .low = 2, .until_ns = 3, .on_probation = true}};
  state.conversations = {{.number = 8, .socket = 61, .asked = true, .input = "", .output = "OK\n%41 \xff"}};
  state.last_conversation = 9;
  state.typed = std::string("half a li\0ne", 12);
  state.typed_is_discarded = true;
  state.printed = "OK 3 clients\n";
  state.asked_on_console = true;
  state.asked_by = 8;
  state.asked_ns = 123456789;
  state.asked_for_json = true;
  state.workers_asked = 5;
  state.started_ns = 987654321;
  return state;
}

}  // namespace rookery::master
