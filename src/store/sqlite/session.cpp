#include "store/sqlite/session.h"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

namespace muster::store::sqlite {
namespace {

constexpr std::size_t kMaxBodyDepth = 128;

}  // namespace

std::unexpected<Error> damaged(std::string what) {
  return fail(ErrorCode::kInternal, "Stored data is damaged.", std::move(what));
}

void forget_operation(const Session& session, const InstanceId& instance, std::string_view registration_id) {
  if (session.operations != nullptr) session.operations->drop(instance, registration_id);
}

int kind_code(model::EnrollmentKind kind) {
  return kind == model::EnrollmentKind::kIndividual ? 0 : 1;
}

Result<model::EnrollmentKind> kind_from_code(std::int64_t code) {
  switch (code) {
    case 0:
      return model::EnrollmentKind::kIndividual;
    case 1:
      return model::EnrollmentKind::kGroup;
    default:
      return damaged("enrollment kind");
  }
}

Result<boost::json::object> parse_body(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = kMaxBodyDepth;
  options.allow_invalid_utf8 = true;  // what was accepted once must be readable
  boost::json::error_code error;
  boost::json::value value = boost::json::parse(text, error, {}, options);
  if (error || !value.is_object()) return damaged("body: " + error.message());
  return std::move(value.get_object());
}

std::optional<Bytes> seal(const crypto::Sealer& sealer, const SecretBytes& secret, std::string_view context) {
  if (secret.empty()) return std::nullopt;
  return sealer.seal(secret, context);
}

Result<SecretBytes> unseal(const Session& session, const Statement& row, int column, std::string_view context) {
  if (row.is_null(column)) return SecretBytes();
  return session.sealer.open(row.blob(column), context);
}

}  // namespace muster::store::sqlite
