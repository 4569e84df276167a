#include "client/terminal/request.h"

#include <nlohmann/json.hpp>

namespace rookery::client {

std::string encode_request(const Request& request, std::uint64_t id) {
  // Ordered, because the server tells the dialects apart by the first byte and people read `op` first.
  nlohmann::ordered_json json{{"op", request.op}, {"id", id}};
  const auto put = [&json](const char* key, const std::string& value) {
    if (!value.empty()) json[key] = value;
  };
  put("name", request.name);
  put("password", request.password);
  put("to", request.to);
  put("room", request.room);
  put("text", request.text);
  put("epoch", request.epoch);
  if (request.on) json["on"] = *request.on;
  if (request.limit) json["limit"] = *request.limit;
  if (request.seq) json["seq"] = *request.seq;
  return json.dump();
}

}  // namespace rookery::client
