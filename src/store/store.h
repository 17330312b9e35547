#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "model/attempt.h"
#include "model/enrollment.h"
#include "model/etag.h"
#include "model/hub_device.h"
#include "model/hub_event.h"
#include "model/hub_job.h"
#include "model/hub_message.h"
#include "model/hub_notice.h"
#include "model/instance.h"
#include "model/registration.h"
#include "model/tpm_challenge.h"

namespace muster::store {

using model::Enrollment;
using model::EnrollmentKind;
using model::InstanceId;

/// The new value out of what is stored now (null: nothing). Runs inside the transaction and may run again when the
/// transaction is retried, so it has no side effects and does not block. An error leaves everything unchanged and is
/// returned to the caller of the store.
template <class T>
using Change = std::move_only_function<Result<T>(const T* current)>;

/// Says whether what is stored may be deleted.
template <class T>
using Check = std::move_only_function<Result<void>(const T& current)>;

/// A page of a listing in the order of the keys.
template <class T>
struct Page {
  std::vector<T> items;
  std::string next;  ///< pass as `after` for the next page; empty: this was the last
};

/// One entry whose attestation names a certificate.
struct CertificateMatch {
  std::string link;  ///< the looked-up link that matched
  EnrollmentKind kind = EnrollmentKind::kGroup;
  std::string enrollment_key;
};

/// How certificates are looked up: by SHA-256 for inline certificates, by name for CA references.
std::string certificate_link(const crypto::Sha256& sha256);
std::string ca_reference_link(std::string_view certificate_name);

/// One entry of an import: its new value and what that was made of.
struct ImportEntry {
  /// `made_of` is what the caller saw stored; nullopt: nothing.
  ImportEntry(Enrollment made, std::optional<Enrollment> made_of)
      : value(std::move(made)), current(made_of ? std::make_shared<const Enrollment>(*std::move(made_of)) : nullptr) {}

  Enrollment value;
  std::shared_ptr<const Enrollment> current;  ///< apart, because most entries have none and all would have the room
};

/// The keys of one symmetric-key group, all that is needed to find the group of a token.
struct SymmetricGroup {
  std::string id;
  SecretBytes primary;
  SecretBytes secondary;
};

/// An operation together with the record of its device.
struct OperationState {
  model::Operation operation;
  std::optional<model::Registration> registration;
};
/// Shared with whoever else asks for the operation; never null.
using SharedOperationState = std::shared_ptr<const OperationState>;

/// A device that comes to a local hub, changes there, or moves there from another local hub.
struct HubDeviceChange {
  /// The device at `hub` out of what it is there, and what it was at the hub that it leaves; null: nothing. Runs as a
  /// Change does.
  using Make =
      std::move_only_function<Result<model::HubDevice>(const model::HubDevice* there, const model::HubDevice* left)>;

  std::string hub;
  std::string device_id;
  Make change;
  std::string leaves = {};  ///< the local hub from which the device goes in the same transaction; empty: none
  std::move_only_function<void()> committed = {};  ///< told after the commit, on the store's thread; may be null
};

/// A device that goes from a local hub; that it is not there is no error.
struct HubDeviceRemoval {
  std::string hub;
  std::string device_id;
  Check<model::HubDevice> check;
  std::move_only_function<void()> committed = {};  ///< as of a change
};

/// A device that may be at a hub which is not served here, although its record does not say so: noted before the device
/// is put there, and when it has moved away, until it is gone from there.
struct HubLeftover {
  std::string hub;
  std::string device_id;
  std::string registration_id;
  TimePoint noted;

  bool operator==(const HubLeftover&) const = default;
};

struct HubDeviceCount {
  std::uint64_t all = 0;
  std::uint64_t enabled = 0;
};

/// Which job of which local hub.
struct HubJobKey {
  InstanceId instance;
  std::string hub;
  std::string job_id;

  auto operator<=>(const HubJobKey&) const = default;
};

/// Where a listing of the devices of jobs goes on behind this one: both ids with kBetweenIds, which none can hold.
std::string place_of(const model::DeviceJob& device);
inline constexpr char kBetweenIds = '\n';

/// How much of an event log is read at once: at most so many events, and no more after so many octets of them.
struct HubEventLimit {
  std::size_t events = 100;
  std::size_t octets = std::size_t{1} << 20U;
};

/// The event log of one hub.
struct HubLog {
  InstanceId instance;
  std::string hub;           ///< in lower case
  std::uint64_t first = 0;   ///< number of the oldest event that is kept; one more than `last` when none is
  std::uint64_t last = 0;    ///< number that was given last
  std::uint64_t octets = 0;  ///< of the events that are kept, as stored
};

/// Which device of which local hub.
struct HubDeviceKey {
  InstanceId instance;
  std::string hub;
  std::string device_id;

