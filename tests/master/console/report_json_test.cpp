#include "master/console/report_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rookery::master {
namespace {

using nlohmann::json;
using ::testing::EndsWith;
using ::testing::StartsWith;

TEST(ReportJson, AClientIsAnObject) {
  const std::vector<ClientRow> rows{{.client = 7,
                                     .name = "al\"ice",
                                     .address = "[::1]:9",
                                     .dialect = "text",
                                     .worker = 3,
                                     .since_ms = 0,
                                     .messages = 12}};
  const std::string line = json_clients(rows);
  EXPECT_THAT(line, StartsWith("{\"ok\":true,"));
  EXPECT_EQ(json::parse(line), (json{{"ok", true},
                                     {"count", 1},
                                     {"clients",
                                      {{{"client", 7},
                                        {"name", "al\"ice"},
                                        {"address", "[::1]:9"},
                                        {"dialect", "text"},
                                        {"worker", 3},
                                        {"since", "1970-01-01T00:00:00.000Z"},
                                        {"messages", 12}}}}}));
  EXPECT_EQ(json::parse(json_clients({})), (json{{"ok", true}, {"count", 0}, {"clients", json::array()}}));
}

TEST(ReportJson, OfTooManyClientsTheRestIsCounted) {
  const std::vector<ClientRow> rows(100, ClientRow{.client = 1, .name = "al"});
  const std::string line = json_clients(rows, 1000);
  EXPECT_LT(line.size(), 1100u);
  const json parsed = json::parse(line);
  EXPECT_GT(parsed["clients"].size(), 0u);
  EXPECT_EQ(parsed["clients"].size() + parsed["left_out"].get<std::size_t>(), 100u);
  EXPECT_EQ(parsed["count"], 100);
}

TEST(ReportJson, WhatARowDoesNotHaveIsNull) {
  const std::vector<ProcessRow> rows{{.state = "parked", .note = "died too often"},
                                     {.worker = 0, .pid = 17, .state = "serving", .clients = 2}};
  const std::vector<ShutOutRow> networks{{.network = "10.0.0.1", .left = std::chrono::seconds{9}}};
  const json parsed = json::parse(json_processes(rows, networks));
  EXPECT_EQ(parsed["processes"][0]["pid"], nullptr);
  EXPECT_EQ(parsed["processes"][0]["worker"], nullptr);
  EXPECT_EQ(parsed["processes"][0]["note"], "died too often");
  EXPECT_EQ(parsed["processes"][1]["pid"], 17);
  EXPECT_EQ(parsed["processes"][1]["note"], nullptr);
  EXPECT_EQ(parsed["shut_out"], (json{{{"network", "10.0.0.1"}, {"left_s", 9}}}));
}

TEST(ReportJson, TextBecomesItsVerdictAndTheLinesBeforeIt) {
  EXPECT_EQ(json_of_text("OK\n"), "{\"ok\":true}\n");
  EXPECT_EQ(json_of_text("OK done 7\n"), "{\"ok\":true,\"message\":\"done 7\"}\n");
  EXPECT_EQ(json_of_text("ERR no-such-client 7\n"), "{\"ok\":false,\"error\":\"no-such-client\",\"message\":\"7\"}\n");
  EXPECT_EQ(json_of_text("ERR odd"), "{\"ok\":false,\"error\":\"odd\",\"message\":\"\"}\n");
  EXPECT_EQ(json_of_text("a b\nc\nOK 2\n"), "{\"ok\":true,\"message\":\"2\",\"lines\":[\"a b\",\"c\"]}\n");
}

TEST(ReportJson, BytesThatAreNoUtf8AreReplacedNotThrown) {
  EXPECT_THAT(json_of_text("OK \xff\n"), EndsWith("\"message\":\"\xef\xbf\xbd\"}\n"));
}

}  // namespace
}  // namespace rookery::master
