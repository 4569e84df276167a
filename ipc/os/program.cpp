#include "ipc/os/program.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace rookery::os {

namespace {

// The system calls take char* for what they never write.
std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

FileDescriptor open_program(const std::string& path) noexcept {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0) return {};
  if (!S_ISREG(status.st_mode) || ::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) != 0) {
    errno = EACCES;
    return {};
  }
  return file;
}

bool keep_open_on_exec(int descriptor, bool keep) noexcept {
  return ::fcntl(descriptor, F_SETFD, keep ? 0 : FD_CLOEXEC) == 0;
}

std::vector<std::string> environment() {
  std::vector<std::string> result;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) result.emplace_back(*entry);
  return result;
}

std::vector<std::string> environment_with(const std::string& name, const std::string& value) {
  const std::string ours = name + "=";
  std::vector<std::string> result = environment();
  std::erase_if(result, [&](const std::string& entry) { return entry.starts_with(ours); });
  result.push_back(ours + value);
  return result;
}

int execute(int program, const std::vector<std::string>& arguments,
            const std::vector<std::string>& environment) noexcept {
  ::syscall(SYS_execveat, program, "", pointers_to(arguments).data(), pointers_to(environment).data(), AT_EMPTY_PATH);
  return errno;
}

void name_this_process(const std::string& name) noexcept {
  ::prctl(PR_SET_NAME, name.c_str(), 0, 0, 0);
}

}  // namespace rookery::os