  auto operator<=>(const HubDeviceKey&) const = default;
};

/// Which messages a device is to get next.
struct HubMessageOrder {
  std::uint64_t after = 0;  ///< number of the one before
  std::size_t messages = 1;
  TimePoint now;                  ///< those that have expired end
  std::uint32_t deliveries = 10;  ///< as those that went out so often
};

struct HubMessageBatch {
  std::vector<model::HubMessage> messages;
  bool fed_back = false;  ///< the event log of the hub has got something
};

struct HubMessagesEnded {
  std::size_t count = 0;
  bool fed_back = false;  ///< as of a batch
};

/// How an operation ends; all of it in one transaction.
struct OperationEnd {
  model::Registration record;
  std::optional<HubDeviceChange> device = {};
  std::optional<model::Attempt> attempt = {};
  std::optional<HubDeviceRemoval> removal = {};  ///< from the local hub that the device leaves for a hub elsewhere
  std::optional<HubLeftover> leftover = {};      ///< at the hub elsewhere that the device leaves
};

/// Ends an operation for which nobody else has to be asked; `record` as it stands: `assigning`, with the last
/// assignment. nullopt: this one takes longer. Runs as a Change does.
using EndAtOnce = std::move_only_function<std::optional<OperationEnd>(const model::Registration& record)>;

/// Challenges that may be pending for one registration id, and as many that led to a registration (device-api.md 5.3).
inline constexpr std::size_t kMaxTpmChallenges = 4;

/// Which attempts are asked for; what is empty does not matter.
struct AttemptFilter {
  std::string registration_id = {};  ///< without regard to case
  std::string thumbprint = {};
  bool failed_only = false;
};

/// What is kept, in transactions of the domain (design section 4). Every row carries its instance.
///
/// A returned success of a write means that it is on disk. Thread-safe. Calls are coroutines: they go on on the
/// executor that was current when they were awaited. Arguments are values because a call outlives its caller's frame.
/// Failures of the store itself are kInternal (damage, full disk) or kUnavailable (busy, shutting down).
class Store {
 public:
  virtual ~Store() = default;

  // --- instances and their configuration -------------------------------------------------------------------------
  virtual Task<Result<std::vector<model::Instance>>> list_instances() = 0;
  /// kConflict when the id or the name is taken.
  virtual Task<Result<void>> create_instance(model::InstanceConfig config) = 0;
  /// The current snapshot; cached until a change. kNotFound for an unknown instance.
  virtual Task<Result<std::shared_ptr<const model::InstanceConfig>>> config(InstanceId instance) = 0;
  /// Replaces the instance's own members and its linked hubs together, as the management API does (service-api.md 8.3).
  virtual Task<Result<void>> change_instance(InstanceId instance, Change<model::InstanceConfig> change) = 0;
  virtual Task<Result<model::CaCertificate>> change_certificate(InstanceId instance, std::string name,
                                                                Change<model::CaCertificate> change) = 0;
  /// kNotFound when there is none.
  virtual Task<Result<void>> remove_certificate(InstanceId instance, std::string name,
                                                Check<model::CaCertificate> check) = 0;

