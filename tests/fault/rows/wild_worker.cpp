#include "tests/fault/rows/wild_worker.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

// All of it in this file: nothing of the server is linked to what drives it.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "ipc/chat/record.h"
#include "ipc/chat/session_block.h"
#include "ipc/chat/worker_region.h"

namespace rookery::system_test {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t pages(std::uint64_t bytes) {
  return (bytes + kPage - 1) / kPage * kPage;
}
// As chat::WorkerLayout has it for one loop.
constexpr std::uint64_t kControl = pages(sizeof(chat::WorkerRegionHeader));
constexpr std::uint64_t kOutbox = pages(kControl + sizeof(chat::LoopControl));
constexpr std::uint64_t kTail = kControl + offsetof(chat::LoopControl, outbox_tail);
constexpr std::uint64_t kJournal = kControl + offsetof(chat::LoopControl, journal);
constexpr std::uint64_t kPayloadWord = 1;

struct OwnRegion {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

// The region is the only one a worker may write.
OwnRegion own_region_of(pid_t worker) {
  std::ifstream maps("/proc/" + std::to_string(worker) + "/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find("/memfd:rookery-worker-") == std::string::npos) continue;
    std::istringstream fields(line);
    std::string range, permissions, offset;
    fields >> range >> permissions >> offset;
    if (permissions.find('w') != std::string::npos && std::stoull(offset, nullptr, 16) == 0)
      return {std::stoull(range, nullptr, 16), std::stoull(range.substr(range.find('-') + 1), nullptr, 16)};
  }
  throw std::runtime_error("worker " + std::to_string(worker) + " has no region of its own");
}

class Memory final {
 public:
  explicit Memory(pid_t process)
      : descriptor_(::open(("/proc/" + std::to_string(process) + "/mem").c_str(), O_RDWR | O_CLOEXEC)),
        region_(own_region_of(process).begin) {
    if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "open /proc/PID/mem");
  }
  ~Memory() { ::close(descriptor_); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  [[nodiscard]] std::uint64_t word(std::uint64_t offset) const {
    std::uint64_t value = 0;
    check(::pread(descriptor_, &value, sizeof value, static_cast<off_t>(region_ + offset)), sizeof value);
    return value;
  }
  void write(std::uint64_t offset, const std::vector<std::uint64_t>& words) const {
    const std::size_t bytes = words.size() * sizeof(std::uint64_t);
    check(::pwrite(descriptor_, words.data(), bytes, static_cast<off_t>(region_ + offset)), bytes);
  }

 private:
  static void check(ssize_t done, std::size_t wanted) {
    if (done != static_cast<ssize_t>(wanted)) throw std::system_error(errno, std::generic_category(), "/proc/PID/mem");
  }

  int descriptor_;
  std::uint64_t region_;
};

// Length, checksum, payload, as they would lie at `position`.
std::vector<std::uint64_t> record_at(std::uint64_t position, const std::vector<std::uint64_t>& payload,
                                     std::uint64_t length_in_bytes) {
  const auto sum = static_cast<std::uint32_t>(XXH3_64bits_withSeed(payload.data(), length_in_bytes, position));
  std::vector<std::uint64_t> words{length_in_bytes | std::uint64_t{sum} << 32};
  words.insert(words.end(), payload.begin(), payload.end());
  return words;
}

std::vector<std::uint64_t> forged_notice() {
  chat::RecordHeader header;
  header.kind = chat::RecordKind::Notice;
  std::vector<std::uint64_t> words(sizeof header / sizeof(std::uint64_t));
  std::memcpy(words.data(), &header, sizeof header);
  return words;
}

}  // namespace

const char* name_of(Scribble scribble) noexcept {
  constexpr std::array<const char*, kScribbles.size()> kNames{"noise",   "far tail",    "back tail",   "long record",
                                                              "bad sum", "forged kind", "short record"};
  return kNames[static_cast<std::size_t>(scribble)];
}

void scribble_over_outbox(pid_t worker, Scribble scribble, std::uint64_t seed) {
  const Memory memory(worker);
  const std::uint64_t tail = memory.word(kTail);
  // What stands behind the tail, wherever it is in the row; the ledger finds it once it has taken what was there.
  const auto put = [&](std::vector<std::uint64_t> words) {
    const std::uint64_t length = words.size();
    for (std::uint64_t i = 0; i < length; ++i)
      memory.write(kOutbox + ((tail + i) & (chat::kOutboxWords - 1)) * 8, {words[i]});
    memory.write(kTail, {tail + length});
  };
  switch (scribble) {
    case Scribble::Noise: {
      std::mt19937_64 random(seed);
      std::vector<std::uint64_t> noise(chat::kOutboxWords);
      for (std::uint64_t& word : noise) word = random();
      memory.write(kOutbox, noise);
      return memory.write(kTail, {tail + 1000});
    }
    case Scribble::FarTail:
      return memory.write(kTail, {~std::uint64_t{0} - 7});
    case Scribble::BackTail:
      return memory.write(kTail, {tail / 2});
    case Scribble::LongRecord:
      return put({0xffffffff, 1, 2, 3});
    case Scribble::BadSum: {
      auto words = record_at(tail, forged_notice(), sizeof(chat::RecordHeader));
      words[kPayloadWord] ^= 1;
      return put(words);
    }
    case Scribble::ForgedKind:
      return put(record_at(tail, forged_notice(), sizeof(chat::RecordHeader)));
    case Scribble::ShortRecord:
      return put(record_at(tail, {1}, sizeof(std::uint64_t)));
  }
}

namespace {

constexpr std::uint64_t kSearched = 16ULL << 20;
constexpr std::uint64_t kWord = sizeof(std::uint64_t);
// Before the id, in one word: open, the port, in the lobby or not.
constexpr std::uint64_t kIdAt = offsetof(chat::SessionBlock, client);
constexpr std::uint64_t kAddressAt = offsetof(chat::SessionBlock, address);
constexpr std::uint32_t kIpv4Mapped = 0xffff'0000;  // 00 00 ff ff before the four bytes of the address

// Found by what it must begin with, wherever the layout has it.
std::uint64_t block_of(const Memory& memory, std::uint64_t client) {
  for (std::uint64_t at = kOutbox; at < kSearched; at += kWord) {
    if (memory.word(at + kIdAt) != client) continue;
    const auto state = static_cast<std::uint32_t>(memory.word(at));
    const auto in_lobby = static_cast<std::uint32_t>(memory.word(at) >> 48);
    if (state != static_cast<std::uint32_t>(chat::SessionState::Open) || in_lobby > 1) continue;
    // Small numbers stand in the outbox too; an address does not stand there at this distance.
    if (memory.word(at + kAddressAt) == 0 &&
        static_cast<std::uint32_t>(memory.word(at + kAddressAt + kWord)) == kIpv4Mapped)
      return at;
  }
  throw std::runtime_error("no session of client " + std::to_string(client));
}

}  // namespace

void scribble_over_session(pid_t worker, std::uint64_t client, SessionDamage damage, std::uint64_t seed) {
  const Memory memory(worker);
  const std::uint64_t block = block_of(memory, client);
  std::mt19937_64 random(seed);
  const std::uint64_t first = kIdAt + kWord;
  memory.write(kJournal, {~std::uint64_t{0}});  // or it might know better, if the session's was the newest change
  if (damage == SessionDamage::OneBit) {
    const std::uint64_t at = block + first + random() % ((sizeof(chat::SessionBlock) - first) / kWord) * kWord;
    return memory.write(at, {memory.word(at) ^ std::uint64_t{1} << random() % 64});
  }
  std::vector<std::uint64_t> noise((sizeof(chat::SessionBlock) - first) / kWord);
  for (std::uint64_t& word : noise) word = random();
  memory.write(block + first, noise);
}

bool region_holds(pid_t worker, std::string_view bytes) {
  const OwnRegion region = own_region_of(worker);
  std::ifstream memory("/proc/" + std::to_string(worker) + "/mem", std::ios::binary);
  std::string all(region.end - region.begin, 0);
  memory.seekg(static_cast<std::streamoff>(region.begin));
  memory.read(all.data(), static_cast<std::streamsize>(all.size()));
  if (!memory) throw std::runtime_error("cannot read the region of worker " + std::to_string(worker));
  return all.find(bytes) != std::string::npos;
}

namespace {

os::FileDescriptor duplicate_of(pid_t process, const std::function<bool(int)>& is_it) {
  const os::FileDescriptor there(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/fd")) {
    const int number = std::stoi(entry.path().filename().string());
    os::FileDescriptor duplicate(static_cast<int>(::syscall(SYS_pidfd_getfd, there.get(), number, 0)));
    if (duplicate && is_it(duplicate.get())) return duplicate;
  }
  throw std::runtime_error("process " + std::to_string(process) + " has no such descriptor");
}

int socket_option(int socket, int option) {
  int value = -1;
  socklen_t bytes = sizeof value;
  return ::getsockopt(socket, SOL_SOCKET, option, &value, &bytes) == 0 ? value : -1;
}

}  // namespace

os::FileDescriptor control_pipe_of(pid_t worker) {
  return duplicate_of(worker, [](int descriptor) {
    return socket_option(descriptor, SO_DOMAIN) == AF_UNIX && socket_option(descriptor, SO_TYPE) == SOCK_SEQPACKET;
  });
}

os::FileDescriptor connection_of(pid_t worker, std::uint16_t client_port) {
  return duplicate_of(worker, [&](int descriptor) {
    sockaddr_storage peer{};
    socklen_t bytes = sizeof peer;
    if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &bytes) != 0) return false;
    if (peer.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(peer).sin_port) == client_port;
    return peer.ss_family == AF_INET6 && ntohs(reinterpret_cast<const sockaddr_in6&>(peer).sin6_port) == client_port;
  });
}

bool send_to_master(int pipe, chat::ControlKind kind, std::size_t descriptors, bool empty) {
  // As chat::send_control() has it: kind, three bytes, worker, client, place, place.
  std::array<char, 32> bytes{};
  bytes[0] = static_cast<char>(kind);
  constexpr std::uint64_t kClient = 1;
  std::memcpy(bytes.data() + 8, &kClient, sizeof kClient);
  iovec part{bytes.data(), empty ? 0 : bytes.size()};
  constexpr std::size_t kMost = 253;  // the kernel takes no more
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMost * sizeof(int))> ancillary{};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = ancillary.data();
  header.msg_controllen = CMSG_SPACE(descriptors * sizeof(int));
  auto* const rights = reinterpret_cast<cmsghdr*>(ancillary.data());
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(descriptors * sizeof(int));
  const std::vector<int> numbers(descriptors, STDIN_FILENO);
  std::memcpy(CMSG_DATA(rights), numbers.data(), descriptors * sizeof(int));
  return ::sendmsg(pipe, &header, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

}  // namespace rookery::system_test
