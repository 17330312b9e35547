#pragma once

#include <array>
#include <optional>
#include <unordered_map>

#include "model/enrollment.h"
#include "model/ids.h"
#include "store/row_limits.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/writer.h"

namespace muster::store::sqlite {

/// What is counted.
enum class Counted { kEnrollment, kX509Group, kSymmetricKeyGroup, kRegistration, kCaCertificate };

/// What an entry counts as; groups of other attestations do not exist (service-api.md 4).
Counted counted_as(const model::Enrollment& enrollment);

/// Knows how many rows each instance has of the kinds that are limited, so that no write has to count them: SQLite
/// would walk through the whole table. Counted once when the store opens, then kept up to date. A kind without a limit
/// is not counted and costs nothing.
///
/// Used on the writer's thread only, and before it starts. Outlives the writer.
class RowCounter {
 public:
  explicit RowCounter(const RowLimits& limits);
  /// Counts what is limited.
  Result<void> load(Connection& connection);

  [[nodiscard]] bool limits(Counted what) const { return limit_of(what) != 0; }
  /// One row more, from now on; taken back unless the change and the batch are committed. kLimitExceeded.
  Result<void> add(Transaction& transaction, const model::InstanceId& instance, Counted what);
  /// One row less, as soon as it is committed.
  void remove(Transaction& transaction, const model::InstanceId& instance, Counted what);

 private:
  static constexpr std::size_t kKinds = 5;
  using Counts = std::unordered_map<model::InstanceId, std::size_t>;

  [[nodiscard]] std::size_t limit_of(Counted what) const { return limits_[static_cast<std::size_t>(what)]; }
  Counts& counts_of(Counted what) { return counts_[static_cast<std::size_t>(what)]; }

  std::array<std::size_t, kKinds> limits_;
  std::array<Counts, kKinds> counts_;
};

}  // namespace muster::store::sqlite
