// master/upgrade/predecessor.h
//
// The master that ran in this process before this one: what it left, and the way back to it.
//
// It says in the environment where that is: ROOKERY_TAKE_OVER="STATE BACK WHY", the descriptor of its state's text, the
// descriptor of its program (-1: there is no way back), and, from one that has given up, why.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ipc/os/file_descriptor.h"
#include "master/upgrade/state.h"

namespace rookery::master {

inline constexpr const char* kTakeOverVariable = "ROOKERY_TAKE_OVER";

class Predecessor final {
 public:
  // Empty where nobody was here before. Takes the variable out of the environment.
  [[nodiscard]] static std::optional<Predecessor> find(std::vector<std::string> arguments);

  // The variable's value.
  [[nodiscard]] static std::string describe(int state, int way_back, const std::string& why);

  // Reads what it left, and sees to it that nothing of it goes on to children that execute something. Throws BadState:
  // wrong process, other layout, a descriptor that is not what it should be.
  [[nodiscard]] const State& read();

  // It has given up and we are back. Empty: it has not.
  [[nodiscard]] const std::string& why_given_up() const noexcept { return why_; }

  // Executes its program again, to go on with what it left as if nothing had happened. Returns only where there is no
  // way back any more, or it fails.
  void go_back(const std::string& why) const;
  // From here on what it left changes: children are started, descriptors closed. The way back is by hand_over_to().
  void begin() noexcept { untouched_ = false; }
  // We stay.
  void forget() noexcept;

  // Its program. -1: there is no way back.
  [[nodiscard]] int program() const noexcept { return program_.get(); }

 private:
  Predecessor(std::vector<std::string> arguments, int text, int program, std::string why);

  std::vector<std::string> arguments_;
  os::FileDescriptor text_;
  std::optional<State> state_;
  os::FileDescriptor program_;
  std::string why_;
  bool untouched_ = true;
};

// Executes `program` with the state's text behind `state`. Returns errno.
[[nodiscard]] int hand_over_to(int program, const std::vector<std::string>& arguments, const State& state, int way_back,
                               const std::string& why);

}  // namespace rookery::master
