#include "store/sqlite/schema.h"

#include <array>

#include <fmt/format.h>

namespace muster::store::sqlite {
namespace {

constexpr std::int64_t kApplicationId = 0x4d555354;  // "MUST"

// Times are microseconds since 1970. Keys hold ids in lower case where ids are compared without case. Every primary key
// begins with the instance, so that rows of an instance lie together and can be spread by it.
constexpr const char* kVersion1 = R"sql(
CREATE TABLE store_property (
  name TEXT NOT NULL PRIMARY KEY,
  value BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE instance (
  instance TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  id_scope TEXT NOT NULL,
  service_host TEXT NOT NULL,
  allocation_policy TEXT NOT NULL,
  etag TEXT NOT NULL,
  created BIGINT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX instance_by_name ON instance (name_key);

CREATE TABLE access_policy (
  instance TEXT NOT NULL REFERENCES instance (instance),
  name TEXT NOT NULL,
  position INTEGER NOT NULL,
  rights TEXT NOT NULL,
  primary_key BLOB,
  secondary_key BLOB,
  PRIMARY KEY (instance, name)
) WITHOUT ROWID;

CREATE TABLE linked_hub (
  instance TEXT NOT NULL REFERENCES instance (instance),
  hub_key TEXT NOT NULL,
  position INTEGER NOT NULL,
  host_name TEXT NOT NULL,
  kind TEXT NOT NULL,
  location TEXT NOT NULL,
  apply_allocation_policy INTEGER NOT NULL,
  allocation_weight INTEGER NOT NULL,
  key_name TEXT NOT NULL,
  access_key BLOB,
  PRIMARY KEY (instance, hub_key)
) WITHOUT ROWID;

CREATE TABLE ca_certificate (
  instance TEXT NOT NULL REFERENCES instance (instance),
  name_key TEXT NOT NULL,
  name TEXT NOT NULL,
  certificate BLOB NOT NULL,
  verified INTEGER NOT NULL,
  etag TEXT NOT NULL,
  created BIGINT NOT NULL,
  updated BIGINT NOT NULL,
  PRIMARY KEY (instance, name_key)
) WITHOUT ROWID;

CREATE TABLE enrollment (
  instance TEXT NOT NULL REFERENCES instance (instance),
  kind INTEGER NOT NULL,
  enrollment_key TEXT NOT NULL,
  attestation TEXT NOT NULL,
  status TEXT NOT NULL,
  body TEXT NOT NULL,
  primary_certificate BLOB,
  secondary_certificate BLOB,
  primary_key BLOB,
  secondary_key BLOB,
  PRIMARY KEY (instance, kind, enrollment_key)
) WITHOUT ROWID;
CREATE INDEX enrollment_symmetric_group ON enrollment (instance, enrollment_key)
  WHERE kind = 1 AND attestation = 'symmetricKey';

CREATE TABLE enrollment_certificate (
  instance TEXT NOT NULL REFERENCES instance (instance),
  link TEXT NOT NULL,
  kind INTEGER NOT NULL,
  enrollment_key TEXT NOT NULL,
  PRIMARY KEY (instance, link)
) WITHOUT ROWID;

CREATE TABLE registration (
  instance TEXT NOT NULL REFERENCES instance (instance),
  registration_key TEXT NOT NULL,
  enrollment_kind INTEGER NOT NULL,
  enrollment_key TEXT NOT NULL,
  status TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (instance, registration_key)
) WITHOUT ROWID;
CREATE INDEX registration_of_group ON registration (instance, enrollment_key, registration_key)
  WHERE enrollment_kind = 1;

CREATE TABLE operation (
  instance TEXT NOT NULL REFERENCES instance (instance),
  operation_id TEXT NOT NULL,
  registration_key TEXT NOT NULL,
  is_open INTEGER NOT NULL,
  begun BIGINT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (instance, operation_id)
) WITHOUT ROWID;
CREATE INDEX operation_open ON operation (instance, registration_key) WHERE is_open = 1;
CREATE INDEX operation_closed ON operation (begun) WHERE is_open = 0;

CREATE TABLE hub_device (
  instance TEXT NOT NULL REFERENCES instance (instance),
  hub TEXT NOT NULL,
  device_id TEXT NOT NULL,
  body TEXT NOT NULL,
  primary_key BLOB,
  secondary_key BLOB,
  PRIMARY KEY (instance, hub, device_id)
) WITHOUT ROWID;
)sql";

// What devices tried. Tracking ids are ordered by time, so the primary key is too: rows are added at its end and
// dropped at its beginning. An empty thumbprint means that there was no certificate.
constexpr const char* kVersion2 = R"sql(
CREATE TABLE attempt (
  instance TEXT NOT NULL REFERENCES instance (instance),
  tracking_id TEXT NOT NULL,
  registration_key TEXT NOT NULL,
  thumbprint TEXT NOT NULL,
  failed INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (instance, tracking_id)
) WITHOUT ROWID;
CREATE INDEX attempt_of_device ON attempt (instance, registration_key, tracking_id);
CREATE INDEX attempt_of_certificate ON attempt (instance, thumbprint, tracking_id) WHERE thumbprint <> '';
CREATE INDEX attempt_failed ON attempt (instance, tracking_id) WHERE failed = 1;
)sql";

// What TPMs were given to prove themselves with. Challenge ids are ordered by time. An empty operation_id means that no
// registration has come of it yet.
constexpr const char* kVersion3 = R"sql(
CREATE TABLE tpm_challenge (
  instance TEXT NOT NULL REFERENCES instance (instance),
  registration_key TEXT NOT NULL,
  challenge_id TEXT NOT NULL,
  registration_id TEXT NOT NULL,
  operation_id TEXT NOT NULL,
  endorsement_key BLOB NOT NULL,
  storage_root_key BLOB NOT NULL,
  begun BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  secrets BLOB NOT NULL,
  PRIMARY KEY (instance, registration_key, challenge_id)
) WITHOUT ROWID;
CREATE INDEX tpm_challenge_expiry ON tpm_challenge (expires);
)sql";

// Hubs that are served here. Not part of linked_hub: they outlive the link, as the devices of a hub do.
constexpr const char* kVersion4 = R"sql(
CREATE TABLE hub_policy (
  instance TEXT NOT NULL REFERENCES instance (instance),
  hub TEXT NOT NULL,
  name TEXT NOT NULL,
  position INTEGER NOT NULL,
  rights TEXT NOT NULL,
  primary_key BLOB,
  secondary_key BLOB,
  PRIMARY KEY (instance, hub, name)
) WITHOUT ROWID;
)sql";

