#include "tests/system/harness/scrape.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>
#include <stdexcept>

#include "tests/system/harness/patience.h"

namespace rookery::system_test {

namespace {

bool is_name(std::string_view name) {
  const auto fits = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == ':'; };
  return !name.empty() && std::isdigit(static_cast<unsigned char>(name.front())) == 0 &&
         std::all_of(name.begin(), name.end(), fits);
}

class LineReader {
 public:
  explicit LineReader(std::string_view line) : line_(line), rest_(line) {}

  [[noreturn]] void refuse(const char* why) const {
    throw std::runtime_error(std::string(why) + " in: " + std::string(line_));
  }
  std::string_view up_to(std::string_view ends) {
    const std::size_t end = rest_.find_first_of(ends);
    if (end == std::string_view::npos) refuse("something is missing");
    const std::string_view part = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return part;
  }
  bool skip(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void demand(char c) {
    if (!skip(c)) refuse("a character is missing");
  }
  std::string quoted() {
    demand('"');
    std::string text;
    while (!skip('"')) {
      if (rest_.empty()) refuse("a quote is missing");
      if (skip('\\') && (rest_.empty() || std::string_view("\\\"n").find(rest_.front()) == std::string_view::npos))
        refuse("a bad escape");
      text += rest_.front();
      rest_.remove_prefix(1);
    }
    return text;
  }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view line_;
  std::string_view rest_;
};

Sample parse_sample(std::string_view line) {
  LineReader reader(line);
  Sample sample;
  sample.name = reader.up_to("{ ");
  if (!is_name(sample.name)) reader.refuse("a bad name");
  if (reader.skip('{')) {
    do {
      const std::string label(reader.up_to("="));
      if (!is_name(label) || label.find(':') != std::string::npos) reader.refuse("a bad label");
      reader.demand('=');
      if (!sample.labels.emplace(label, reader.quoted()).second) reader.refuse("a label twice");
    } while (reader.skip(','));
    reader.demand('}');
  }
  reader.demand(' ');
  const std::string_view number = reader.rest();
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), sample.value);
  if (error != std::errc{} || end != number.data() + number.size()) reader.refuse("no number");
  return sample;
}

// Name and text of "# HELP name text" or "# TYPE name type".
std::pair<std::string, std::string> parse_comment(std::string_view line) {
  LineReader reader(line.substr(7));
  std::string name(reader.up_to(" "));
  if (!is_name(name)) reader.refuse("a bad name");
  reader.demand(' ');
  return {std::move(name), std::string(reader.rest())};
}

std::string base_of(std::string_view name, const std::map<std::string, Family>& families) {
  for (const std::string_view suffix : {"_bucket", "_sum", "_count"}) {
    if (!name.ends_with(suffix)) continue;
    const auto found = families.find(std::string(name.substr(0, name.size() - suffix.size())));
    if (found != families.end() && found->second.type == "histogram") return found->first;
  }
  return std::string(name);
}

void check_histogram(const Scrape& scrape, const std::string& name) {
  double last = -1;
  double infinite = -1;
  for (const Sample& sample : scrape.samples) {
    if (sample.name != name + "_bucket") continue;
    if (sample.value < last) throw std::runtime_error(name + " has buckets that fall");
    last = sample.value;
    if (sample.labels.at("le") == "+Inf") infinite = sample.value;
  }
  if (infinite < 0 || infinite != scrape.sum(name + "_count")) throw std::runtime_error(name + " has no good count");
}

}  // namespace

int connect_to(const std::string& where) {
  sockaddr_storage address{};
  socklen_t bytes = 0;
  if (where.starts_with("unix:")) {
    auto& unix_address = reinterpret_cast<sockaddr_un&>(address);
    unix_address.sun_family = AF_UNIX;
    where.copy(unix_address.sun_path, sizeof unix_address.sun_path - 1, 5);
    bytes = sizeof unix_address;
  } else {
    auto& ip = reinterpret_cast<sockaddr_in&>(address);
    ip.sin_family = AF_INET;
    ip.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ip.sin_port = htons(static_cast<std::uint16_t>(std::stoi(where.substr(where.rfind(':') + 1))));
    bytes = sizeof ip;
  }
  const int socket = ::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0 || ::connect(socket, reinterpret_cast<const sockaddr*>(&address), bytes) != 0) {
    const std::string why = std::strerror(errno);
    if (socket >= 0) ::close(socket);
    throw std::runtime_error("cannot connect to " + where + ": " + why);
  }
  return socket;
}

