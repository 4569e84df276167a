// ipc/os/program.h
//
// Another program in this process: same pid, same children, and of the open descriptors those that were told to stay.
//
//     const FileDescriptor next = open_program("/usr/bin/other");   // the file, whatever the name stands for later
//     keep_open_on_exec(socket, true);                              // all others of ours are close-on-exec
//     errno = execute(next.get(), {"other", "--option"}, environment_with("NAME", "value"));   // here only if it
//     failed
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ipc/os/file_descriptor.h"

namespace rookery::os {

// Close-on-exec. Empty with errno: it is not there, or not a file that we may execute.
[[nodiscard]] FileDescriptor open_program(const std::string& path) noexcept;

// False with errno where there is no such descriptor.
bool keep_open_on_exec(int descriptor, bool keep) noexcept;

// This process's variables, NAME=VALUE; and with one more, or another value for one.
[[nodiscard]] std::vector<std::string> environment();
[[nodiscard]] std::vector<std::string> environment_with(const std::string& name, const std::string& value);

// Returns only when it fails, with errno's value. The mask of blocked signals and those that wait go on. The process's
// name in ps is set by the successor, see name_this_process().
[[nodiscard]] int execute(int program, const std::vector<std::string>& arguments,
                          const std::vector<std::string>& environment) noexcept;

// What is executed by its descriptor would have the descriptor's number for a name. At most 15 bytes are shown.
void name_this_process(const std::string& name) noexcept;

}  // namespace rookery::os
