#pragma once

#include "store/sqlite/row_counter.h"
#include "store/sqlite/session.h"
#include "store/store.h"

namespace muster::store::sqlite {

/// Makes the changes of one transaction keep the counts and their limits. Each function wraps what the caller of the
/// store gave; the wrapped one is called first, so that its errors come before those of a limit. Lives as long as the
/// change runs.
class CountedChanges {
 public:
  CountedChanges(RowCounter& counter, Transaction& transaction, const Session& session, const InstanceId& instance)
      : counter_(counter), transaction_(transaction), session_(session), instance_(instance) {}

  Change<Enrollment> changing(Change<Enrollment>& change);
  Change<model::CaCertificate> changing(Change<model::CaCertificate>& change);
  /// An individual entry takes its registration record with it.
  Check<Enrollment> removing(Check<Enrollment>& check);
  Check<model::CaCertificate> removing(Check<model::CaCertificate>& check);
  Check<model::Registration> removing(Check<model::Registration>& check);
  /// To be called before an operation begins: a device that has no record yet gets one.
  Result<void> beginning(const std::string& registration_id);

 private:
  RowCounter& counter_;
  Transaction& transaction_;
  const Session& session_;
  const InstanceId& instance_;
};

}  // namespace muster::store::sqlite
