// docs/labs/children.h
//
// What the labs with several processes do again and again: start a child, wait for its end, talk with it.
//
//     os::Process child = start_child([] { return 7; });
//     wait_for_end(child).describe();                        // "exit code 7"
//
//     tell(pipe, "roses");                                   // one end of os::make_duplex_pipe()
//     while (const std::optional<std::string> text = hear(pipe)) ...   // until the other side has gone
//
// Every child ends with the lab, also when the lab is killed.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "ipc/os/process.h"

namespace rookery::labs {

// Process::spawn, and the child is tied to its parent. Throws std::system_error.
[[nodiscard]] os::Process start_child(const std::function<int()>& body);

// Waits as long as it takes, and reaps it. REQUIRES: `child` holds a process.
[[nodiscard]] os::ExitStatus wait_for_end(os::Process& child);

inline constexpr std::chrono::milliseconds kForEver{-1};

// Is there something to read, or the other side gone, within this time? For a pidfd: has the process ended?
[[nodiscard]] bool readable_within(int descriptor, std::chrono::milliseconds time);

// One text over a duplex pipe; it waits while the pipe is full. False: nobody is there to hear it any more.
// REQUIRES: text.size() <= kMostTextBytes, and not empty.
inline constexpr std::size_t kMostTextBytes = 4096;
[[nodiscard]] bool tell(int pipe, std::string_view text);

// The next text; waits for it. Empty: the other side has gone, and all it had said has been heard.
[[nodiscard]] std::optional<std::string> hear(int pipe);

}  // namespace rookery::labs
