// Nothing: the target needs a source for its precompiled headers (tests/CMakeLists.txt).
