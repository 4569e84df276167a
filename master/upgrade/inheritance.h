// master/upgrade/inheritance.h
//
// Between a state's numbers and the objects that own what they stand for.
#pragma once

#include "ipc/chat/shared_state.h"
#include "master/upgrade/state.h"

namespace rookery::master {

// What is shared, by its numbers.
void save(const chat::SharedState& shared, State& state);

// The same objects again. REQUIRES: the numbers were checked (Predecessor::read), and nobody else owns them.
[[nodiscard]] chat::SharedState take_shared(const State& state);

}  // namespace rookery::master
