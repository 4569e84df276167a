#include "client/load/compare/shapes.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace rookery::load {

std::vector<Shape> all_shapes(std::uint32_t parallel) {
  const auto options = [](std::uint32_t workers, std::uint32_t loops) {
    return std::vector<std::string>{"--workers", std::to_string(workers), "--loops", std::to_string(loops)};
  };
  std::vector<std::string> thread_per_client = options(1, 1);
  thread_per_client.insert(thread_per_client.end(), {"--model", "thread-per-client"});
  const std::uint32_t half = parallel / 2;
  return {{"processes", fmt::format("{} processes", parallel), options(parallel, 1)},
          {"threads", fmt::format("1 process, {} threads", parallel), options(1, parallel)},
          {"mixed", fmt::format("2 processes of {} thread{}", half, half == 1 ? "" : "s"), options(2, half)},
          {"thread-per-client", "a thread per client", std::move(thread_per_client)}};
}

std::vector<Shape> chosen_shapes(std::uint32_t parallel, const std::vector<std::string>& keys) {
  std::vector<Shape> shapes = all_shapes(parallel);
  for (const std::string& key : keys) {
    if (std::ranges::find(shapes, key, &Shape::key) == shapes.end()) {
      throw std::invalid_argument(
          fmt::format("'{}' is no shape; they are processes, threads, mixed, thread-per-client", key));
    }
  }
  std::erase_if(shapes, [&](const Shape& shape) { return std::ranges::find(keys, shape.key) == keys.end(); });
  if (shapes.empty()) throw std::invalid_argument("no shape to measure");
  return shapes;
}

std::uint32_t default_parallel(std::uint32_t cores) noexcept {
  const std::uint32_t wanted = std::max(cores, 4U);
  return wanted + wanted % 2;
}

}  // namespace rookery::load
