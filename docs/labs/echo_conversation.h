// docs/labs/echo_conversation.h
//
// What all four servers of the lab echo-servers do with a client, once they have time for it: say back each line, as
// Rookery does: "hello" is answered with "Echo: hello".
#pragma once

#include "ipc/os/file_descriptor.h"

namespace rookery::labs {

// Until the client leaves. Blocks meanwhile: that is what the four servers are about.
void converse(const os::FileDescriptor& client);

}  // namespace rookery::labs
