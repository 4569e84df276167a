// master/ledger/opening_sign.h
//
// Tells the master, every second, that a ledger which is not ready yet is at work on its store, as long as the object
// lives:
//     const OpeningSign sign(control);
//     store::Store store(data);   // may have gigabytes to check, to copy and to bring to a newer version
//
// By a thread of its own: SQLite's check of a database is one step without callbacks. So it says that the process is
// there and runs, not that it gets on; one that was stopped or killed says nothing.
//
// Who may use it  A process that lets nobody else send on `control` meanwhile.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

namespace rookery::ledger {

class OpeningSign final {
 public:
  explicit OpeningSign(int control);
  ~OpeningSign();
  OpeningSign(const OpeningSign&) = delete;
  OpeningSign& operator=(const OpeningSign&) = delete;

 private:
  void run();

  int control_;
  std::mutex mutex_;
  std::condition_variable done_;
  bool is_open_ = false;  // under mutex_
  std::thread thread_;
};

}  // namespace rookery::ledger