// What devices said. The number of the last event of a hub outlives the events.
constexpr const char* kVersion5 = R"sql(
CREATE TABLE hub_event_log (
  instance TEXT NOT NULL REFERENCES instance (instance),
  hub TEXT NOT NULL,
  last BIGINT NOT NULL,
  PRIMARY KEY (instance, hub)
) WITHOUT ROWID;
CREATE TABLE hub_event (
  instance TEXT NOT NULL REFERENCES instance (instance),
  hub TEXT NOT NULL,
  sequence BIGINT NOT NULL,
  enqueued BIGINT NOT NULL,
  envelope TEXT NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (instance, hub, sequence)
) WITHOUT ROWID;
CREATE INDEX hub_event_age ON hub_event (enqueued);
CREATE TABLE hub_consumer (
  instance TEXT NOT NULL REFERENCES instance (instance),
  hub TEXT NOT NULL,
  name TEXT NOT NULL,
  position BIGINT NOT NULL,
  PRIMARY KEY (instance, hub, name)
) WITHOUT ROWID;
)sql";

// Jobs of hubs and what became of their devices. `ended` is 0 while the job is open. The index of states counts devices
// and finds those that are due.
constexpr const char* kVersion6 = R"sql(
CREATE TABLE hub_job (
  instance TEXT NOT NULL REFERENCES instance (instance),
  hub TEXT NOT NULL,
  job_id TEXT NOT NULL,
  is_open INTEGER NOT NULL,
  ended BIGINT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (instance, hub, job_id)
) WITHOUT ROWID;
CREATE INDEX hub_job_open ON hub_job (instance, hub, job_id) WHERE is_open = 1;
CREATE INDEX hub_job_closed ON hub_job (ended) WHERE is_open = 0;
CREATE TABLE device_job (
  instance TEXT NOT NULL REFERENCES instance (instance),
  hub TEXT NOT NULL,
  job_id TEXT NOT NULL,
  device_id TEXT NOT NULL,
  status INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (instance, hub, job_id, device_id)
) WITHOUT ROWID;
CREATE INDEX device_job_status ON device_job (instance, hub, job_id, status, device_id);
)sql";

// Events of a hub grow old in the order of their numbers, so an index of times says nothing more, and every event paid
// for it. How much a hub keeps is counted as it comes and goes; kEventOverhead of hub_events.cpp is in it.
constexpr const char* kVersion7 = R"sql(
DROP INDEX hub_event_age;
ALTER TABLE hub_event_log ADD COLUMN octets BIGINT NOT NULL DEFAULT 0;
UPDATE hub_event_log SET octets = (
  SELECT COALESCE(SUM(length(CAST(e.envelope AS BLOB)) + length(e.body) + 100), 0) FROM hub_event e
  WHERE e.instance = hub_event_log.instance AND e.hub = hub_event_log.hub);
)sql";

