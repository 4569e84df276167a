#include "worker/commands/barrier.h"

#include "worker/commands/command_context.h"

namespace rookery::worker {

Outcome Barrier::ping(CommandContext& context, Session& session, const wire::Command& command) {
  const shm::Position published = context.follower.committed_end();
  if (context.follower.position() >= published)
    return context.reply(session, [&](const wire::Dialect& dialect, std::string& out) {
      dialect.pong(out, {wire::Op::Ping, command.id});
    });
  waiting_.push_back({published, session.index, session.client, std::string(command.id)});
  return Outcome::Later;
}

void Barrier::turn(CommandContext& context) {
  std::erase_if(waiting_, [&](const Waiting& waiting) {
    if (context.follower.position() < waiting.until) return false;
    if (Session* session = context.sessions.find(waiting.session, waiting.client)) {
      if (context.delivery.must_wait(*session, waiting.until)) return false;
      context.reply(*session, [&](const wire::Dialect& dialect, std::string& out) {
        dialect.pong(out, {wire::Op::Ping, waiting.id});
      });
      context.finish_command(*session);
    }
    return true;
  });
}

}  // namespace rookery::worker
