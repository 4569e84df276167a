// master/ledger/wal_writes.h
//
// SQLite's way to its files (a VFS), for the connection that stores messages: what a group commit writes to the
// write-ahead log goes to the kernel at once, into space that the file has already.
//     sqlite3_open_v2(file, &database, flags, gathered_wal_vfs());
//
// SQLite hands each page over in two writes, some 14 for a small group. They lie one behind the other, so they are
// gathered and written before the sync that ends the group; nobody looks for them before that, since other connections
// are told of frames only after it. Needs synchronous=FULL: without a sync nothing is written.
//
// An append makes the file longer, and an fdatasync then has to store the file's size as well: it costs twice as much
// as that of a write into the middle. So the file is made longer by zeros, some groups ahead of the frames. They are
// no frames: no salts of the WAL's life stand in them (wal_check.h), and SQLite stops at the first one as at the file's
// end.
//
// A write that fails  is told of at the sync, as a failed write and not as a failed sync; what was gathered is dropped.
// Zeros that do not fit on the disk are nobody's loss.
#pragma once

namespace rookery::store {

// The name of the VFS, which wraps the one that is SQLite's default at the first call.
[[nodiscard]] const char* gathered_wal_vfs();

}  // namespace rookery::store
