// ipc/os/error_output.h
//
// Standard error as the log and a process's last words use it: whole lines, put there at once or not at all, so that
// nobody waits for a full pipe or a full disk. What descriptor 2 stands for may change while the process runs: the
// master opens the log anew and each child puts it in the old one's place.
//
//     if (!put_error_line("...\n")) ++dropped;         // any thread
//     last_words("...\n");                             // of one that is about to abort()
//     leave_error_output();                            // of a thread with a table of descriptors of its own
//
// A thread with descriptors of its own (leave_descriptors_but) would go on writing to the old file, and keep it open.
// So it leaves standard error: put_error_line() refuses its lines, and its last words become an errand, which the crash
// dump has another thread run.
#pragma once

#include <string_view>

namespace rookery::os {

// One write, so that lines of several processes do not mix. False: not taken, or cut (a full disk); the next line
// then begins on a line of its own.
[[nodiscard]] bool put_error_line(std::string_view line) noexcept;

// Descriptor 2 is `descriptor`'s file from here on, in all threads that share the caller's table. False: errno.
[[nodiscard]] bool replace_error_output(int descriptor) noexcept;

// REQUIRES: the calling thread shares its table of descriptors with nobody. Where a sanitizer is built in it keeps the
// descriptor, for a report would be lost.
void leave_error_output() noexcept;
[[nodiscard]] bool has_error_output() noexcept;  // the calling thread

// For signal handlers too: takes no lock, allocates nothing.
void last_words(std::string_view line) noexcept;
[[nodiscard]] bool has_errand() noexcept;
void run_errand() noexcept;  // REQUIRES: has_error_output()

}  // namespace rookery::os
