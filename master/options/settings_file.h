// master/options/settings_file.h
//
// Reads the two files an operator may write, .env and --config FILE. Both have one grammar, a line an entry:
//
//     # a comment                    blank lines are passed over, as is a comment after a value and a blank
//     PORT=6000                      blanks around key, '=' and value do not count
//     export ROOKERY_HOST=0.0.0.0    so that a shell can read the same file
//     NAME='as it # stands'          nothing is special between single quotes
//     NAME="a \"quoted\" word\n"     \n \r \t \" \\ \$ between double quotes; other backslashes stay
//
// There are no sections, no lists, no values of several lines, and $NAME is not replaced.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::master {

struct FileSetting {
  std::string key;  // letters, digits, '_', '.' and '-'
  std::string value;
  unsigned line = 0;  // from 1
};

// what() names the file and, where it is about one, the line: "rookery.conf:3: expected KEY=VALUE".
class BrokenFile : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Entries in the order of the file; a key may come twice. Throws BrokenFile.
[[nodiscard]] std::vector<FileSetting> parse_settings_file(std::string_view text, const std::string& file_name);

// The same for a file on disk (a pipe is fine, unless it `must_not_wait`). Throws BrokenFile if it can't be read or is
// larger than 1 MiB.
[[nodiscard]] std::vector<FileSetting> read_settings_file(const std::filesystem::path& path,
                                                          const std::string& file_name, bool must_not_wait = false);

}  // namespace rookery::master
