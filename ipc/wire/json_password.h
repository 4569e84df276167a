// ipc/wire/json_password.h
//
// Keeps the password of a request away from the JSON parser, which leaves copies of every string that it reads in
// memory that it has freed. The parser reads the line with an x in place of each byte of the password; the password
// itself is decoded from the line, into memory that the caller wipes.
//
//     PasswordMask mask(line);
//     parse(mask.masked());              // as `line`, but for what a "password" of the outermost object holds
//     mask.unmask(storage.password);     // if the parser found the field to be a string
//
// The line stays well-formed or malformed as it was: an escape that is none is left as it is.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rookery::wire {

class PasswordMask final {
 public:
  // `line` must outlive the object.
  explicit PasswordMask(std::string_view line);

  // `line` itself where it holds no such field. Lives as long as the object.
  [[nodiscard]] std::string_view masked() const noexcept { return copy_ ? std::string_view(*copy_) : line_; }
  // Replaces `password`, which the parser has filled from masked(), by what stands in the line: of a key that stands
  // twice the last. What it replaces and the room that it needed before hold no password.
  void unmask(std::string& password) const;

 private:
  void scan();
  void mask(std::size_t begin, std::size_t end);

  std::string_view line_;
  std::optional<std::string> copy_;
  std::string_view newest_;  // in line_: between the quotes
};

}  // namespace rookery::wire
