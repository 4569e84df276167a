// Linked into test programs that say ONE_THREAD (tests/CMakeLists.txt), which are not run under ThreadSanitizer since
// it would have nothing to see in them. Takes the place of the C library's function, also for the C++ library, and so
// holds the program to its word.
#include <cstdio>
#include <cstdlib>

extern "C" int pthread_create(void* /*thread*/, const void* /*attributes*/, void* (*)(void*), void* /*argument*/) {
  std::fputs("This test program starts a thread: take ONE_THREAD from its rookery_test()\n", stderr);
  std::abort();
}
