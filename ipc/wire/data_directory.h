// ipc/wire/data_directory.h
//
// Where a server keeps its state when nobody says otherwise. The server and the operator's tool must come to the same
// answer, or the tool would look for the control socket in the wrong place.
#pragma once

#include <filesystem>
#include <string_view>

namespace rookery::wire {

inline constexpr std::string_view kControlSocketName = "control.sock";  // in the data directory

// $XDG_STATE_HOME/rookery, or $HOME/.local/state/rookery where that is unset or, against its specification, relative.
// Throws std::runtime_error when HOME is unset too. Creates nothing.
[[nodiscard]] std::filesystem::path user_state_directory();

// $ROOKERY_DATA, or else user_state_directory().
[[nodiscard]] std::filesystem::path default_data_directory();

}  // namespace rookery::wire
