// tests/system/harness/memory_search.h
//
// Where bytes lie in the memory of a server's processes, as who may trace them can see it: in the shared regions and in
// what each process has for itself. The server runs on meanwhile.
//
//   if (!may_read_memory(server.pid())) GTEST_SKIP() << "no permission to read other processes' memory";
//   EXPECT_THAT(places_in_regions(server.pid(), "secret"), IsEmpty());
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace rookery::system_test {

[[nodiscard]] bool may_read_memory(pid_t process);

// In the regions that the process has open, all of each, mapped or not: "rookery-worker-0 at 81920".
[[nodiscard]] std::vector<std::string> places_in_regions(pid_t process, std::string_view bytes);

// In all other mappings that it can read: "[heap] of 1240".
[[nodiscard]] std::vector<std::string> places_in_own_memory(pid_t process, std::string_view bytes);

// Mappings of regions that a core dump of the process would hold.
[[nodiscard]] std::vector<std::string> regions_in_core_dump(pid_t process);

}  // namespace rookery::system_test
