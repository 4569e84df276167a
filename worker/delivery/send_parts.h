// worker/delivery/send_parts.h
//
// The write by which everything leaves for clients, whoever makes it: the loop, or a client's own thread.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <span>

namespace rookery::worker {

// Does not block. The bytes taken, 0 when the socket is full, or minus an error number.
[[nodiscard]] ssize_t send_parts(int socket, std::span<const iovec> parts) noexcept;

}  // namespace rookery::worker
