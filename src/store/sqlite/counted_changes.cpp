#include "store/sqlite/counted_changes.h"

#include "store/sqlite/registrations.h"

namespace muster::store::sqlite {

Change<Enrollment> CountedChanges::changing(Change<Enrollment>& change) {
  return [this, &change](const Enrollment* current) -> Result<Enrollment> {
    auto next = change(current);
    if (!next) return next;
    if (current != nullptr && counted_as(*current) == counted_as(*next)) return next;
    if (auto added = counter_.add(transaction_, instance_, counted_as(*next)); !added) {
      return std::unexpected(added.error());
    }
    if (current != nullptr) counter_.remove(transaction_, instance_, counted_as(*current));
    return next;
  };
}

Change<model::CaCertificate> CountedChanges::changing(Change<model::CaCertificate>& change) {
  return [this, &change](const model::CaCertificate* current) -> Result<model::CaCertificate> {
    auto next = change(current);
    if (!next || current != nullptr) return next;
    if (auto added = counter_.add(transaction_, instance_, Counted::kCaCertificate); !added) {
      return std::unexpected(added.error());
    }
    return next;
  };
}

Check<Enrollment> CountedChanges::removing(Check<Enrollment>& check) {
  return [this, &check](const Enrollment& current) -> Result<void> {
    if (auto allowed = check(current); !allowed) return allowed;
    counter_.remove(transaction_, instance_, counted_as(current));
    if (current.kind == EnrollmentKind::kGroup || !counter_.limits(Counted::kRegistration)) return {};
    const auto record = find_registration(session_, instance_, current.id);
    if (!record) return std::unexpected(record.error());
    if (*record && (*record)->enrollment_kind == EnrollmentKind::kIndividual) {
      counter_.remove(transaction_, instance_, Counted::kRegistration);
    }
    return {};
  };
}

Check<model::CaCertificate> CountedChanges::removing(Check<model::CaCertificate>& check) {
  return [this, &check](const model::CaCertificate& current) -> Result<void> {
    auto allowed = check(current);
    if (allowed) counter_.remove(transaction_, instance_, Counted::kCaCertificate);
    return allowed;
  };
}

Check<model::Registration> CountedChanges::removing(Check<model::Registration>& check) {
  return [this, &check](const model::Registration& current) -> Result<void> {
    auto allowed = check(current);
    if (allowed) counter_.remove(transaction_, instance_, Counted::kRegistration);
    return allowed;
  };
}

Result<void> CountedChanges::beginning(const std::string& registration_id) {
  if (!counter_.limits(Counted::kRegistration)) return {};
  const auto record = find_registration(session_, instance_, registration_id);
  if (!record) return std::unexpected(record.error());
  if (*record) return {};
  return counter_.add(transaction_, instance_, Counted::kRegistration);
}

}  // namespace muster::store::sqlite
