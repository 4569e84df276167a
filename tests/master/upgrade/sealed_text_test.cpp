#include "master/upgrade/sealed_text.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "master/upgrade/state.h"

namespace rookery::master {
namespace {

TEST(SealedTextTest, IsReadAsItWasWritten) {
  const std::string text(100'000, 'x');
  EXPECT_EQ(read_sealed_text(seal_text("test", text).get()), text);
  EXPECT_EQ(read_sealed_text(seal_text("test", "").get()), "");
}

TEST(SealedTextTest, NobodyChangesIt) {
  const auto file = seal_text("test", "text");
  EXPECT_LT(::pwrite(file.get(), "T", 1, 0), 0);
  EXPECT_NE(::ftruncate(file.get(), 0), 0);
}

TEST(SealedTextTest, WhatCouldStillChangeIsNotRead) {
  const os::FileDescriptor open(::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  EXPECT_THROW(static_cast<void>(read_sealed_text(open.get())), BadState);
  const os::FileDescriptor other(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_THROW(static_cast<void>(read_sealed_text(other.get())), BadState);
  EXPECT_THROW(static_cast<void>(read_sealed_text(-1)), BadState);
}

}  // namespace
}  // namespace rookery::master
