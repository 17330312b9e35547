#pragma once

#include <optional>
#include <string>

#include "store/sqlite/session.h"
#include "store/store.h"

namespace muster::store::sqlite {

/// Columns of the table `enrollment` besides its key: what is searched, the stored JSON, and apart from it certificates
/// as DER and symmetric keys sealed.
struct EnrollmentRow {
  std::string_view attestation;
  std::string_view status;
  std::string body;
  std::optional<Bytes> primary_certificate;
  std::optional<Bytes> secondary_certificate;
  std::optional<Bytes> primary_key;
  std::optional<Bytes> secondary_key;
};

EnrollmentRow to_row(const crypto::Sealer& sealer, const InstanceId& instance, const Enrollment& value);

/// Columns: kind, enrollment_key, body, primary_certificate, secondary_certificate, primary_key, secondary_key.
Result<Enrollment> read_enrollment(const Session& session, const InstanceId& instance, const Statement& row);

/// The etag out of the column `body`.
Result<std::string> etag_of_body(std::string_view body);

/// Names the row and column of a sealed group or device key; `slot` is "primary" or "secondary".
std::string enrollment_key_context(const InstanceId& instance, EnrollmentKind kind, std::string_view key,
                                   std::string_view slot);

}  // namespace muster::store::sqlite
