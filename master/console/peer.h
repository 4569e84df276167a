// master/console/peer.h
//
// Who is at the other end of a Unix socket, as the kernel noted when it connected, and whether the data directory is
// theirs: of its owner, of root, or of a member of its group where the directory lets its group in at all (mode g+x).
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <optional>
#include <vector>

namespace rookery::master {

struct Peer {
  pid_t pid = 0;  // for the log: it may be gone, or another's by now
  uid_t user = 0;
  gid_t group = 0;
  std::vector<gid_t> groups{};  // the others it is in
};

// Empty where the kernel does not say.
[[nodiscard]] std::optional<Peer> peer_of(int socket);

[[nodiscard]] bool may_use(const Peer& peer, const struct stat& directory) noexcept;

}  // namespace rookery::master
