#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "crypto/sealing.h"
#include "model/enrollment.h"
#include "model/json.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/operation_cache.h"

namespace muster::store::sqlite {

class HubNotices;

/// What reading and writing rows takes. Passed down, never kept.
struct Session {
  Connection& connection;
  const crypto::Sealer& sealer;
  OperationCache* operations = nullptr;  ///< in changes: what they may read there and have to keep true
  HubNotices* notices = nullptr;         ///< in changes: who hears what happens to devices of hubs; null: nobody
  /// In changes: record_key() of each registration record that they write.
  std::vector<std::string>* written_records = nullptr;
};

/// To be called by every change before it writes the record or an operation of a device.
void forget_operation(const Session& session, const InstanceId& instance, std::string_view registration_id);

/// A stored row that cannot be read back: kInternal, `what` for the operator's log.
std::unexpected<Error> damaged(std::string what);

/// The enrollment kind as stored.
int kind_code(model::EnrollmentKind kind);
/// kInternal for a code that nobody writes.
Result<model::EnrollmentKind> kind_from_code(std::int64_t code);

/// A body column. Deeper nesting than peers may send is accepted, because the stored form wraps what they sent.
Result<boost::json::object> parse_body(std::string_view text);

/// An empty secret is stored as NULL.
std::optional<Bytes> seal(const crypto::Sealer& sealer, const SecretBytes& secret, std::string_view context);
inline std::optional<Bytes> seal(const Session& session, const SecretBytes& secret, std::string_view context) {
  return seal(session.sealer, secret, context);
}
/// Column `column` of the current row.
Result<SecretBytes> unseal(const Session& session, const Statement& row, int column, std::string_view context);

}  // namespace muster::store::sqlite
