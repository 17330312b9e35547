#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "base/result.h"
#include "crypto/sealing.h"

namespace muster::store {

/// The newest schema that this program can read.
int known_schema_version();

/// Told how far a copy is: pages done, pages in all.
using CopyProgress = std::function<void(std::uint64_t done, std::uint64_t all)>;

/// Copies a database, also one that a service is working in, as of one moment into a new file (mode 0600). Writers are
/// not held up; the write-ahead log cannot shrink meanwhile. The copy is not made durable here. kNotFound when there is
/// no database, kConflict when the new file exists.
Result<void> copy_database(const std::filesystem::path& from, const std::filesystem::path& to,
                           const CopyProgress& progress);

/// The schema version of a database that is Muster's and undamaged (every page is read). kInvalidArgument: not
/// Muster's; kUnsupported: of a newer schema; kInternal: damaged.
Result<int> examine_database(const std::filesystem::path& file);

/// Whether this master key sealed the database: kUnauthorized when another one did.
Result<void> examine_master_key(const std::filesystem::path& file, const crypto::Sealer& sealer);

}  // namespace muster::store
