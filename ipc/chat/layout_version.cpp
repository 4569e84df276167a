#include "ipc/chat/layout_version.h"

#ifndef ROOKERY_LAYOUT_VERSION
#define ROOKERY_LAYOUT_VERSION 8
#endif

namespace rookery::chat {

const std::uint32_t kLayoutVersion = ROOKERY_LAYOUT_VERSION;

}  // namespace rookery::chat
