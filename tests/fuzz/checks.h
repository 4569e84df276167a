// tests/fuzz/checks.h
//
// Everything that is fed with bytes from outside, each as a function that takes any bytes and demands what must hold.
// libFuzzer drives them (NAME_fuzz), and corpus_test replays corpus/NAME and mutations of it in every build. A broken
// promise goes to standard error, then abort() tells whoever drives. A failure comes again with the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace rookery::fuzz {

struct Check {
  const char* name;  // of its directory in the corpus, and of its program NAME_fuzz
  void (*run)(std::string_view bytes);
  unsigned mutations;  // so many in corpus_test: about a second's worth without sanitizers
};

[[nodiscard]] std::span<const Check> checks();
// Throws std::out_of_range.
[[nodiscard]] const Check& check_named(std::string_view name);

// What clients send, in each dialect: stream_check.h.
void check_text(std::string_view bytes);
void check_json(std::string_view bytes);

// What a worker that has run wild writes into its outbox, as the ledger reads it: the queue and its records, and all
// that the sequencer makes of them, up to the store's statements.
void check_outbox(std::string_view bytes);
void check_sequencer(std::string_view bytes);
// The session blocks and counters of such a worker, as the master shows them and the ledger reads them after its death.
void check_sessions(std::string_view bytes);
// The same and its buffers, with what the kernel has counted of each connection, as a successor carries the clients on.
void check_takeover(std::string_view bytes);

// Damaged memory of the ledger, as the loops read it.
void check_ring(std::string_view bytes);
void check_names(std::string_view bytes);

// What a child may send to the master.
void check_control(std::string_view bytes);

// Damaged files: the store's database and its write-ahead log, and what an operator may write.
void check_store(std::string_view bytes);
void check_settings(std::string_view bytes);

// What a server may send to the terminal client.
void check_server_line(std::string_view bytes);

}  // namespace rookery::fuzz
