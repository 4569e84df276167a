#include "master/console/peer.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace rookery::master {

namespace {

// Linux 4.13; empty where it fails.
std::optional<std::vector<gid_t>> groups_of(int socket) {
  constexpr std::size_t kUsualGroups = 32;
  std::vector<gid_t> groups(kUsualGroups);
  for (;;) {
    auto bytes = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    const int outcome = ::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &bytes);
    const std::size_t count = bytes / sizeof(gid_t);
    if (outcome == 0) {
      groups.resize(std::min(count, groups.size()));
      return groups;
    }
    if (errno != ERANGE || count <= groups.size()) return std::nullopt;
    groups.resize(count);  // as many as it says; the kernel has no process with more than 65,536
  }
}

}  // namespace

std::optional<Peer> peer_of(int socket) {
  ucred credentials{};
  socklen_t bytes = sizeof credentials;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &bytes) != 0) return std::nullopt;
  Peer peer{.pid = credentials.pid, .user = credentials.uid, .group = credentials.gid};
  if (auto groups = groups_of(socket)) peer.groups = std::move(*groups);
  return peer;
}

bool may_use(const Peer& peer, const struct stat& directory) noexcept {
  if (peer.user == 0 || peer.user == directory.st_uid) return true;
  if ((directory.st_mode & S_IXGRP) == 0) return false;
  return peer.group == directory.st_gid || std::ranges::find(peer.groups, directory.st_gid) != peer.groups.end();
}

}  // namespace rookery::master
