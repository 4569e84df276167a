// docs/labs/pipe.cpp
//
// Two processes talk over a duplex pipe, until one is gone and the other one hears of it. Its page: pipe.md.
#include "ipc/os/pipe.h"

#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <utility>

#include "docs/labs/children.h"
#include "docs/labs/lab.h"
#include "docs/labs/say.h"
#include "ipc/os/file_descriptor.h"
#include "ipc/os/process.h"

namespace rookery::labs {

namespace {

// What the child does: says everything back, last letter first.
int answer(int pipe) {
  while (std::optional<std::string> text = hear(pipe))
    if (!tell(pipe, std::string(text->rbegin(), text->rend()))) break;
  say("  child: end of file, nobody talks to me any more: I go");
  return 0;
}

struct Talker {
  os::Process process;
  os::FileDescriptor pipe;  // our end
};

Talker start_talker() {
  os::DuplexPipe pipe = os::make_duplex_pipe();
  os::Process process = start_child([&pipe] {
    os::close_all_but({pipe.theirs.get()});  // our parent's end too, or we would never hear that it is gone
    return answer(pipe.theirs.get());
  });
  return {std::move(process), std::move(pipe.ours)};  // and here goes the child's end
}

std::string ask(const Talker& talker, const std::string& text) {
  if (!tell(talker.pipe.get(), text)) return "(nobody there)";
  return hear(talker.pipe.get()).value_or("(nobody there)");
}

}  // namespace

int pipe(Options& options) {
  const auto patience = options.milliseconds("patience", 200, "how long to wait for news that does not come");
  options.complete();

  say("1. They talk");
  Talker polite = start_talker();
  for (const char* const word : {"stressed", "drawer", "live"}) say("parent: {} -> {}", word, ask(polite, word));

  say("2. The parent closes its end");
  polite.pipe.reset();
  say("parent: the child ended with {}", wait_for_end(polite.process).describe());

  say("3. The child is killed");
  Talker killed = start_talker();
  say("parent: evil -> {}", ask(killed, "evil"));
  killed.process.signal(SIGKILL);
  if (!hear(killed.pipe.get())) say("parent: end of file: it must be dead");
  say("parent: it ended with {}", wait_for_end(killed.process).describe());

  say("4. The same, but somebody else has kept the child's end");
  const os::DuplexPipe kept = os::make_duplex_pipe();  // we have: in kept.theirs
  os::Process child = start_child([&kept] { return answer(kept.theirs.get()); });
  child.signal(SIGKILL);
  say("parent: it ended with {}", wait_for_end(child).describe());
  const bool news = readable_within(kept.ours.get(), patience);
  say("parent: {} within {} ms", news ? "end of file" : "no end of file", patience.count());
  return 0;
}

}  // namespace rookery::labs
