#include "client/load/compare/whole_file.h"

#include "ipc/os/output_file.h"

namespace rookery::load {

void write_whole_file(const std::filesystem::path& path, std::string_view contents) {
  constexpr mode_t kAsUmaskSays = 0666;
  os::TextOutput file(path, os::IfThere::Replace, kAsUmaskSays);
  file.write(contents);
  file.finish();
}

}  // namespace rookery::load
