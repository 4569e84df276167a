#include "tests/system/harness/memory_search.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>

#include "tests/system/harness/processes.h"

namespace rookery::system_test {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 20;
constexpr std::size_t kPageBytes = 4096;

std::string proc(pid_t process, const std::string& what) {
  return "/proc/" + std::to_string(process) + "/" + what;
}

class File {
 public:
  explicit File(const std::string& path) : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

// Visits the position of each occurrence in [from, to) of the file. Pages that cannot be read are passed over.
void search(const File& file, std::uint64_t from, std::uint64_t to, std::string_view bytes,
            const std::function<void(std::uint64_t at)>& visit) {
  std::string piece;
  std::string tail;  // of the piece before, so that nothing is missed between two
  while (from < to) {
    piece.resize(std::min<std::uint64_t>(kPieceBytes, to - from));
    const ssize_t got = ::pread(file.descriptor(), piece.data(), piece.size(), static_cast<off_t>(from));
    if (got <= 0) {
      tail.clear();
      from += kPageBytes;
      continue;
    }
    const std::string whole = tail + piece.substr(0, static_cast<std::size_t>(got));
    for (std::size_t at = whole.find(bytes); at != std::string::npos; at = whole.find(bytes, at + 1))
      visit(from - tail.size() + at);
    tail = whole.substr(whole.size() - std::min(whole.size(), bytes.size() - 1));
    from += static_cast<std::uint64_t>(got);
  }
}

}  // namespace

bool may_read_memory(pid_t process) {
  return File(proc(process, "mem")).descriptor() >= 0;
}

std::vector<std::string> places_in_regions(pid_t process, std::string_view bytes) {
  std::vector<std::string> places;
  std::set<std::string> seen;
  for (const OpenRegion& region : open_regions(process)) {
    if (!seen.insert(region.name).second) continue;
    const File file(proc(process, "fd/" + std::to_string(region.descriptor)));
    // What was never written is a hole: to look at it through a mapping would give it memory.
    for (off_t from = 0; (from = ::lseek(file.descriptor(), from, SEEK_DATA)) >= 0;) {
      const off_t to = ::lseek(file.descriptor(), from, SEEK_HOLE);
      if (to <= from) break;
      search(file, static_cast<std::uint64_t>(from), static_cast<std::uint64_t>(to), bytes,
             [&](std::uint64_t at) { places.push_back(region.name + " at " + std::to_string(at)); });
      from = to;
    }
  }
  return places;
}

std::vector<std::string> places_in_own_memory(pid_t process, std::string_view bytes) {
  std::vector<std::string> places;
  const File memory(proc(process, "mem"));
  std::ifstream maps(proc(process, "maps"));
  for (std::string line; std::getline(maps, line);) {
    std::istringstream fields(line);
    std::string range, permissions, offset, device, inode, path;
    fields >> range >> permissions >> offset >> device >> inode;
    std::getline(fields >> std::ws, path);
    const bool is_kernels = path.starts_with("[v");  // [vvar], [vdso], [vsyscall]
    if (permissions[0] != 'r' || is_kernels || path.find("/memfd:") != std::string::npos) continue;
    const std::uint64_t from = std::stoull(range, nullptr, 16);
    const std::uint64_t to = std::stoull(range.substr(range.find('-') + 1), nullptr, 16);
    search(memory, from, to, bytes,
           [&](std::uint64_t) { places.push_back((path.empty() ? range : path) + " of " + std::to_string(process)); });
  }
  return places;
}

std::vector<std::string> regions_in_core_dump(pid_t process) {
  std::vector<std::string> regions;
  std::size_t seen = 0;
  std::string region;
  std::ifstream smaps(proc(process, "smaps"));
  for (std::string line; std::getline(smaps, line);) {
    if (line.find("/memfd:") != std::string::npos) {
      region = line.substr(line.find("/memfd:"));
      ++seen;
    }
    if (!line.starts_with("VmFlags:")) continue;
    if (!region.empty() && (line + " ").find(" dd ") == std::string::npos) regions.push_back(region);
    region.clear();
  }
  if (seen == 0) throw std::runtime_error("no shared region of process " + std::to_string(process) + " is to be seen");
  return regions;
}

}  // namespace rookery::system_test
