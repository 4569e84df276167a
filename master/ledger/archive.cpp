#include "master/ledger/archive.h"

#include <algorithm>
#include <cstring>

#include "ipc/log.h"
#include "ipc/os/crash_dump.h"
#include "ipc/wire/limits.h"

namespace rookery::ledger {

namespace {
constexpr std::size_t kRequestsPerSlot = 4;  // one under way, and repeats after a time-out
}

Archive::Archive(LedgerContext& context, const std::filesystem::path& directory)
    : context_(context), reader_(directory), loops_(context.loop_ringers()) {
  const chat::LedgerRegionView region = context.region();
  for (std::uint32_t slot = 0; slot < context.shared.slots(); ++slot)
    inboxes_.emplace_back(region.slot(slot).inbox_tail, region.inbox_words(slot), chat::kInboxWords,
                          context.loop_control(slot).inbox_taken);
  thread_ = std::thread([this] { run(); });
}

Archive::~Archive() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  woken_.notify_one();
  thread_.join();
}

void Archive::ask(std::uint32_t slot, const chat::Record& record) {
  Request request;
  request.slot = slot;
  request.number = record.header.client;
  if (record.header.kind == chat::RecordKind::FetchMissed) {
    store::MissedQuery query;
    query.below = record.header.seq;
    query.above = record.header.target;
    query.count_only = record.header.flags == static_cast<std::uint8_t>(chat::MissedWish::Count);
    query.page_rows = chat::kMissedPageRows;
    query.page_messages = chat::kHistoryPageMessages;
    query.page_bytes = chat::kHistoryPageBytes;
    request.missed = std::move(query);
    request.missed_topics = std::string(record.text);
    return queue(std::move(request));
  }
  request.query.room = std::string(record.target_name);
  request.query.below = record.header.seq;
  request.query.above = record.header.target;
  request.query.limit =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(record.header.members, wire::kMaxHistoryMessages));
  request.query.order = record.header.flags == 0 ? chat::HistoryOrder::Newest : chat::HistoryOrder::Oldest;
  request.query.page_messages = chat::kHistoryPageMessages;
  request.query.page_bytes = chat::kHistoryPageBytes;
  queue(std::move(request));
}

void Archive::queue(Request request) {
  {
    const std::lock_guard lock(mutex_);
    if (requests_.size() >= kRequestsPerSlot * context_.shared.slots()) return;
    requests_.push_back(std::move(request));
  }
  woken_.notify_one();
}

void Archive::run() {
  const os::CrashStack stack;
  for (;;) {
    Request request;
    {
      std::unique_lock lock(mutex_);
      woken_.wait(lock, [this] { return stop_ || !requests_.empty(); });
      if (stop_) return;
      request = std::move(requests_.front());
      requests_.pop_front();
    }
    answer(request);
    loops_[request.slot].ring_if_asleep();
  }
}

void Archive::answer(const Request& request) {
  try {
    request.missed ? answer_missed(request) : answer_history(request);
  } catch (const store::StoreError& error) {
    log::error("cannot read old messages: {}", error.what());
    put(request, {request.number, chat::HistoryReplyKind::Failed, 0}, {});
  }
}

void Archive::answer_history(const Request& request) {
  using Kind = chat::HistoryReplyKind;
  const store::HistoryPage page = reader_.history(request.query);
  for (const auto& record : page.records) put(request, {request.number, Kind::Message, 0}, record);
  const Kind end = !page.room_known ? Kind::NoSuchRoom : page.remaining > 0 ? Kind::PageEnd : Kind::End;
  put(request, {request.number, end, page.remaining}, {});
}

void Archive::answer_missed(const Request& request) {
  using Kind = chat::HistoryReplyKind;
  store::MissedQuery query = *request.missed;
  auto topics = chat::decode_missed_topics(request.missed_topics);
  if (!topics) {  // a wild worker's
    put(request, {request.number, Kind::Failed, 0}, {});
    return;
  }
  query.topics = std::move(*topics);
  const store::MissedPage page = reader_.missed(query);
  for (const auto& record : page.records) put(request, {request.number, Kind::Message, 0}, record);
  const chat::MissedPageEnd end{page.looked_to, page.found};
  put(request, {request.number, Kind::MissedEnd, 0}, std::as_bytes(std::span(&end, 1)));
}

void Archive::put(const Request& request, const chat::HistoryReplyHeader& header, std::span<const std::byte> record) {
  bytes_.resize(sizeof header + record.size());
  std::memcpy(bytes_.data(), &header, sizeof header);
  if (!record.empty()) std::memcpy(bytes_.data() + sizeof header, record.data(), record.size());
  // No room: the loop has died or stopped with a page unread. It asks again when it needs the answer.
  if (inboxes_[request.slot].append(bytes_) == 0) log::debug("inbox {} is full, an answer was dropped", request.slot);
}

}  // namespace rookery::ledger