  // --- enrollments -----------------------------------------------------------------------------------------------
  /// The entry as it stands, shared with others who ask; null: there is none. While nothing changes it mostly is the
  /// same object.
  virtual Task<Result<std::shared_ptr<const Enrollment>>> find_enrollment(InstanceId instance, EnrollmentKind kind,
                                                                          std::string id) = 0;
  /// kConflict also when a certificate of the new value stands in another entry.
  virtual Task<Result<Enrollment>> change_enrollment(InstanceId instance, EnrollmentKind kind, std::string id,
                                                     Change<Enrollment> change) = 0;
  /// Those of the ids that are stored, each in the place of its id; all at one moment.
  virtual Task<Result<std::vector<std::optional<Enrollment>>>> find_enrollments(InstanceId instance,
                                                                                EnrollmentKind kind,
                                                                                std::vector<std::string> ids) = 0;
  /// Writes many entries of a kind in one transaction; the result has the outcome of each in its place. Entries are
  /// independent, and those of the same id are written in their order. kPreconditionFailed: what is stored is not
  /// `current` any more (compared by etag), so the value has to be made anew; kConflict: a certificate stands in
  /// another entry. The work of preparing is done before the transaction, on the caller's executor, which it
  /// yields.
  virtual Task<Result<std::vector<Result<void>>>> import_enrollments(InstanceId instance, EnrollmentKind kind,
                                                                     std::vector<ImportEntry> entries) = 0;
  /// Deleting an individual enrollment ends its registration record; a group's records stay.
  virtual Task<Result<void>> remove_enrollment(InstanceId instance, EnrollmentKind kind, std::string id,
                                               Check<Enrollment> check) = 0;
  virtual Task<Result<Page<Enrollment>>> list_enrollments(InstanceId instance, EnrollmentKind kind, std::string after,
                                                          std::size_t limit) = 0;
  /// Entries of either kind whose certificates are among `links`.
  virtual Task<Result<std::vector<CertificateMatch>>> find_by_certificate(InstanceId instance,
                                                                          std::vector<std::string> links) = 0;
  /// All symmetric-key groups, enabled or not; cached until a group changes.
  virtual Task<Result<std::shared_ptr<const std::vector<SymmetricGroup>>>> symmetric_groups(InstanceId instance) = 0;

  // --- registrations and operations ------------------------------------------------------------------------------
  /// The record as it stands, shared as entries are; null: there is none.
  virtual Task<Result<std::shared_ptr<const model::Registration>>> find_registration(InstanceId instance,
                                                                                     std::string registration_id) = 0;
  virtual Task<Result<void>> remove_registration(InstanceId instance, std::string registration_id,
                                                 Check<model::Registration> check) = 0;
  /// Records of the devices that registered last through this group (service-api.md 5).
  virtual Task<Result<Page<model::Registration>>> list_group_registrations(InstanceId instance, std::string group,
                                                                           std::string after, std::size_t limit) = 0;
  /// Starts an operation and puts its device's record to `assigning`, keeping the last assignment. When the
  /// device has an open operation with the same enrollment and credential, that one is returned, without record, and
  /// nothing is written; an open one with others is superseded: it stays pollable and shows the device's record
  /// (device-api.md 9). A TPM's challenge that the operation names is spent with it: kConflict when it is gone or led
  /// to another operation already. With `end`, and when its entry is still there and enabled, the operation can end in
  /// the same transaction; then it is returned closed, with the final record.
  virtual Task<Result<SharedOperationState>> begin_operation(InstanceId instance, model::Operation operation,
                                                             model::Registration record, EndAtOnce end) = 0;
  /// kNotFound for an unknown or purged id.
  virtual Task<Result<SharedOperationState>> find_operation(InstanceId instance, std::string operation_id) = 0;
  /// Writes what `end` says and closes the operation, all in one transaction. The device is no leftover any more where
  /// its new record says that it is. kConflict when the operation is no longer open or no longer the device's last one:
  /// then nothing is written, as when the change or the removal of the device fails, whose error is returned.
  virtual Task<Result<void>> complete_operation(InstanceId instance, std::string operation_id, OperationEnd end) = 0;
  /// Operations that were open when a process ended, to be resumed; over all instances.
  virtual Task<Result<std::vector<std::pair<InstanceId, model::Operation>>>> open_operations(std::size_t limit) = 0;
  /// Forgets closed operations begun before `before`; returns how many.
  virtual Task<Result<std::size_t>> purge_operations(TimePoint before) = 0;

  // --- challenges of TPMs -----------------------------------------------------------------------------------------
  /// Keeps a challenge and returns the one to use: a pending one with the same keys that has at least half of its life
  /// before it stays, so that nobody who knows a device's public keys can take its challenge away. Of one registration
  /// id the last kMaxTpmChallenges pending and spent ones are kept, each.
  virtual Task<Result<model::TpmChallenge>> begin_tpm_challenge(InstanceId instance, model::TpmChallenge proposed) = 0;
  /// Those of a registration id, pending, expired or spent; the newest first.
  virtual Task<Result<std::vector<model::TpmChallenge>>> find_tpm_challenges(InstanceId instance,
                                                                             std::string registration_id) = 0;
  /// Forgets those that expired before `before`; returns how many.
  virtual Task<Result<std::size_t>> purge_tpm_challenges(TimePoint before) = 0;

