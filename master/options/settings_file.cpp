#include "master/options/settings_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

namespace rookery::master {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{1} << 20;
constexpr std::string_view kBlanks = " \t\r";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string_view without_leading_blanks(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(kBlanks), text.size()));
}

std::string_view without_trailing_blanks(std::string_view text) {
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);  // npos + 1 is 0
}

bool is_key_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

// A line that is no entry; the file and the number of the line are added by who knows them.
struct BrokenLine {
  const char* why;
};

std::string single_quoted(std::string_view& rest) {
  const std::size_t end = rest.find('\'', 1);
  if (end == std::string_view::npos) throw BrokenLine{"a single quote that is not closed"};
  std::string value{rest.substr(1, end - 1)};
  rest.remove_prefix(end + 1);
  return value;
}

std::string double_quoted(std::string_view& rest) {
  std::string value;
  for (std::size_t i = 1; i < rest.size(); ++i) {
    char c = rest[i];
    if (c == '"') {
      rest.remove_prefix(i + 1);
      return value;
    }
    if (c == '\\' && i + 1 < rest.size()) {
      static constexpr std::string_view kEscapes = "nrt\"\\$";
      static constexpr std::string_view kMeanings = "\n\r\t\"\\$";
      if (const std::size_t escape = kEscapes.find(rest[i + 1]); escape != std::string_view::npos) {
        c = kMeanings[escape];
        ++i;
      }
    }
    value += c;
  }
  throw BrokenLine{"a double quote that is not closed"};
}

std::string unquoted(std::string_view& rest) {
  std::size_t end = 0;
  while (end < rest.size() && !(rest[end] == '#' && (end == 0 || kBlanks.find(rest[end - 1]) != kBlanks.npos))) ++end;
  std::string value{without_trailing_blanks(rest.substr(0, end))};
  rest.remove_prefix(end);
  return value;
}

// REQUIRES: `line` starts with something that is neither blank nor '#'.
FileSetting parse_line(std::string_view line) {
  constexpr std::string_view kExport = "export";
  if (line.starts_with(kExport) && line.size() > kExport.size() && kBlanks.find(line[kExport.size()]) != kBlanks.npos) {
    const std::string_view after = without_leading_blanks(line.substr(kExport.size()));
    if (!after.starts_with('=')) line = after;  // "export = x" sets a key of that name
  }
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) throw BrokenLine{"expected KEY=VALUE"};
  const std::string_view key = without_trailing_blanks(line.substr(0, equals));
  if (key.empty() || !std::ranges::all_of(key, is_key_character)) {
    throw BrokenLine{"expected KEY=VALUE, with letters, digits, '_', '.' and '-' in KEY"};
  }

  FileSetting setting{.key = std::string{key}, .value = {}, .line = 0};
  std::string_view rest = without_leading_blanks(line.substr(equals + 1));
  if (rest.starts_with('\'')) {
    setting.value = single_quoted(rest);
  } else if (rest.starts_with('"')) {
    setting.value = double_quoted(rest);
  } else {
    setting.value = unquoted(rest);
  }
  rest = without_leading_blanks(rest);
  if (!rest.empty() && !rest.starts_with('#')) throw BrokenLine{"something follows the closing quote"};
  return setting;
}

}  // namespace

std::vector<FileSetting> parse_settings_file(std::string_view text, const std::string& file_name) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::vector<FileSetting> entries;
  for (unsigned number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = without_trailing_blanks(without_leading_blanks(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;
    try {
      if (line.find('\0') != std::string_view::npos) throw BrokenLine{"a zero byte; is this a text file?"};
      entries.push_back(parse_line(line));
      entries.back().line = number;
    } catch (const BrokenLine& broken) {
      throw BrokenFile(fmt::format("{}:{}: {}", file_name, number, broken.why));
    }
  }
  return entries;
}

std::vector<FileSetting> read_settings_file(const std::filesystem::path& path, const std::string& file_name,
                                            bool must_not_wait) {
  const auto cannot_read = [&](int error) {
    return BrokenFile(fmt::format("cannot read {}: {}", file_name, std::generic_category().message(error)));
  };
  const auto close = [](std::FILE* stream) { static_cast<void>(std::fclose(stream)); };
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | (must_not_wait ? O_NONBLOCK : 0));
  if (descriptor < 0) throw cannot_read(errno);
  const std::unique_ptr<std::FILE, decltype(close)> file{::fdopen(descriptor, "r"), close};
  if (!file) {
    const int error = errno;
    ::close(descriptor);
    throw cannot_read(error);
  }
  struct stat status {};
  if (must_not_wait && (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)))
    throw BrokenFile(fmt::format("cannot read {} again: it is no plain file", file_name));

  std::string text;
  std::array<char, 4096> buffer{};
  while (const std::size_t bytes = std::fread(buffer.data(), 1, buffer.size(), file.get())) {
    text.append(buffer.data(), bytes);
    if (text.size() > kMaxFileBytes) throw BrokenFile(fmt::format("{}: larger than 1 MiB", file_name));
  }
  if (std::ferror(file.get()) != 0) throw cannot_read(errno);
  return parse_settings_file(text, file_name);
}

}  // namespace rookery::master
