// client/load/compare/crash.h
//
// What the death of one worker process costs: clients talk at a steady pace, one worker is killed (kill -9), and those
// whose connection ends come back as fast as they can.
//
// cut_off      clients whose connection ended.
// pause        of a client, the longer of two. The longest that a request of its own waited for an answer after the
//              kill, from the moment it was due; one that never got an answer counts until the server talks to the
//              client again. And the longest from the end of its connection to the first answer on its next one:
//              requests are due every 50 ms and would not see a shorter absence. Where connections outlive their
//              worker only the first remains, and cut_off is 0.
// pause_*_ms   over the clients that the death touched: those of the killed process, and whoever else was cut off or
//              paused.
// paused       clients with a pause of kPausedFrom or more. A request of each is due every 50 ms and a healthy answer
//              comes within a few; five in a row missing are no dawdling disk or scheduler but something that people
//              notice.
// lost         messages that were acknowledged and are not in their room's history afterwards.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "client/load/compare/results.h"
#include "client/load/compare/started_server.h"

namespace rookery::load {

struct CrashPlan {
  std::uint32_t clients = 200;
  std::chrono::milliseconds interval{50};   // between the requests of a client
  std::chrono::milliseconds warm_up{1000};  // before anything counts
  std::chrono::milliseconds before{1000};   // the kill; the timeline begins here
  std::chrono::milliseconds after{3000};
};

inline constexpr std::chrono::milliseconds kPausedFrom{250};
inline constexpr std::chrono::milliseconds kTimelineBucket{20};

// Of the workers that have clients, kills the one at the place `victim` modulo their count. Fills figures, detail and
// failures. Throws std::runtime_error when it could not be carried out, Interrupted.
void measure_crash(const StartedServer& server, const CrashPlan& plan, std::uint32_t victim, Sample& sample);

}  // namespace rookery::load
