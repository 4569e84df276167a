// tests/fault/points/faulty_files.h
//
// SQLite's way to its files, with the store's fault points in it: a VFS around the usual one.
#pragma once

namespace rookery::fault {

// Makes it SQLite's default for this process and its children. Once, before any database is opened.
void use_faulty_files();

}  // namespace rookery::fault
