// tests/fault/points/attempts.h
//
// What a process that was taken over would try. Each attempt is made by the system call itself, and undone where it
// succeeds, so that the process can go on either way:
//
//   const int outcome = make_attempt(Attempt::OpenToRead, {.directory = "/tmp/x", .port = 5000});   // 0, or errno
//
// Those from kFirstDeadly to LoadBpf are not survived under the sandbox; `Execute` is survived nowhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rookery::fault {

enum class Attempt : std::uint32_t {
  OpenToRead,     // DIRECTORY/file
  OpenToWrite,    // the same
  CreateFile,     // DIRECTORY/made
  RemoveFile,     // DIRECTORY/made, or DIRECTORY/file where that is not there
  ListDirectory,  // DIRECTORY
  LookAtFile,     // DIRECTORY/file: how long is it?
  TcpSocket,
  TcpConnect,   // to PORT of this machine
  FastOpen,     // the same with sendto(MSG_FASTOPEN)
  UnixConnect,  // to DIRECTORY/socket
  UdpSocket,
  NetlinkSocket,
  RawSocket,  // root's alone
  BindPort,   // any
  Fork,
  KillMaster,         // may it? No signal is sent
  KillMastersThread,  // the same
  PidfdOfMaster,
  ReniceMaster,  // to what it has
  ExecutableMemory,
  MadeExecutable,  // after it was written to
  NewNamespace,    // root's alone
  ChangeLimit,     // to what it is
  Memfd,
  Execute,  // another program, in its place
  TraceMaster,
  ReadMastersMemory,
  LoadBpf,           // root's alone
  ListenerConnects,  // shut down, it is an unconnected socket: to PORT by fast open. Nobody is accepted any more
};
inline constexpr std::size_t kAttempts = static_cast<std::size_t>(Attempt::ListenerConnects) + 1;
inline constexpr Attempt kFirstDeadly = Attempt::Execute;

[[nodiscard]] std::string_view name_of(Attempt attempt) noexcept;

struct Surroundings {
  const char* directory = "";
  std::uint16_t port = 0;
};

// 0 when it succeeded, or errno.
[[nodiscard]] int make_attempt(Attempt attempt, const Surroundings& where) noexcept;

}  // namespace rookery::fault
