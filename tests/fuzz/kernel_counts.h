// tests/fuzz/kernel_counts.h
//
// What the kernel says of a connection's bytes, as the check wants it: in a program that links the checks, TCP_INFO,
// SIOCINQ and SIOCOUTQ of a socket named here are answered from here (the linker's --wrap of getsockopt and ioctl), all
// else goes to the kernel. So the product's own arithmetic with these figures is what is checked.
//
// Who may use it  One thread.
#pragma once

#include <cstdint>

namespace rookery::fuzz {

struct KernelCounts {
  std::uint64_t received = 0;      // tcpi_bytes_received
  std::uint64_t acknowledged = 0;  // tcpi_bytes_acked
  std::int32_t unread = 0;         // SIOCINQ
  std::int32_t unsent = 0;         // SIOCOUTQ
  std::uint8_t state = 1;          // of enum tcp_state; 1: established
  std::uint8_t refuses = 0;        // bits: TCP_INFO, SIOCINQ, SIOCOUTQ fail
  bool moves = false;              // another figure at each look
};

// For this descriptor, until forget_kernel_counts().
void set_kernel_counts(int socket, const KernelCounts& counts);
void forget_kernel_counts() noexcept;

}  // namespace rookery::fuzz
