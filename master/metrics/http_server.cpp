#include "master/metrics/http_server.h"

#include <sys/socket.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace rookery::metrics {

namespace {

constexpr std::size_t kBytesOfConnection = 16 * 1024;  // a request's head must fit
constexpr std::chrono::milliseconds kAskAgain{20};
constexpr std::chrono::milliseconds kLookAtGuests{500};

bool is_get(std::string_view method) noexcept {
  return method == MHD_HTTP_METHOD_GET || method == MHD_HTTP_METHOD_HEAD;
}

}  // namespace

HttpServer::HttpServer(int listener, Handler handler) : handler_(std::move(handler)) {
  daemon_ = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, nullptr, nullptr, &HttpServer::on_request,
                             this, MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_CONNECTION_LIMIT, kMaxConnections,
                             MHD_OPTION_CONNECTION_TIMEOUT, kIdleSeconds, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                             kBytesOfConnection, MHD_OPTION_NOTIFY_CONNECTION, &HttpServer::on_connection, this,
                             MHD_OPTION_END);
  if (daemon_ == nullptr) throw std::runtime_error("cannot serve HTTP on the metrics' socket");
  const MHD_DaemonInfo* const info = MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_EPOLL_FD);
  if (info == nullptr) throw std::runtime_error("libmicrohttpd has no epoll");
  descriptor_ = info->epoll_fd;
}

HttpServer::~HttpServer() {
  for (MHD_Connection* connection : std::exchange(waiting_, {})) MHD_resume_connection(connection);
  MHD_quiesce_daemon(daemon_);  // the listener is not ours to close
  MHD_stop_daemon(daemon_);
}

std::chrono::milliseconds HttpServer::patience() const noexcept {
  if (!waiting_.empty()) return kAskAgain;
  MHD_UNSIGNED_LONG_LONG wanted = 0;
  const bool has_wish = MHD_get_timeout(daemon_, &wanted) == MHD_YES;
  if (has_wish && wanted < static_cast<MHD_UNSIGNED_LONG_LONG>(kLookAtGuests.count()))
    return std::chrono::milliseconds(wanted);
  return guests_.empty() ? std::chrono::milliseconds{-1} : kLookAtGuests;
}

void HttpServer::turn() {
  for (MHD_Connection* connection : std::exchange(waiting_, {})) MHD_resume_connection(connection);
  // With all seats taken libmicrohttpd stops watching the listener, and begins again in the run after one has become
  // free: without that run nobody would wake us when all have gone at once.
  std::size_t guests_before;
  do {
    guests_before = guests_.size();
    MHD_run(daemon_);
  } while (guests_.size() < guests_before);
  const auto now = os::Monotonic::now();
  for (const auto& [connection, guest] : guests_)
    if (now - guest.since > kMostSeconds) ::shutdown(guest.socket, SHUT_RDWR);
}

void HttpServer::on_connection(void* self, MHD_Connection* connection, void** /*context*/,
                               MHD_ConnectionNotificationCode code) {
  HttpServer& server = *static_cast<HttpServer*>(self);
  if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
    server.guests_.erase(connection);
    std::erase(server.waiting_, connection);
    return;
  }
  const MHD_ConnectionInfo* const info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  if (info != nullptr) server.guests_[connection] = {info->connect_fd, os::Monotonic::now()};
}

// Called once when the head is there, and then again when the body is.
MHD_Result HttpServer::on_request(void* self, MHD_Connection* connection, const char* url, const char* method,
                                  const char* /*version*/, const char* /*body*/, std::size_t* body_bytes, void** seen) {
  HttpServer& server = *static_cast<HttpServer*>(self);
  if (!is_get(method))
    return server.answer(connection, {.status = MHD_HTTP_METHOD_NOT_ALLOWED, .body = "only GET and HEAD\n"});
  if (*seen == nullptr) {
    *seen = self;
    return MHD_YES;
  }
  if (*body_bytes > 0) {
    *body_bytes = 0;  // of no interest
    return MHD_YES;
  }
  return server.request(connection, url);
}

MHD_Result HttpServer::request(MHD_Connection* connection, std::string_view path) {
  if (const auto ready = handler_(path)) return answer(connection, *ready);
  waiting_.push_back(connection);
  MHD_suspend_connection(connection);
  return MHD_YES;
}

MHD_Result HttpServer::answer(MHD_Connection* connection, const HttpAnswer& answer) {
  MHD_Response* const response =
      MHD_create_response_from_buffer(answer.body.size(), const_cast<char*>(answer.body.data()), MHD_RESPMEM_MUST_COPY);
  if (response == nullptr) return MHD_NO;
  MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer.content_type);
  MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
  if (answer.status == MHD_HTTP_METHOD_NOT_ALLOWED)
    MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
  const MHD_Result queued = MHD_queue_response(connection, answer.status, response);
  MHD_destroy_response(response);
  return queued;
}

}  // namespace rookery::metrics
