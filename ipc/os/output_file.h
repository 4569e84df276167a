// ipc/os/output_file.h
//
// Files that a program writes at a place that its user has named: a backup, an export, a report.
//
//   NewFile file("/backups/rookery.db", IfThere::Refuse);   // nothing has that name yet
//   write_all(file.descriptor(), bytes);                    // or by another library, under file.temporary_name()
//   file.publish();                                         // now all of it has
//
// A file appears under its name only when it is complete and on the disk. Until then it is
// .rookery-XXXXXXXXXXXXXXXX.part in the same directory, a name of its own for each run, so that two of them never write
// into one file. Its writer holds a lock on it; what a killed run has left has none, and is removed by the next run
// that writes into that directory.
//
// What is replaced: a regular file, and only if the caller says so. A symbolic link, a directory, a device, a FIFO or a
// socket is never replaced, and a link as the last part of the name is never followed by NewFile.
//
// Who may use it  One thread.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "ipc/os/file_descriptor.h"

namespace rookery::os {

// what() names the file and the reason, for people.
class OutputFileError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

enum class IfThere : bool { Refuse, Replace };

// Throws OutputFileError with the current errno's reason when not all could be written.
void write_all(int descriptor, std::string_view bytes, const std::filesystem::path& shown_as);

class NewFile final {
 public:
  // Creates the file under its temporary name. Throws OutputFileError, also when publish() would refuse already.
  NewFile(std::filesystem::path file, IfThere if_there, mode_t mode = 0600);
  // Removes it, unless it was published.
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  [[nodiscard]] int descriptor() const noexcept { return descriptor_.get(); }
  [[nodiscard]] const std::filesystem::path& temporary_name() const noexcept { return temporary_; }

  // Syncs the file, gives it its name, syncs the directory. Of two that publish under one name with IfThere::Refuse
  // exactly one succeeds. Throws OutputFileError. REQUIRES: called once.
  void publish();

 private:
  std::filesystem::path file_;
  std::filesystem::path directory_;
  std::filesystem::path temporary_;
  IfThere if_there_;
  FileDescriptor descriptor_;
  bool published_ = false;
};

// Text written piece by piece: into a NewFile, or straight into a FIFO or device if the name leads to one, also through
// symbolic links (/dev/stdout, /dev/fd/63). Opening a FIFO waits for its reader.
class TextOutput final {
 public:
  // Throws OutputFileError.
  TextOutput(std::filesystem::path file, IfThere if_there, mode_t mode = 0600);

  void write(std::string_view text);  // throws OutputFileError
  // All was written. Throws OutputFileError.
  void finish();

  // What is written goes where standard output goes.
  [[nodiscard]] bool is_standard_output() const noexcept;

 private:
  std::filesystem::path file_;
  FileDescriptor stream_;
  std::optional<NewFile> new_file_;
};

}  // namespace rookery::os
