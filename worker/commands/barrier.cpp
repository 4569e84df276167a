#include "worker/commands/barrier.h"

#include <iterator>
#include <utility>

#include "worker/commands/command_context.h"

namespace rookery::worker {

Outcome Barrier::ping(CommandContext& context, Session& session, const wire::Command& command) {
  const shm::Position published = context.follower.committed_end();
  if (context.follower.position() >= published)
    return context.reply(session, [&](const wire::Dialect& dialect, std::string& out) {
      dialect.pong(out, {wire::Op::Ping, command.id});
    });
  after(published, session, [&context, index = session.index, client = session.client, id = std::string(command.id)] {
    Session* there = context.sessions.find(index, client);
    context.reply(*there, [&](const wire::Dialect& dialect, std::string& out) {
      dialect.pong(out, {wire::Op::Ping, id});
    });
    context.finish_command(*there);
  });
  return Outcome::Later;
}

void Barrier::after(shm::Position until, const Session& session, std::function<void()> job) {
  waiting_.push_back({until, session.index, session.client, std::move(job)});
}

void Barrier::turn(CommandContext& context) {
  std::vector<Waiting> still;
  for (Waiting& waiting : std::exchange(waiting_, {})) {
    Session* session = context.sessions.find(waiting.session, waiting.client);
    if (session == nullptr) continue;
    if (context.follower.position() < waiting.until || context.delivery.must_wait(*session, waiting.until))
      still.push_back(std::move(waiting));
    else
      waiting.job();
  }
  waiting_.insert(waiting_.begin(), std::make_move_iterator(still.begin()), std::make_move_iterator(still.end()));
}

}  // namespace rookery::worker
