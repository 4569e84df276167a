// Accounts: register, login, logout. The hashing runs on the pool; the answer comes back through the loop's mailbox.

#include <cstring>
#include <memory>

#include "ipc/auth/password_hash.h"
#include "ipc/auth/secret.h"
#include "ipc/log.h"
#include "worker/commands/command_context.h"

namespace rookery::worker {

namespace {

// What a pool job needs to find its way back.
struct Asker {
  std::uint32_t index;
  std::uint64_t client;
  std::string id;  // of the request
  chat::SourceAddress address;
};

// Since then, for the histogram.
std::uint64_t microseconds_since(os::Monotonic::time_point begin) noexcept {
  const auto passed = std::chrono::duration_cast<std::chrono::microseconds>(os::Monotonic::now() - begin);
  return static_cast<std::uint64_t>(passed.count());
}

// Hands the work to the desk; the request is answered from the mailbox, or refused here.
Outcome ask_desk(CommandContext& context, Session& session, PasswordRequest request) {
  const std::string id = request.id;  // the request itself is moved away
  const wire::RequestTag tag{request.op, id};
  const Source source = context.sessions.source(session);
  request.source = source.key;
  request.of_many = source.loopback && !context.settings.limits.limit_loopback;
  request.session = session.index;
  request.client = session.client;
  switch (context.passwords.admit(os::Monotonic::now(), std::move(request))) {
    case PasswordDesk::Admission::Accepted:
      return Outcome::Later;
    case PasswordDesk::Admission::SourceHasTooMany:
      chat::count(context.sessions.counters().passwords_refused);
      return context.refuse(session, tag, wire::ErrorCode::RateLimited, kTooManyOfSource);
    case PasswordDesk::Admission::Full:
      break;
  }
  chat::count(context.sessions.counters().passwords_refused);
  return context.refuse(session, tag, wire::ErrorCode::RateLimited,
                        "too many passwords are being checked, try again in a few seconds");
}

void ask_for_account(CommandContext& context, const Asker& asker, const std::string& name,
                     const std::optional<auth::PasswordHash>& hash) {
  Session* session = context.sessions.find(asker.index, asker.client);
  if (session == nullptr) return;
  const wire::RequestTag tag{wire::Op::Register, asker.id};
  if (!hash) {
    context.refuse(*session, tag, wire::ErrorCode::RateLimited, "no memory to hash a password, try again");
    context.finish_command(*session);
    return;
  }
  if (context.refuse_if_not_stored(*session, tag)) {
    context.finish_command(*session);
    return;
  }
  chat::Record record;
  record.header.kind = chat::RecordKind::Register;
  record.header.op = static_cast<std::uint8_t>(wire::Op::Register);
  record.name = name;
  record.text = {hash->encoded.data(), ::strnlen(hash->encoded.data(), hash->encoded.size())};
  record.id = asker.id;
  if (!context.outbox.ask(*session, record)) {  // full: later, with the hash that we have
    context.outbox.park([&context, asker, name, hash] { ask_for_account(context, asker, name, hash); });
    return;
  }
  context.finish_command(*session);
}

// `user`: as in SessionStream.
void finish_login(CommandContext& context, const Asker& asker, const std::string& name, std::uint32_t user,
                  bool right) {
  Session* session = context.sessions.find(asker.index, asker.client);
  if (session == nullptr) return;
  // The answer says from which message on it hears what is for the account: what is before that it has had then.
  const shm::Position here = context.follower.position();
  if (context.delivery.must_wait(*session, here))
    return context.barrier.after(
        here, *session, [&context, asker, name, user, right] { finish_login(context, asker, name, user, right); });
  const wire::RequestTag tag{wire::Op::Login, asker.id};
  // What held when the password was given may not hold now: a new one is in force, or the account is locked.
  if (!right || context.worker.users.entry(user - 1).state.load(std::memory_order_acquire) != shm::EntryState::Live) {
    // A name that nobody has may be a password in the wrong place.
    log::about_client(log::Topic::Logins, log::Level::Info, {asker.client, asker.address.text()}, "login refused: {}",
                      user != 0 ? "another password than that of " + name : "no such account, or a locked one");
    context.refuse(*session, tag, wire::ErrorCode::BadCredentials, "no such name, or another password");
    context.finish_command(*session);
    return;
  }
  const chat::SessionLogin login = chat::login_of(context.worker.users, user);
  // After the password: who only guesses is told nothing.
  if (const chat::Ban* ban = context.bans.find_account(login.account)) {
    log::about_client(log::Topic::Logins, log::Level::Info, {asker.client, asker.address.text()},
                      "login refused: {} is banned", name);
    context.refuse(*session, tag, wire::ErrorCode::Banned, words_of(*ban));
    context.finish_command(*session);
    return;
  }
  context.follower.listen_to_account(*session, login.account);
  if (!LogFollower::hears_chat(*session)) context.follower.listen_to_chat(*session);
  log::about_client(log::Topic::Logins, log::Level::Info, {asker.client, asker.address.text()}, "logged in as {}",
                    name);
  context.reply(*session, [&](const wire::Dialect& dialect, std::string& out) {
    dialect.logged_in(out, tag, {asker.client, login.name_view()}, context.worker.epoch(),
                      context.follower.newest_seq());
  });
  // After the reply, which may commit what is before it: this belongs to the end of the command.
  session->stream.user = user;
  session->set(chat::kHasLoggedIn, true);
  context.finish_command(*session);
}

}  // namespace

Outcome do_register(CommandContext& context, Session& session, const wire::Command& command) {
  const wire::RequestTag tag{command.op, command.id};
  if (!context.settings.registration_open)
    return context.refuse(session, tag, wire::ErrorCode::RegistrationClosed,
                          "accounts are made by the operator of this server, ask there for one");
  if (context.worker.users.find(command.name) != nullptr)
    return context.refuse(session, tag, wire::ErrorCode::NameTaken,
                          "the name " + std::string(command.name) + " is taken, choose another");
  if (context.refuse_if_not_stored(session, tag)) return Outcome::Done;
  Asker asker{session.index, session.client, std::string(command.id), session.address()};
  PasswordRequest request{.op = tag.op, .id = asker.id, .work = [] {}};
  request.work = [&context, source = context.sessions.source(session).key, asker = std::move(asker),
                  name = std::string(command.name), password = auth::Secret(command.password)] {
    if (context.worker.abandoned) return;
    const chat::Suspicion suspicion(context.worker.suspect_of_pool_thread(), asker.address, asker.client);
    const auto begin = os::Monotonic::now();
    const auto hash = auth::hash_password(password.view());
    context.mailbox.post([&context, source, asker, name, hash, took_us = microseconds_since(begin)] {
      context.sessions.counters().hash_us.add(took_us);
      context.passwords.finished(os::Monotonic::now(), source, 0, false);
      ask_for_account(context, asker, name, hash);
    });
  };
  return ask_desk(context, session, std::move(request));
}

Outcome do_login(CommandContext& context, Session& session, const wire::Command& command) {
  const wire::RequestTag tag{command.op, command.id};
  if (session.stream.user != 0) return context.refuse(session, tag, wire::ErrorCode::AlreadyLoggedIn, "log out first");

  // A name that does not exist costs the same time: a hash that nobody's password has is checked instead.
  const shm::NameTableEntry* user = context.worker.users.find(command.name);
  auth::PasswordHash hash = auth::decoy_hash();
  if (user != nullptr) std::memcpy(hash.encoded.data(), user->value, hash.encoded.size());
  const bool open = user != nullptr && user->state.load(std::memory_order_acquire) == shm::EntryState::Live;
  const std::uint32_t number = open ? 1 + context.worker.users.number_of(*user) : 0;  // a locked one costs the same
  Asker asker{session.index, session.client, std::string(command.id), session.address()};
  PasswordRequest request{
      .name = name_key(command.name, context.worker.settings.address_secret), .op = tag.op, .id = asker.id, .work = [] {
      }};
  request.work = [&context, source = context.sessions.source(session).key, key = request.name, asker = std::move(asker),
                  hash, number, password = auth::Secret(command.password),
                  name = std::string(user != nullptr ? user->name_view() : command.name)] {
    if (context.worker.abandoned) return;
    const chat::Suspicion suspicion(context.worker.suspect_of_pool_thread(), asker.address, asker.client);
    const auto begin = os::Monotonic::now();
    const bool right = auth::verify_password(hash, password.view()) && number != 0;
    context.mailbox.post([&context, source, key, asker, name, number, right, took_us = microseconds_since(begin)] {
      chat::LoopCounters& counters = context.sessions.counters();
      counters.hash_us.add(took_us);
      const bool good = right && context.bans.find_account(context.worker.users.entry(number - 1).id) == nullptr;
      chat::count(good ? counters.logins_good : counters.logins_bad);
      context.passwords.finished(os::Monotonic::now(), source, key, !right);  // also when nobody waits any more
      finish_login(context, asker, name, number, right);
    });
  };
  return ask_desk(context, session, std::move(request));
}

Outcome do_logout(CommandContext& context, Session& session, const wire::Command& command) {
  const wire::RequestTag tag{command.op, command.id};
  const chat::SessionLogin login = context.sessions.login(session);
  if (login.account == 0) return context.refuse(session, tag, wire::ErrorCode::NotLoggedIn, "nobody is logged in here");
  const std::uint64_t account = login.account;
  if (!context.settings.allow_guests) context.follower.listen_no_more(session);  // under the name it had
  context.delivery.settle_position(session);
  if (Topic* topic = context.delivery.topics.account(account)) topic->remove(session);
  context.delivery.topics.forget_person(account, 0);
  const Outcome done =
      context.reply(session, [&](const wire::Dialect& dialect, std::string& out) { dialect.logged_out(out, tag); });
  session.stream.user = 0;  // after the reply, as in finish_login()
  return done;
}

void close_banned(CommandContext& context) {
  context.sessions.for_each([&](Session& session) {
    if (session.has(chat::kClosing)) return;
    const chat::SessionLogin login = context.sessions.login(session);
    const chat::Ban* ban = context.bans.find(session.address());
    if (ban == nullptr && login.account != 0) ban = context.bans.find_account(login.account);
    if (ban == nullptr) return;
    log::about_client(log::Topic::Logins, log::Level::Info, {session.client, session.address().text()}, "is closed: {}",
                      words_of(*ban));
    if (session.dialect_id() == wire::DialectId::Undecided) {  // as when it had come a moment later
      context.scratch.clear();
      wire::dialect(wire::DialectId::Text).refused(context.scratch, {wire::ErrorCode::Banned, words_of(*ban), {}, {}});
      context.delivery.say_last(session, context.scratch);
    }
    context.dismiss(session, words_of(*ban));
  });
}

void close_ended_accounts(CommandContext& context) {
  const auto& users = context.worker.users;
  context.sessions.for_each([&](Session& session) {
    const chat::SessionLogin login = context.sessions.login(session);
    if (login.account == 0 || session.has(chat::kClosing)) return;
    const auto is_live = [](const shm::NameTableEntry& user) {
      return user.state.load(std::memory_order_acquire) == shm::EntryState::Live;
    };
    const shm::NameTableEntry* user = users.find(login.name_view());
    const char* what = nullptr;
    if (user == nullptr || user->id != login.account)
      what = "your account was removed by the operator";
    else if (!is_live(*user))
      what = "your account was locked by the operator";
    else if (!is_live(users.entry(session.stream.user - 1)))  // another entry is in force, with another hash
      what = "the password of your account was changed by the operator";
    if (what == nullptr) return;
    log::about_client(log::Topic::Logins, log::Level::Info, {session.client}, "was logged in as {}, is closed: {}",
                      login.name_view(), what);
    context.dismiss(session, what);
  });
}

}  // namespace rookery::worker
