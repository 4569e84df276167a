#include "master/ledger/stored_bans.h"

#include "master/ledger/connection.h"
#include "master/ledger/statement.h"

namespace rookery::store {

std::vector<StoredBan> read_bans(const Connection& connection, std::int64_t now_ms) {
  Statement select(connection,
                   "SELECT mask, account, since_ms, until_ms, reason FROM bans WHERE (until_ms=0 OR until_ms>?)"
                   " AND (account=0 OR account IN (SELECT id FROM accounts)) ORDER BY mask");
  select.bind(1, now_ms);
  std::vector<StoredBan> bans;
  while (select.next())
    bans.push_back(
        {std::string(select.text(0)), select.bits(1), select.number(2), select.number(3), std::string(select.text(4))});
  if (select.failed()) connection.fail("read its bans");
  return bans;
}

}  // namespace rookery::store