  // --- attempts ---------------------------------------------------------------------------------------------------
  /// Keeps an attempt; one with the same tracking id is replaced.
  virtual Task<Result<void>> add_attempt(InstanceId instance, model::Attempt attempt) = 0;
  virtual Task<Result<std::optional<model::Attempt>>> find_attempt(InstanceId instance, std::string tracking_id) = 0;
  /// Newest first. `before`: the `next` of the page before; empty: from the newest.
  virtual Task<Result<Page<model::Attempt>>> list_attempts(InstanceId instance, AttemptFilter filter,
                                                           std::string before, std::size_t limit) = 0;
  /// Drops the oldest attempts of every instance: those made before `before`, and those beyond the newest `keep`.
  /// Returns how many.
  virtual Task<Result<std::size_t>> trim_attempts(TimePoint before, std::size_t keep) = 0;

  // --- device registry of the local hubs -------------------------------------------------------------------------
  virtual Task<Result<std::optional<model::HubDevice>>> find_hub_device(InstanceId instance, std::string hub,
                                                                        std::string device_id) = 0;
  /// `how` is for the notice of it in the hub's log.
  virtual Task<Result<model::HubDevice>> change_hub_device(InstanceId instance, std::string hub, std::string device_id,
                                                           Change<model::HubDevice> change, model::TwinWrite how) = 0;
  Task<Result<model::HubDevice>> change_hub_device(InstanceId instance, std::string hub, std::string device_id,
                                                   Change<model::HubDevice> change) {
    return change_hub_device(std::move(instance), std::move(hub), std::move(device_id), std::move(change),
                             model::TwinWrite::kMerge);
  }
  /// In the order of their ids.
  virtual Task<Result<Page<model::HubDevice>>> list_hub_devices(InstanceId instance, std::string hub, std::string after,
                                                                std::size_t limit) = 0;
  virtual Task<Result<HubDeviceCount>> count_hub_devices(InstanceId instance, std::string hub) = 0;
  virtual Task<Result<void>> remove_hub_device(InstanceId instance, std::string hub, std::string device_id,
                                               Check<model::HubDevice> check) = 0;

  // --- devices left at hubs that are not served here -------------------------------------------------------------
  /// True when it was noted before; the first note stays.
  virtual Task<Result<bool>> note_hub_leftover(InstanceId instance, HubLeftover leftover) = 0;
  /// Those of a hub in the order of their device ids, from the first one after `after`.
  virtual Task<Result<std::vector<HubLeftover>>> list_hub_leftovers(InstanceId instance, std::string hub,
                                                                    std::string after, std::size_t limit) = 0;
  virtual Task<Result<std::uint64_t>> count_hub_leftovers(InstanceId instance, std::string hub) = 0;
  /// The device is gone from the hub, or belongs there; one that is not noted is no error.
  virtual Task<Result<void>> drop_hub_leftover(InstanceId instance, std::string hub, std::string device_id) = 0;

  // --- event logs of the local hubs ------------------------------------------------------------------------------
  /// Adds events in their order, all or none; the number of the last one. The first gets one more than the one before
  /// it in the log, whatever was dropped meanwhile.
  virtual Task<Result<std::uint64_t>> append_hub_events(InstanceId instance, std::string hub,
                                                        std::vector<model::HubEvent> events) = 0;
  /// In the order of their numbers, from the first one after `after`.
  virtual Task<Result<std::vector<model::HubEvent>>> read_hub_events(InstanceId instance, std::string hub,
                                                                     std::uint64_t after, HubEventLimit limit) = 0;
  /// The logs of all hubs that ever had an event.
  virtual Task<Result<std::vector<HubLog>>> list_hub_logs() = 0;
  /// One of them; a hub that never had an event has an empty log.
  virtual Task<Result<HubLog>> find_hub_log(InstanceId instance, std::string hub) = 0;
  /// Drops the oldest events of a log that came before `before`, and those beyond the newest ones of at most `octets`;
  /// no more at once than a commit takes that holds nobody up. The result counts them; 0: nothing is left to drop.
  virtual Task<Result<std::size_t>> trim_hub_events(InstanceId instance, std::string hub, TimePoint before,
                                                    std::uint64_t octets) = 0;
  /// Calls `watcher` with instance and hub after every commit that wrote into a log without append_hub_events(), on a
  /// thread of the store; it must be quick. An empty one ends it: none is called afterwards.
  virtual void watch_hub_notices(std::function<void(const InstanceId&, const std::string&)> watcher) = 0;
  /// How far a reader of a log has got; 0 for one that is not known.
  virtual Task<Result<std::uint64_t>> find_hub_consumer(InstanceId instance, std::string hub, std::string consumer) = 0;
  virtual Task<Result<void>> put_hub_consumer(InstanceId instance, std::string hub, std::string consumer,
                                              std::uint64_t position) = 0;

