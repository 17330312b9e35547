#include "store/sqlite/row_counter.h"

#include <utility>

#include <fmt/format.h>

#include "model/attestation.h"

namespace muster::store::sqlite {
namespace {

struct CountedRows {
  Counted what;
  std::string_view plural;
  Sql count;  ///< columns: instance, number of rows
};

constexpr CountedRows kCountedRows[] = {
    {Counted::kEnrollment, "individual enrollments",
     "SELECT instance, count(*) FROM enrollment WHERE kind = 0 GROUP BY instance"},
    {Counted::kX509Group, "enrollment groups with X.509 certificates",
     "SELECT instance, count(*) FROM enrollment WHERE kind = 1 AND attestation = 'x509' GROUP BY instance"},
    {Counted::kSymmetricKeyGroup, "enrollment groups with symmetric keys",
     "SELECT instance, count(*) FROM enrollment WHERE kind = 1 AND attestation = 'symmetricKey' GROUP BY instance"},
    {Counted::kRegistration, "registrations", "SELECT instance, count(*) FROM registration GROUP BY instance"},
    {Counted::kCaCertificate, "CA certificates", "SELECT instance, count(*) FROM ca_certificate GROUP BY instance"},
};

/// A row that is counted although its change may still fail.
class Provisional {
 public:
  explicit Provisional(std::size_t& count) : count_(&count) { ++*count_; }
  Provisional(Provisional&& other) noexcept : count_(std::exchange(other.count_, nullptr)) {}
  Provisional& operator=(Provisional&&) = delete;
  ~Provisional() {
    if (count_ != nullptr) --*count_;
  }
  void keep() { count_ = nullptr; }

 private:
  std::size_t* count_;
};

}  // namespace

Counted counted_as(const model::Enrollment& enrollment) {
  if (enrollment.kind == model::EnrollmentKind::kIndividual) return Counted::kEnrollment;
  const bool symmetric = std::holds_alternative<model::SymmetricKeyAttestation>(enrollment.attestation);
  return symmetric ? Counted::kSymmetricKeyGroup : Counted::kX509Group;
}

RowCounter::RowCounter(const RowLimits& limits)
    : limits_{limits.enrollments, limits.x509_groups, limits.symmetric_key_groups, limits.registrations,
              limits.ca_certificates} {
}

Result<void> RowCounter::load(Connection& connection) {
  for (const CountedRows& rows : kCountedRows) {
    if (!limits(rows.what)) continue;
    auto statement = connection.query(rows.count);
    if (!statement) return std::unexpected(statement.error());
    while (true) {
      const Result<bool> row = statement->step();
      if (!row) return std::unexpected(row.error());
      if (!*row) break;
      counts_of(rows.what)[statement->string(0)] = static_cast<std::size_t>(statement->integer(1));
    }
  }
  return {};
}

Result<void> RowCounter::add(Transaction& transaction, const model::InstanceId& instance, Counted what) {
  if (!limits(what)) return {};
  // References into an unordered_map stay valid, so the hook may keep one.
  std::size_t& count = counts_of(what)[instance];
  if (count >= limit_of(what)) {
    return fail(ErrorCode::kLimitExceeded,
                fmt::format("This provisioning service may have at most {} {}.", limit_of(what),
                            kCountedRows[static_cast<std::size_t>(what)].plural));
  }
  transaction.on_commit([provisional = Provisional(count)]() mutable { provisional.keep(); });
  return {};
}

void RowCounter::remove(Transaction& transaction, const model::InstanceId& instance, Counted what) {
  if (!limits(what)) return;
  transaction.on_commit([&count = counts_of(what)[instance]] { --count; });
}

}  // namespace muster::store::sqlite
