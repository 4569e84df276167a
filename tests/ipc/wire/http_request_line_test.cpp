#include "ipc/wire/http_request_line.h"

#include <gtest/gtest.h>

#include <string>

namespace rookery::wire {
namespace {

TEST(HttpRequestLine, RequestsOfAllForms) {
  for (const char* line : {"GET / HTTP/1.1", "POST /a?b=c%20d HTTP/1.0", "OPTIONS * HTTP/1.1", "PRI * HTTP/2.0",
                           "CONNECT chat:5000 HTTP/1.1", "GET http://chat/ HTTP/1.1", "M-SEARCH * HTTP/1.1",
                           "my_own.method /x HTTP/1.1", "POST x HTTP/1.1"})
    EXPECT_TRUE(is_http_request_line(line)) << line;
}

TEST(HttpRequestLine, LinesOfChatAreNone) {
  for (const char* line :
       {"", " ", "hello", "POST", "POST me the notes", "POST / HTTP/1.1 please", "POST  / HTTP/1.1", " POST / HTTP/1.1",
        "POST / HTTP/1.1 ", "POST /  HTTP/1.1", "GET / HTTP", "GET / HTTP/1", "GET / HTTP/11", "GET / http/1.1",
        "we speak HTTP/1.1", "/say / HTTP/1.1", "{\"op\": / HTTP/1.1", "POST HTTP/1.1"})
    EXPECT_FALSE(is_http_request_line(line)) << line;
}

TEST(HttpRequestLine, OfAnEndlessLineTheBeginningTells) {
  EXPECT_TRUE(may_begin_http_request_line("POST /" + std::string(9000, 'x')));
  EXPECT_TRUE(may_begin_http_request_line("post /" + std::string(9000, 'x')));
  for (const char* version : {" ", " H", " HTTP/", " HTTP/1.", " HTTP/1.1\r"})
    EXPECT_TRUE(may_begin_http_request_line("POST /" + std::string(9000, 'x') + version)) << version;
  EXPECT_FALSE(may_begin_http_request_line("POST /" + std::string(9000, 'x') + " and more"));
  EXPECT_FALSE(may_begin_http_request_line(std::string(9000, 'x')));
  EXPECT_FALSE(may_begin_http_request_line("POST me " + std::string(9000, 'x')));
  EXPECT_FALSE(may_begin_http_request_line("/say " + std::string(9000, 'x')));
}

}  // namespace
}  // namespace rookery::wire
