// tests/fuzz/memory_checks.cpp: readers of shared memory that somebody has scribbled over. The memory ends where an
// allocation ends, so that AddressSanitizer sees every step outside.
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "ipc/chat/record.h"
#include "ipc/shm/log_ring.h"
#include "ipc/shm/name_table.h"
#include "ipc/shm/record_queue.h"
#include "master/ledger/record_check.h"
#include "tests/fuzz/checks.h"
#include "tests/fuzz/demand.h"

namespace rookery::fuzz {

namespace {

struct AlignedDelete {
  void operator()(std::byte* memory) const { ::operator delete[](memory, std::align_val_t{64}); }
};
using Memory = std::unique_ptr<std::byte[], AlignedDelete>;

Memory zeroed(std::size_t bytes) {
  return Memory(new (std::align_val_t{64}) std::byte[bytes]{});
}

void check_record(std::span<const std::byte> bytes) {
  const auto record = chat::decode_record(bytes);
  if (!record) return;
  std::vector<std::byte> again;
  chat::encode_record(*record, again);
  demand(std::equal(again.begin(), again.end(), bytes.begin(), bytes.end()), "a record is all of its bytes");
  static_cast<void>(ledger::what_is_wrong(*record));
}

constexpr std::uint64_t kWords = 128;

}  // namespace

// Start and records of the queue, then what is scribbled over its words and its tail.
void check_outbox(std::string_view bytes) {
  Input input(bytes);
  const std::uint8_t records = input.byte() % 8;
  const shm::Position start = input.number<std::uint16_t>();
  shm::PositionWord tail{start};
  shm::PositionWord taken{start};
  const auto words = std::make_unique<std::uint64_t[]>(kWords);
  shm::RecordQueueProducer producer(tail, words.get(), kWords, taken);
  for (int i = 0; i < records; ++i) {
    const std::string_view payload = input.text(input.byte());
    static_cast<void>(producer.append(std::as_bytes(std::span(payload))));
  }
  const std::uint64_t wild_tail = input.number<std::uint64_t>();
  if (wild_tail != 0) tail.store(start + wild_tail);
  scribble(input, reinterpret_cast<std::byte*>(words.get()), kWords * sizeof(std::uint64_t));

  shm::RecordQueueConsumer consumer(tail, words.get(), kWords, taken);
  std::vector<std::byte> payload;
  shm::Position before = start;
  while (consumer.peek(payload) == shm::TakeResult::Record) {
    demand(payload.size() <= producer.max_payload_bytes(), "no record is larger than the queue lets in");
    demand(consumer.number() > before && consumer.number() - start <= kWords, "numbers grow, within the queue");
    demand(consumer.depth_words() <= kWords, "the depth is bounded");
    before = consumer.number();
    check_record(payload);
  }
  consumer.skip_to(tail.load());
  demand(consumer.peek(payload) == shm::TakeResult::Empty && !consumer.has_more(), "both sides can start again");
}

// Size of the mapping and the place that is sought, then records, then what is scribbled over header and words.
void check_ring(std::string_view bytes) {
  constexpr std::uint64_t kBytes = shm::log_ring_bytes(kWords);
  Input input(bytes);
  const std::uint64_t shorter = input.byte() * 8ULL;
  const std::uint64_t sought = input.number<std::uint64_t>();
  const std::uint8_t records = input.byte();
  Memory memory = zeroed(kBytes);
  shm::LogRingWriter writer(memory.get(), kWords);
  const std::string_view payload = input.text(input.byte() % writer.max_payload_bytes());
  for (int i = 0; i < records; ++i) writer.append(std::as_bytes(std::span(payload)));
  writer.publish();
  scribble(input, memory.get(), kBytes);

  const std::uint64_t size = kBytes - std::min(shorter, kBytes);
  Memory mapped = zeroed(size);
  std::memcpy(mapped.get(), memory.get(), size);
  try {
    shm::LogRingReader reader(mapped.get(), size);
    demand(shm::log_ring_bytes(reader.capacity_words()) <= size, "the words lie in the mapping");
    reader.seek(sought % 2 == 0 ? reader.committed_end() - sought / 2 : sought);
    std::vector<std::byte> read;
    for (int i = 0; i < 300 && reader.read(read) == shm::ReadResult::Record; ++i) {
      demand(read.size() <= reader.capacity_words() * 8, "no record is larger than the ring");
      demand(reader.position() <= reader.committed_end(), "nothing is read that is not published");
      check_record(read);
    }
  } catch (const std::runtime_error&) {
    return;  // no ring
  }
}

namespace {

constexpr std::uint64_t kNames = 1500;  // two levels
constexpr std::uint64_t kNamesMade = 1100;

std::string name_of(std::uint64_t number) {
  return "Name" + std::to_string(number);
}

std::vector<std::byte> make_table() {
  const shm::Segment segment("rookery-fuzz-names", shm::name_table_bytes(kNames));
  const shm::Mapping mapping(segment.writer_descriptor(), shm::Access::ReadWrite, segment.size_bytes());
  shm::NameTableWriter writer(mapping.data(), segment.writer_descriptor(), kNames);
  for (std::uint64_t i = 0; i < kNamesMade; ++i)
    demand(writer.insert(name_of(i), i, {}) == shm::InsertResult::Inserted, "the table can be made");
  return {mapping.data(), mapping.data() + segment.size_bytes()};
}

}  // namespace

// Which parts to scribble over: the header more often than chance would.
void check_names(std::string_view bytes) {
  static const std::vector<std::byte> whole = make_table();
  Input input(bytes);
  const std::uint64_t shorter = std::uint64_t{input.byte()} * 4096;
  const std::uint64_t size = whole.size() - std::min<std::uint64_t>(shorter, whole.size());
  Memory memory = zeroed(size);
  std::memcpy(memory.get(), whole.data(), size);
  if (size >= sizeof(shm::NameTableHeader)) {
    Input header(input.text(input.byte()));
    scribble(header, memory.get(), sizeof(shm::NameTableHeader));
  }
  const std::string other(input.text(input.byte() % 64));
  if (size > 0) scribble(input, memory.get(), size);
  try {
    const shm::NameTableReader reader(memory.get(), size);
    demand(reader.count() <= kNames, "the count is bounded");
    for (const std::string& name : {name_of(0), name_of(1), name_of(1023), name_of(kNamesMade - 1), name_of(kNamesMade),
                                    std::string("nobody"), std::string(), other}) {
      const shm::NameTableEntry* entry = reader.find(name);
      if (entry == nullptr) continue;
      const auto* at = reinterpret_cast<const std::byte*>(entry);
      demand(at >= memory.get() && at + sizeof *entry <= memory.get() + size, "an entry lies in the mapping");
      demand(shm::same_name(entry->name_view(), name), "who is found has the name");
    }
  } catch (const std::runtime_error&) {
    return;  // no table
  }
}

}  // namespace rookery::fuzz
