#include "tests/fuzz/kernel_counts.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>

namespace rookery::fuzz {

namespace {

std::map<int, KernelCounts>& all_counts() {
  static std::map<int, KernelCounts> counts;
  return counts;
}

KernelCounts* counts_of(int socket) {
  const auto found = all_counts().find(socket);
  return found == all_counts().end() ? nullptr : &found->second;
}

int refuse() noexcept {
  errno = EINVAL;
  return -1;
}

}  // namespace

void set_kernel_counts(int socket, const KernelCounts& counts) {
  all_counts()[socket] = counts;
}

void forget_kernel_counts() noexcept {
  all_counts().clear();
}

// The linker's names for a function that is wrapped, and for the one it wraps.
int kernel_getsockopt(int socket, int level, int option, void* value, socklen_t* bytes) asm("__real_getsockopt");
int kernel_ioctl(int descriptor, unsigned long request, ...) asm("__real_ioctl");
int answer_getsockopt(int socket, int level, int option, void* value, socklen_t* bytes) asm("__wrap_getsockopt");
int answer_ioctl(int descriptor, unsigned long request, int* value) asm("__wrap_ioctl");

int answer_getsockopt(int socket, int level, int option, void* value, socklen_t* bytes) {
  KernelCounts* const counts = level == IPPROTO_TCP && option == TCP_INFO ? counts_of(socket) : nullptr;
  if (counts == nullptr) return kernel_getsockopt(socket, level, option, value, bytes);
  if ((counts->refuses & 1) != 0) return refuse();
  tcp_info info{};
  info.tcpi_state = counts->state;
  info.tcpi_bytes_received = counts->received;
  info.tcpi_bytes_acked = counts->acknowledged;
  if (counts->moves) ++counts->received;
  *bytes = std::min<socklen_t>(*bytes, sizeof info);
  std::memcpy(value, &info, *bytes);
  return 0;
}

// All that the product asks by ioctl has one argument, a pointer.
int answer_ioctl(int descriptor, unsigned long request, int* value) {
  const bool asks_bytes = request == SIOCINQ || request == SIOCOUTQ;
  const KernelCounts* const counts = asks_bytes ? counts_of(descriptor) : nullptr;
  if (counts == nullptr) return kernel_ioctl(descriptor, request, value);
  if ((counts->refuses & (request == SIOCINQ ? 2 : 4)) != 0) return refuse();
  *value = request == SIOCINQ ? counts->unread : counts->unsent;
  return 0;
}

}  // namespace rookery::fuzz
