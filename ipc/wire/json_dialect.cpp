// ipc/wire/json_dialect.cpp: the fields of a request to a command.
#include "ipc/wire/json_dialect.h"

#include "ipc/wire/json_request.h"
#include "ipc/wire/limits.h"

namespace rookery::wire {
namespace {

// Takes the fields that an op needs. Each function is false, and problem() says why, when the field won't do.
class FieldReader {
 public:
  FieldReader(const JsonRequest& request, const CommandStorage& storage, Command& command)
      : request_(request), storage_(storage), command_(command) {}

  [[nodiscard]] bool read() {
    switch (command_.op) {
      case Op::Register:
        return name(Field::Name, storage_.name) && !reserved() && password();
      case Op::Login:
        return name(Field::Name, storage_.name) && password();
      case Op::Echo:
        return echo_text();
      case Op::Broadcast:
      case Op::Count:
        return text();
      case Op::Say:
        return room() && text();
      case Op::Msg:
        return name(Field::To, storage_.to) && text();
      case Op::Join:
      case Op::Leave:
        return room();
      case Op::Presence:
        return on();
      case Op::History:
        return history();
      case Op::Resume:
        return resume();
      case Op::Logout:
      case Op::Rooms:
      case Op::List:
      case Op::Ping:
      case Op::Help:
      case Op::Quit:
        return true;
    }
    return false;
  }

  [[nodiscard]] ErrorCode code() const noexcept { return code_; }
  [[nodiscard]] std::string take_problem() noexcept { return std::move(problem_); }

 private:
  bool broken(Field field, std::string_view rule) {
    problem_.append("\"").append(to_string(field)).append("\" ").append(rule);
    return false;
  }

  bool has(Field field, FieldType type, std::string_view type_rule) {
    if (request_.type(field) == type) return true;
    return broken(field, request_.type(field) == FieldType::Absent ? "is missing" : type_rule);
  }

  bool string(Field field) { return has(field, FieldType::String, "must be a string"); }

  bool name(Field field, std::string_view value) {
    if (!string(field)) return false;
    command_.name = value;
    return is_valid_name(value) || broken(field, "must be 1 to 32 of A-Z a-z 0-9 _ -");
  }

  bool reserved() {
    if (!is_reserved_name(command_.name)) return false;
    return !broken(Field::Name, is_guest_name(command_.name)
                                    ? "must not be like guest12: the server gives such names itself"
                                    : "is reserved");
  }

  bool password() {
    if (!string(Field::Password)) return false;
    command_.password = storage_.password;
    if (is_valid_password(command_.password)) return true;
    if (command_.op != Op::Login) return broken(Field::Password, "must be 8 to 128 bytes");
    // No account can have it, so it fails as any wrong password does.
    code_ = ErrorCode::BadCredentials;
    problem_ = "wrong name or password";
    return false;
  }

  bool room() {
    if (!string(Field::Room)) return false;
    command_.room = storage_.room;
    return is_valid_room(command_.room) || broken(Field::Room, "must be # and 1 to 32 of A-Z a-z 0-9 _ -");
  }

  bool echo_text() { return request_.type(Field::Text) == FieldType::String && storage_.text.empty() ? true : text(); }

  bool text() {
    if (!string(Field::Text)) return false;
    command_.text = storage_.text;
    return is_valid_text(command_.text) || broken(Field::Text, "must not be empty nor hold a NUL");
  }

  bool on() {
    command_.on = request_.on;
    return has(Field::On, FieldType::Boolean, "must be true or false");
  }

  bool history() {
    command_.room = kLobby;
    if (request_.type(Field::Room) != FieldType::Absent && !room()) return false;
    std::optional<std::uint64_t> limit;
    if (!number(Field::Limit, limit) || !number(Field::Before, command_.before) ||
        !number(Field::After, command_.after))
      return false;
    if (!limit) return true;
    if (*limit < 1 || *limit > kMaxHistoryMessages) return broken(Field::Limit, "must be 1 to 1000");
    command_.limit = static_cast<std::uint32_t>(*limit);
    return true;
  }

  // Any string may have been an epoch somewhere.
  bool resume() {
    if (!string(Field::Epoch)) return false;
    command_.epoch = storage_.epoch;
    std::optional<std::uint64_t> seq;
    if (!number(Field::Seq, seq)) return false;
    if (!seq) return broken(Field::Seq, "is missing");
    command_.seq = *seq;
    return true;
  }

  bool number(Field field, std::optional<std::uint64_t>& into) {
    if (request_.type(field) == FieldType::Absent) return true;
    if (request_.type(field) != FieldType::Unsigned) return broken(field, "must be a whole number, not negative");
    into = request_.number(field);
    return true;
  }

  const JsonRequest& request_;
  const CommandStorage& storage_;
  Command& command_;
  ErrorCode code_ = ErrorCode::BadArgument;
  std::string problem_;
};

}  // namespace

ParseOutcome JsonDialect::parse(std::string_view line, CommandStorage& storage) const {
  if (!is_valid_utf8(line)) return Refusal{ErrorCode::BadUtf8, "the line is not UTF-8", {}, {}};

  const JsonRequest request = read_json_request(line, storage);
  const bool op_is_word = request.type(Field::Op) == FieldType::String;
  const std::string_view word = op_is_word ? std::string_view(storage.op) : std::string_view();
  const std::string_view id = storage.id;
  switch (request.fault) {
    case JsonFault::None:
      break;
    case JsonFault::NotJson:
      return Refusal{ErrorCode::BadCommand, "the line is not a JSON object", {}, {}};
    case JsonFault::TooDeep:
      return Refusal{ErrorCode::BadArgument, "the request is nested more than 32 deep", word, id};
    case JsonFault::HalfCharacter:
      return Refusal{ErrorCode::BadArgument, "a string holds half a surrogate pair", word, id};
    case JsonFault::HugeNumber:
      return Refusal{ErrorCode::BadArgument, "a number is too large", word, id};
  }

  if (!op_is_word) {
    const bool absent = request.type(Field::Op) == FieldType::Absent;
    return Refusal{ErrorCode::BadCommand, absent ? "\"op\" is missing" : "\"op\" must be a string", {}, id};
  }
  const std::optional<Op> op = op_from_word(word);
  if (!op) return Refusal{ErrorCode::BadCommand, "no such op; \"help\" lists them", word, id};

  ParseOutcome outcome;
  Command& command = *std::get_if<Command>(&outcome);
  command.op = *op;
  command.id = id;
  FieldReader reader(request, storage, command);
  if (!reader.read()) return Refusal{reader.code(), reader.take_problem(), word, id};
  return outcome;
}

}  // namespace rookery::wire
