// master/metrics/http_server.h
//
// A small HTTP server for strangers, by libmicrohttpd, in the caller's thread: GET and HEAD, each connection for one
// answer. There are at most kMaxConnections of them, none lives longer than kMostSeconds, and none may be idle for
// longer than kIdleSeconds; who sends garbage or nothing costs one of them for that time, and no more.
//
//     HttpServer server(listener, [](std::string_view path) -> std::optional<HttpAnswer> { ... });
//     poll(server.descriptor(), server.patience());
//     server.turn();
#pragma once

#include <microhttpd.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/os/clock.h"

namespace rookery::metrics {

inline constexpr unsigned kMaxConnections = 32;
inline constexpr unsigned kIdleSeconds = 5;
inline constexpr std::chrono::seconds kMostSeconds{10};

struct HttpAnswer {
  unsigned status = MHD_HTTP_OK;
  std::string body = {};
  const char* content_type = "text/plain; charset=utf-8";
};

class HttpServer final {
 public:
  // Nothing: not yet, it is asked again in the next turn.
  using Handler = std::function<std::optional<HttpAnswer>(std::string_view path)>;

  // `listener` is bound, listening and non-blocking; it stays open when the server goes. Throws std::runtime_error.
  HttpServer(int listener, Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Readable when turn() has something to do.
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  // When it has, even if nothing is readable. Negative: not before.
  [[nodiscard]] std::chrono::milliseconds patience() const noexcept;
  void turn();

 private:
  struct Guest {
    int socket = -1;
    os::Monotonic::time_point since{};
  };

  static MHD_Result on_request(void* self, MHD_Connection* connection, const char* url, const char* method,
                               const char* version, const char* body, std::size_t* body_bytes, void** seen);
  static void on_connection(void* self, MHD_Connection* connection, void** context,
                            MHD_ConnectionNotificationCode code);
  MHD_Result answer(MHD_Connection* connection, const HttpAnswer& answer);
  MHD_Result request(MHD_Connection* connection, std::string_view path);

  Handler handler_;
  MHD_Daemon* daemon_ = nullptr;
  int descriptor_ = -1;
  std::map<MHD_Connection*, Guest> guests_;
  std::vector<MHD_Connection*> waiting_;  // for an answer that is not there yet
};

}  // namespace rookery::metrics
