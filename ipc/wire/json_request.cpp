// ipc/wire/json_request.cpp: takes the parser's tokens and keeps those of a request. No tree of the document is built.
#include "ipc/wire/json_request.h"

#include <nlohmann/json.hpp>

#include "ipc/wire/append.h"
#include "ipc/wire/json_password.h"
#include "ipc/wire/json_string.h"
#include "ipc/wire/limits.h"

namespace rookery::wire {
namespace {

constexpr std::array<std::string_view, kFieldCount> kFieldNames = {
    "", "op", "id", "name", "password", "to", "room", "text", "on", "limit", "before", "after", "epoch", "seq",
};
static_assert(static_cast<std::size_t>(Field::Seq) + 1 == kFieldCount);

Field field_of(std::string_view key) noexcept {
  for (std::size_t i = 1; i < kFieldNames.size(); ++i)
    if (kFieldNames[i] == key) return static_cast<Field>(i);
  return Field::Unknown;
}

// What nlohmann's sax_parse() calls: the names and signatures are its own. Each returns whether to go on.
class TokenReader {
 public:
  TokenReader(JsonRequest& request, CommandStorage& storage) : request_(request), storage_(storage) {}

  bool null() { return scalar(FieldType::Other, "null"); }

  bool boolean(bool value) {
    if (depth_ == 1 && field_ == Field::On) request_.on = value;
    return scalar(FieldType::Boolean, value ? "true" : "false");
  }

  bool number_unsigned(std::uint64_t value) {
    if (depth_ == 1) request_.numbers[static_cast<std::size_t>(field_)] = value;
    if (in_id()) {
      separate();
      append_number(storage_.id, value);
    }
    return typed(FieldType::Unsigned);
  }

  bool number_integer(std::int64_t value) { return scalar(FieldType::Other, std::to_string(value)); }

  // `digits` is the number as it was sent: an id keeps all of them, also those that no double holds. Only the decimal
  // point follows the locale.
  bool number_float(double /*value*/, const std::string& digits) {
    if (in_id()) {
      separate();
      for (const char c : digits) {
        const bool kept = (c >= '0' && c <= '9') || c == '-' || c == '+' || c == 'e' || c == 'E';
        storage_.id.push_back(kept ? c : '.');
      }
    }
    return typed(FieldType::Other);
  }

  bool string(std::string& value) {
    if (in_id()) {
      separate();
      append_json_string(storage_.id, value);
    } else if (depth_ == 1) {
      if (std::string* kept = string_of(field_)) kept->swap(value);
    }
    return typed(FieldType::String);
  }

  bool key(const std::string& name) {
    if (depth_ > 1) {
      if (in_id()) {
        separate();
        append_json_string(storage_.id, name);
        storage_.id.push_back(':');
      }
      return true;
    }
    field_ = field_of(name);
    if (field_ == Field::Id) {
      storage_.id.clear();
      id_too_deep_ = false;
    }
    return true;
  }

  bool start_object(std::size_t /*size*/) {
    if (depth_ == 0) is_object_ = true;
    return open('{');
  }
  bool end_object() { return close('}'); }
  bool start_array(std::size_t /*size*/) { return open('['); }
  bool end_array() { return close(']'); }

  bool binary(nlohmann::json::binary_t& /*value*/) { return false; }  // JSON text has none

  bool parse_error(std::size_t /*position*/, const std::string& /*token*/, const nlohmann::json::exception& error) {
    constexpr int kOutOfRange = 406;  // nlohmann's number for a number beyond double
    // The parser tells half surrogate pairs only in words. What comes after "last read" are the client's own.
    const std::string_view what = error.what();
    const bool surrogate = what.substr(0, what.find("; last read:")).find("surrogate U+") != std::string_view::npos;
    request_.fault = error.id == kOutOfRange ? JsonFault::HugeNumber
                     : surrogate             ? JsonFault::HalfCharacter
                                             : JsonFault::NotJson;
    return false;
  }

  void finish() {
    if (!is_object_) request_.fault = JsonFault::NotJson;
    if (request_.fault == JsonFault::None && too_deep_) request_.fault = JsonFault::TooDeep;
    const bool half_an_id = depth_ > 1 && field_ == Field::Id;  // the parser stopped in it
    if (id_too_deep_ || half_an_id) storage_.id.clear();
  }

 private:
  [[nodiscard]] bool in_id() const noexcept { return field_ == Field::Id && !id_too_deep_; }

  // A comma, unless something has just been opened. (A string ends in a quote, so its own characters can't mislead.)
  void separate() {
    std::string& id = storage_.id;
    if (!id.empty() && id.back() != '[' && id.back() != '{' && id.back() != ':') id.push_back(',');
  }

  bool typed(FieldType type) noexcept {
    if (depth_ == 1) request_.types[static_cast<std::size_t>(field_)] = type;
    return true;
  }

  bool scalar(FieldType type, std::string_view json) {
    if (in_id()) {
      separate();
      storage_.id.append(json);
    }
    return typed(type);
  }

  // Goes on in a document that is too deep: nlohmann's parser keeps one bit a level and does not recurse, and the rest
  // may hold the op and the id that the refusal should name.
  bool open(char bracket) {
    if (in_id()) {
      separate();
      storage_.id.push_back(bracket);
    }
    typed(FieldType::Other);
    if (++depth_ > kMaxJsonDepth) {
      too_deep_ = true;
      if (field_ == Field::Id) id_too_deep_ = true;
    }
    return true;
  }

  bool close(char bracket) {
    --depth_;
    if (depth_ > 0 && in_id()) storage_.id.push_back(bracket);
    return true;
  }

  std::string* string_of(Field field) noexcept {
    switch (field) {
      case Field::Op:
        return &storage_.op;
      case Field::Name:
        return &storage_.name;
      case Field::Password:
        return &storage_.password;
      case Field::To:
        return &storage_.to;
      case Field::Room:
        return &storage_.room;
      case Field::Text:
        return &storage_.text;
      case Field::Epoch:
        return &storage_.epoch;
      default:
        return nullptr;
    }
  }

  JsonRequest& request_;
  CommandStorage& storage_;
  Field field_ = Field::Unknown;  // the request's own field that the parser is in
  std::size_t depth_ = 0;         // how many brackets are open
  bool is_object_ = false;
  bool too_deep_ = false;
  bool id_too_deep_ = false;
};

}  // namespace

std::string_view to_string(Field field) noexcept {
  return kFieldNames[static_cast<std::size_t>(field)];
}

JsonRequest read_json_request(std::string_view line, CommandStorage& storage) {
  JsonRequest request;
  storage.id.clear();
  if (line.find('\0') != std::string_view::npos) {  // the parser would take it for the end and never see the rest
    request.fault = JsonFault::NotJson;
    return request;
  }
  TokenReader reader(request, storage);
  const PasswordMask mask(line);
  nlohmann::json::sax_parse(mask.masked().begin(), mask.masked().end(), &reader);
  reader.finish();
  if (request.type(Field::Password) == FieldType::String) mask.unmask(storage.password);
  return request;
}

}  // namespace rookery::wire