// Devices that may be at hubs elsewhere although their records do not say so.
constexpr const char* kVersion8 = R"sql(
CREATE TABLE hub_leftover (
  instance TEXT NOT NULL REFERENCES instance (instance),
  hub TEXT NOT NULL,
  device_id TEXT NOT NULL,
  registration_id TEXT NOT NULL,
  noted BIGINT NOT NULL,
  PRIMARY KEY (instance, hub, device_id)
) WITHOUT ROWID;
)sql";

// Messages that wait for devices of hubs. The row of a mailbox outlives its messages, so that no number is given twice
// as long as the device is the same.
constexpr const char* kVersion9 = R"sql(
CREATE TABLE hub_mailbox (
  instance TEXT NOT NULL REFERENCES instance (instance),
  hub TEXT NOT NULL,
  device_id TEXT NOT NULL,
  last BIGINT NOT NULL,
  PRIMARY KEY (instance, hub, device_id)
) WITHOUT ROWID;
CREATE TABLE hub_message (
  instance TEXT NOT NULL REFERENCES instance (instance),
  hub TEXT NOT NULL,
  device_id TEXT NOT NULL,
  number BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  deliveries INTEGER NOT NULL,
  envelope TEXT NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (instance, hub, device_id, number)
) WITHOUT ROWID;
CREATE INDEX hub_message_expiry ON hub_message (expires);
)sql";

/// Number n brings version n to n + 1. Published ones are never edited.
constexpr std::array<const char*, kSchemaVersion> kMigrations{kVersion1, kVersion2, kVersion3, kVersion4, kVersion5,
                                                              kVersion6, kVersion7, kVersion8, kVersion9};

struct FileState {
  std::int64_t application_id = 0;
  std::int64_t version = 0;
  bool empty = true;
};

Result<std::int64_t> read_integer(Connection& connection, Sql sql) {
  auto statement = connection.query(sql);
  if (!statement) return std::unexpected(statement.error());
  auto row = statement->step();
  if (!row) return std::unexpected(row.error());
  return *row ? statement->integer(0) : 0;
}

Result<FileState> read_state(Connection& connection) {
  auto application_id = read_integer(connection, "PRAGMA application_id");
  if (!application_id) return std::unexpected(application_id.error());
  auto version = read_integer(connection, "PRAGMA user_version");
  if (!version) return std::unexpected(version.error());
  auto objects = read_integer(connection, "SELECT count(*) FROM sqlite_schema");
  if (!objects) return std::unexpected(objects.error());
  return FileState{*application_id, *version, *objects == 0};
}

Result<void> check_state(const FileState& state) {
  const bool fresh = state.empty && state.application_id == 0 && state.version == 0;
  if (!fresh && state.application_id != kApplicationId) return invalid("The file is not a Muster database.");
  if (state.version < 0) return fail(ErrorCode::kInternal, "The database of the store is damaged.", "negative version");
  if (state.version > kSchemaVersion) {
    return fail(ErrorCode::kUnsupported,
                fmt::format("The database has schema version {}; this program knows versions up to {}.", state.version,
                            kSchemaVersion));
  }
  return {};
}

/// The state of a file that is ours or still empty.
Result<FileState> examine(Connection& connection) {
  auto state = read_state(connection);
  if (!state) {
    // SQLite reports a file of another format as "not a database" only when it is first read.
    if (state.error().detail.ends_with(fmt::format("(SQLite {})", SQLITE_NOTADB))) {
      return invalid("The file is not a Muster database.", state.error().detail);
    }
    return state;
  }
  if (auto checked = check_state(*state); !checked) return std::unexpected(checked.error());
  return state;
}

Result<void> apply_migrations(Connection& connection) {
  // Read again under the write lock: another process may have migrated meanwhile.
  const auto state = examine(connection);
  if (!state) return std::unexpected(state.error());
  for (auto step = static_cast<std::size_t>(state->version); step < kMigrations.size(); ++step) {
    if (auto done = connection.execute(kMigrations[step]); !done) return done;
  }
  return connection.execute(
      fmt::format("PRAGMA user_version={}; PRAGMA application_id={}", kSchemaVersion, kApplicationId));
}

}  // namespace

Result<void> migrate(Connection& connection) {
  const auto state = examine(connection);
  if (!state) return std::unexpected(state.error());
  if (auto logged = connection.use_write_ahead_log(); !logged) return logged;
  if (state->version == kSchemaVersion) return {};

  if (auto begun = connection.execute("BEGIN IMMEDIATE"); !begun) return begun;
  auto migrated = apply_migrations(connection);
  if (migrated) migrated = connection.execute("COMMIT");
  if (!migrated) connection.roll_back();
  return migrated;
}

Result<int> schema_version(Connection& connection) {
  const auto state = examine(connection);
  if (!state) return std::unexpected(state.error());
  if (state->version == 0) return invalid("The file is not a Muster database.", "it is empty");
  return static_cast<int>(state->version);
}

}  // namespace muster::store::sqlite
