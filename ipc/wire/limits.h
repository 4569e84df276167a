// ipc/wire/limits.h
//
// The limits that clients can rely on, and the checks that hold them. docs/wire-protocol.md lists them for people.
#pragma once

#include <cstddef>
#include <string_view>

namespace rookery::wire {

inline constexpr std::size_t kMaxLineBytes = 8192;  // without the line's end (LF or CR LF)
inline constexpr std::size_t kMaxNameBytes = 32;    // of an account
inline constexpr std::size_t kMaxRoomBytes = 33;    // '#' and 32
inline constexpr std::size_t kMinPasswordBytes = 8;
inline constexpr std::size_t kMaxPasswordBytes = 128;
inline constexpr std::size_t kMaxJsonDepth = 32;         // nesting of a request; deeper ones are refused
inline constexpr unsigned kDefaultHistoryMessages = 50;  // what `history` gives when not told how many
inline constexpr unsigned kMaxHistoryMessages = 1000;    // and at most; ask again with `before` for older ones
inline constexpr std::string_view kLobby = "#lobby";
inline constexpr std::string_view kEverybody = "*";  // the "room" of a broadcast
inline constexpr std::string_view kGuestPrefix = "guest";

// 1 to 32 of A-Z a-z 0-9 _ -
[[nodiscard]] bool is_valid_name(std::string_view name) noexcept;

// "guest" and digits alone, in any case: what the server calls those who are not logged in, so no account may have it.
[[nodiscard]] bool is_guest_name(std::string_view name) noexcept;

// Names that would be taken for somebody they are not: guests' and those above, "guest", "root", "admin", "system",
// "server" and what begins with "guest-", in any case; and what begins with '-', which a command line takes for an
// option. Nobody can register one; an operator can make it.
[[nodiscard]] bool is_reserved_name(std::string_view name) noexcept;

// '#' and 1 to 32 of the same characters as a name.
[[nodiscard]] bool is_valid_room(std::string_view room) noexcept;

[[nodiscard]] bool is_valid_password(std::string_view password) noexcept;

// What may be the text of a message: not empty, UTF-8 checked elsewhere, no NUL.
[[nodiscard]] bool is_valid_text(std::string_view text) noexcept;

// Whole and well-formed UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF, no half characters.
[[nodiscard]] bool is_valid_utf8(std::string_view bytes) noexcept;

}  // namespace rookery::wire
