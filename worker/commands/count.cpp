// count: four counts of one text as four tasks on the pool; whichever ends last sends the result back to the loop.

#include <chrono>
#include <memory>

#include "worker/commands/command_context.h"
#include "worker/pool/task_group.h"
#include "worker/pool/text_statistics.h"

namespace rookery::worker {

Outcome do_count(CommandContext& context, Session& session, const wire::Command& command) {
  const auto text = std::make_shared<const std::string>(command.text);
  const auto started = os::Monotonic::now();
  auto finish = [&context, index = session.index, client = session.client, id = std::string(command.id), started](
                    auto words, auto characters, auto vowels, auto odd_words) {
    wire::CountResult result;
    result.words = words;
    result.characters = characters;
    result.vowels = vowels;
    result.odd_words = odd_words;
    result.milliseconds = std::chrono::duration<double, std::milli>(os::Monotonic::now() - started).count();
    context.mailbox.post([&context, index, client, id, result] {
      Session* asker = context.sessions.find(index, client);
      if (asker == nullptr) return;
      context.reply(*asker, [&](const wire::Dialect& dialect, std::string& out) {
        dialect.counted(out, {wire::Op::Count, id}, result);
      });
      context.finish_command(*asker);
    });
  };
  const auto task = [&worker = context.worker, text, source = session.address(), client = session.client](auto count) {
    return [&worker, text, source, client, count] {
      const chat::Suspicion suspicion(worker.suspect_of_pool_thread(), source, client);
      return count(*text);
    };
  };
  const bool posted = when_all(context.worker.pool_of(), std::move(finish), task(count_words), task(count_characters),
                               task(count_vowels), task(count_odd_words));
  if (posted) return Outcome::Later;
  return context.refuse(session, {command.op, command.id}, wire::ErrorCode::RateLimited,
                        "too much is waiting for the pool, try again");
}

}  // namespace rookery::worker