  // --- messages to devices of the local hubs ---------------------------------------------------------------------
  /// Gives it the next number of its device. kNotFound for an unknown device, kLimitExceeded when `most` wait that have
  /// not expired when it was enqueued.
  virtual Task<Result<void>> add_hub_message(InstanceId instance, std::string hub, model::HubMessage message,
                                             std::size_t most) = 0;
  /// In the order of their numbers. That they go out is counted before they do. Those that may not go out any more end,
  /// with feedback in the hub's event log for senders who asked for it, as everywhere below; all in one transaction.
  virtual Task<Result<HubMessageBatch>> take_hub_messages(HubDeviceKey device, HubMessageOrder order) = 0;
  /// Ends the message with this number, or all of the device; that there is none is no error.
  virtual Task<Result<HubMessagesEnded>> end_hub_messages(HubDeviceKey device, std::optional<std::uint64_t> number,
                                                          model::MessageOutcome outcome, TimePoint now) = 0;
  /// Ends messages that have expired; no more at once than a commit takes that holds nobody up. The devices that they
  /// were for; none: nothing is left to end.
  virtual Task<Result<std::vector<HubDeviceKey>>> expire_hub_messages(TimePoint now) = 0;

  // --- jobs of the local hubs ------------------------------------------------------------------------------------
  /// kConflict when the id is taken, kLimitExceeded when `most_open` jobs of the hub are open already.
  virtual Task<Result<void>> create_hub_job(InstanceId instance, std::string hub, model::HubJob job,
                                            std::size_t most_open) = 0;
  /// The devices of an open job are not counted.
  virtual Task<Result<std::optional<model::HubJob>>> find_hub_job(HubJobKey key) = 0;
  /// Changes the job and writes states of its devices, in one transaction. kNotFound for an unknown job.
  virtual Task<Result<model::HubJob>> change_hub_job(HubJobKey key, Change<model::HubJob> change,
                                                     std::vector<model::DeviceJob> devices) = 0;
  /// In the order of their ids.
  virtual Task<Result<Page<model::HubJob>>> list_hub_jobs(InstanceId instance, std::string hub, std::string after,
                                                          std::size_t limit) = 0;
  /// Jobs of all hubs that have something left to do.
  virtual Task<Result<std::vector<HubJobKey>>> open_hub_jobs() = 0;
  /// Writes states of devices, over those that were there.
  virtual Task<Result<void>> put_device_jobs(InstanceId instance, std::string hub,
                                             std::vector<model::DeviceJob> devices) = 0;
  /// The first devices of a job that are in a state, in the order of their ids.
  virtual Task<Result<std::vector<model::DeviceJob>>> find_device_jobs(HubJobKey key, model::DeviceJobStatus status,
                                                                       std::size_t limit) = 0;
  /// In the order of jobs and devices. Without a job id those of all jobs of the hub.
  virtual Task<Result<Page<model::DeviceJob>>> list_device_jobs(HubJobKey key, std::string after,
                                                                std::size_t limit) = 0;
  virtual Task<Result<model::DeviceJobCount>> count_device_jobs(HubJobKey key) = 0;
  /// Forgets the jobs that ended before `before` and are not open; returns how many.
  virtual Task<Result<std::size_t>> purge_hub_jobs(TimePoint before) = 0;

  /// Commits a write of no meaning: fails when other writes would fail now.
  virtual Task<Result<void>> check_writable() = 0;
  /// Writes waiting for their commit, for admission control (design section 6).
  [[nodiscard]] virtual std::size_t pending_writes() const = 0;
};

}  // namespace muster::store
