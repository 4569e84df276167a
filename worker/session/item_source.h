// worker/session/item_source.h
//
// A reply of many items (list, rooms, history, resume), made piece by piece as the client takes it: however long the
// list, a client that does not read holds one piece in memory. Where it stands is kept in the session's stream
// (items_next, items_given), so that it can go on in another process.
#pragma once

#include <string>

namespace rookery::worker {

struct Session;

enum class ItemsState : unsigned char {
  More,     // there is more to come: ask again
  Later,    // there is more to come, in the next turn: this one's share is used up
  Waiting,  // nothing now; the session is touched when there is
  Done,     // that was the end of the reply
};

class ItemSource {
 public:
  virtual ~ItemSource() = default;

  // Appends some items, about a few KiB, to `out`.
  [[nodiscard]] virtual ItemsState next(Session& session, std::string& out) = 0;

  // The last piece is in the session's output: its command is done. Both are committed as one.
  virtual void done(Session& session) = 0;
};

}  // namespace rookery::worker
