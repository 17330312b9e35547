#pragma once

#include <optional>

#include <boost/json/object.hpp>

#include "base/random.h"
#include "base/result.h"
#include "model/enrollment.h"

namespace muster::model {

/// What a line of an import does with an entry that is there already.
enum class ImportMode {
  kCreate,           ///< nothing: it is a conflict when the line says something else
  kCreateOrUpdate,   ///< sets the members that the line gives; all others stay
  kCreateOrReplace,  ///< as PUT: members that the line does not give go (service-api.md 3.4)
};

/// "create", "createOrUpdate", "createOrReplace" in any letter case.
std::optional<ImportMode> parse_import_mode(std::string_view text);

/// The entry that a line of an import makes out of what is stored (null: nothing); nullopt when all that the line says
/// is so already, and then nothing is to be written. `line` has the shape of a PUT body with the id in it.
///
/// In every mode keys and certificates that are not given are kept as after a PUT (service-api.md 3.5), and a line
/// without an attestation keeps the stored one; a new entry without one gets symmetric keys. Objects within
/// initialTwin, capabilities, reprovisionPolicy and customAllocationDefinition are set member by member, `tags`,
/// `desired` and everything else as a whole. kInvalidArgument names the member; kConflict only with kCreate.
Result<std::optional<Enrollment>> apply_import(EnrollmentKind kind, const boost::json::object& line,
                                               const Enrollment* current, ImportMode mode, TimePoint now,
                                               Random& random);

enum class ExportSecrets {
  kLeftOut,   ///< no symmetric keys; certificates by what is told of them
  kIncluded,  ///< symmetric keys, and certificates themselves: an import elsewhere makes the same entry
};

/// The entry as a line of an export: the shape of a PUT body, without what only the service writes (etag, times).
boost::json::object to_export_json(const Enrollment& enrollment, ExportSecrets secrets);

}  // namespace muster::model