HttpReply http_exchange(const std::string& where, std::string_view request) {
  const int socket = connect_to(where);
  static_cast<void>(::send(socket, request.data(), request.size(), MSG_NOSIGNAL));
  std::string answer;
  const auto deadline = Clock::now() + kPatience;
  for (;;) {
    pollfd poller{socket, POLLIN, 0};
    if (Clock::now() > deadline) {
      ::close(socket);
      throw TimedOut("an answer by HTTP");
    }
    if (::poll(&poller, 1, 100) <= 0) continue;
    char buffer[65536];
    const ssize_t got = ::recv(socket, buffer, sizeof buffer, 0);
    if (got <= 0) break;
    answer.append(buffer, static_cast<std::size_t>(got));
  }
  ::close(socket);
  HttpReply reply;
  const std::size_t end_of_head = answer.find("\r\n\r\n");
  if (!answer.starts_with("HTTP/1.1 ") || end_of_head == std::string::npos) return reply;
  reply.status = std::stoi(answer.substr(9, 3));
  reply.head = answer.substr(0, end_of_head);
  reply.body = answer.substr(end_of_head + 4);
  return reply;
}

HttpReply http_get(const std::string& where, std::string_view path) {
  return http_exchange(where, "GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
}

std::string metrics_address(const ServerProcess& server) {
  const std::string log = server.log();
  const std::string marker = "metrics at ";
  const std::size_t at = log.find(marker);
  if (at == std::string::npos) throw std::runtime_error("the log does not say where metrics are");
  std::string where = log.substr(at + marker.size(), log.find('\n', at) - at - marker.size());
  if (where.starts_with("http://")) where = where.substr(7, where.rfind('/') - 7);
  return where;
}

double Scrape::sum(std::string_view name, const Labels& labels) const {
  double sum = 0;
  for (const Sample& sample : samples) {
    const bool fits = sample.name == name && std::all_of(labels.begin(), labels.end(), [&](const auto& label) {
                        const auto found = sample.labels.find(label.first);
                        return found != sample.labels.end() && found->second == label.second;
                      });
    if (fits) sum += sample.value;
  }
  return sum;
}

const Family* Scrape::family_of(std::string_view name) const {
  const auto found = families.find(base_of(name, families));
  return found == families.end() ? nullptr : &found->second;
}

Scrape parse_exposition(const std::string& text) {
  Scrape scrape;
  std::set<std::pair<std::string, Labels>> seen;
  std::string current;
  if (!text.ends_with('\n')) throw std::runtime_error("the last line has no end");
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    begin = end + 1;
    if (line.starts_with("# HELP ")) {
      auto [name, help] = parse_comment(line);
      if (help.empty() || !scrape.families.emplace(name, Family{{}, help, {}}).second)
        throw std::runtime_error("no help, or a family twice: " + name);
      current = name;
    } else if (line.starts_with("# TYPE ")) {
      auto [name, type] = parse_comment(line);
      if (name != current || !std::set<std::string>{"counter", "gauge", "histogram"}.contains(type))
        throw std::runtime_error("a bad type of " + name);
      scrape.families[name].type = type;
    } else {
      Sample sample = parse_sample(line);
      if (base_of(sample.name, scrape.families) != current)
        throw std::runtime_error("a sample outside of its family: " + sample.name);
      if (!seen.emplace(sample.name, sample.labels).second)
        throw std::runtime_error("a sample twice: " + std::string(line));
      for (const auto& [label, value] : sample.labels)
        if (label != "le") scrape.families[current].labels.insert(label);
      scrape.samples.push_back(std::move(sample));
    }
  }
  for (const auto& [name, family] : scrape.families)
    if (family.type == "histogram") check_histogram(scrape, name);
  return scrape;
}

Scrape scrape_metrics(const std::string& where) {
  const HttpReply reply = http_get(where, "/metrics");
  if (reply.status != 200) throw std::runtime_error("/metrics says " + std::to_string(reply.status));
  return parse_exposition(reply.body);
}

}  // namespace rookery::system_test
