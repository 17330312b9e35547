#include "store/sqlite/sqlite_store.h"

#include <algorithm>
#include <mutex>

#include "store/sqlite/attempts.h"
#include "store/sqlite/ca_certificates.h"
#include "store/sqlite/certificate_links.h"
#include "store/sqlite/checkpointer.h"
#include "store/sqlite/counted_changes.h"
#include "store/sqlite/enrollment_import.h"
#include "store/sqlite/enrollments.h"
#include "store/sqlite/hub_devices.h"
#include "store/sqlite/hub_events.h"
#include "store/sqlite/hub_jobs.h"
#include "store/sqlite/hub_leftovers.h"
#include "store/sqlite/hub_messages.h"
#include "store/sqlite/hub_notices.h"
#include "store/sqlite/instances.h"
#include "store/sqlite/master_key.h"
#include "store/sqlite/operations.h"
#include "store/sqlite/readers.h"
#include "store/sqlite/registrations.h"
#include "store/sqlite/row_counter.h"
#include "store/sqlite/rows.h"
#include "store/sqlite/schema.h"
#include "store/sqlite/snapshot_cache.h"
#include "store/sqlite/tpm_challenges.h"
#include "store/sqlite/writer.h"

namespace muster::store {
namespace sqlite {
namespace {

/// Deleted in one commit by a purge; more would hold up the changes of others.
constexpr std::size_t kPurgeBatch = 2000;
/// Entries of an import that are prepared in one go: a few milliseconds.
constexpr std::size_t kPreparedInOneGo = 256;

// A device asks for its entry and its operation several times within some seconds; this is what a server takes in then.
constexpr std::size_t kCachedEntries = 4096;
constexpr std::size_t kCachedInstances = 1024;

/// A write that changes nothing for anybody.
Result<void> leave_write_mark(const Session& session) {
  return without_count(
      session.connection.run("INSERT INTO store_property (name, value) VALUES ('write-mark', x'01')"
                             " ON CONFLICT (name) DO UPDATE SET value = excluded.value"));
}

/// What a snapshot holds, which lives as long as it is shared; null: nothing.
template <class T>
std::shared_ptr<const T> share(std::shared_ptr<const std::optional<T>> snapshot) {
  if (!*snapshot) return nullptr;
  const T* value = &**snapshot;
  return {std::move(snapshot), value};
}

/// Binds the aggregates to the writer and the readers. Reads run on the calling thread; writes are handed to the
/// writer.
class SqliteStore final : public Store {
 public:
  SqliteStore(const SqliteOptions& options, std::shared_ptr<const crypto::Sealer> sealer, RowCounter counter,
              Connection writing, Connection checkpointing)
      : sealer_(std::move(sealer)),
        counter_(std::move(counter)),
        notices_(options.clock == nullptr ? nullptr : std::make_unique<HubNotices>(options.notices, *options.clock)),
        checkpointer_(std::move(checkpointing), options.wal_limit),
        readers_(options.path),
        writer_(
            std::move(writing),
            {.max_batch = options.max_batch, .max_queue = options.max_queue, .gathering = options.gathering},
            [this](std::size_t pages) { checkpointer_.wal_grew(pages); }, options.observer) {}

  Task<Result<std::vector<model::Instance>>> list_instances() override {
    return read<std::vector<model::Instance>>([](const Session& session) { return sqlite::list_instances(session); });
  }

  Task<Result<void>> create_instance(model::InstanceConfig config) override {
    return write<void>(
        [config = std::move(config)](const Session& session) { return sqlite::create_instance(session, config); });
  }

  Task<Result<std::shared_ptr<const model::InstanceConfig>>> config(InstanceId instance) override {
    co_return snapshot(configs_, instance, [&](const Session& session) { return load_config(session, instance); });
  }

  Task<Result<void>> change_instance(InstanceId instance, Change<model::InstanceConfig> change) override {
    return write<void>(drop_config(instance), [instance, change = std::move(change)](const Session& session) mutable {
      return sqlite::change_instance(session, instance, change);
    });
  }

  Task<Result<model::CaCertificate>> change_certificate(InstanceId instance, std::string name,
                                                        Change<model::CaCertificate> change) override {
    return write<model::CaCertificate>(drop_config(instance),
                                       [this, instance, name = std::move(name), change = std::move(change)](
                                           const Session& session, Transaction& transaction) mutable {
                                         CountedChanges counted(counter_, transaction, session, instance);
                                         auto changing = counted.changing(change);
                                         return sqlite::change_certificate(session, instance, name, changing);
                                       });
  }

  Task<Result<void>> remove_certificate(InstanceId instance, std::string name,
                                        Check<model::CaCertificate> check) override {
    return write<void>(drop_config(instance), [this, instance, name = std::move(name), check = std::move(check)](
                                                  const Session& session, Transaction& transaction) mutable {
      CountedChanges counted(counter_, transaction, session, instance);
      auto removing = counted.removing(check);
      return sqlite::remove_certificate(session, instance, name, removing);
    });
  }

  Task<Result<std::shared_ptr<const Enrollment>>> find_enrollment(InstanceId instance, EnrollmentKind kind,
                                                                  std::string id) override {
    auto found = snapshot(enrollments_, enrollment_key(instance, kind, id),
                          [&](const Session& session) { return sqlite::find_enrollment(session, instance, kind, id); });
    if (!found) co_return std::unexpected(found.error());
    co_return share(*std::move(found));
  }

  Task<Result<std::vector<std::optional<Enrollment>>>> find_enrollments(InstanceId instance, EnrollmentKind kind,
                                                                        std::vector<std::string> ids) override {
    return read<std::vector<std::optional<Enrollment>>>(
        [instance = std::move(instance), kind, ids = std::move(ids)](const Session& session) {
          return sqlite::find_enrollments(session, instance, kind, ids);
        });
  }

  Task<Result<std::vector<Result<void>>>> import_enrollments(InstanceId instance, EnrollmentKind kind,
                                                             std::vector<ImportEntry> entries) override {
    std::vector<PreparedEntry> prepared;
    prepared.reserve(entries.size());
    for (const ImportEntry& entry : entries) {
      if (prepared.size() % kPreparedInOneGo == kPreparedInOneGo - 1) co_await Yield();
      prepared.push_back(prepare_entry(*sealer_, instance, entry));
    }
    std::vector<ImportEntry>().swap(entries);
    const std::size_t weight = std::max<std::size_t>(prepared.size(), 1);
    std::vector<std::string> written;
    written.reserve(prepared.size());
    for (const PreparedEntry& entry : prepared) written.push_back(enrollment_key(instance, kind, entry.key));
    co_return co_await write<std::vector<Result<void>>>(
        drop_enrollments(instance, kind, std::move(written)),
        [this, instance, kind, prepared = std::move(prepared)](const Session& session, Transaction& transaction) {
          return sqlite::import_enrollments(session, transaction, counter_, instance, kind, prepared);
        },
        weight);
  }

  Task<Result<Enrollment>> change_enrollment(InstanceId instance, EnrollmentKind kind, std::string id,
                                             Change<Enrollment> change) override {
    Hook dropped = drop_enrollment(instance, kind, id);
    return write<Enrollment>(std::move(dropped), [this, instance, kind, id = std::move(id), change = std::move(change)](
                                                     const Session& session, Transaction& transaction) mutable {
      CountedChanges counted(counter_, transaction, session, instance);
      auto changing = counted.changing(change);
      return sqlite::change_enrollment(session, instance, kind, id, changing);
    });
  }

  Task<Result<void>> remove_enrollment(InstanceId instance, EnrollmentKind kind, std::string id,
                                       Check<Enrollment> check) override {
    Hook dropped = drop_enrollment(instance, kind, id);
    return write<void>(std::move(dropped), [this, instance, kind, id = std::move(id), check = std::move(check)](
                                               const Session& session, Transaction& transaction) mutable {
      CountedChanges counted(counter_, transaction, session, instance);
      auto removing = counted.removing(check);
      return sqlite::remove_enrollment(session, instance, kind, id, removing);
    });
  }

  Task<Result<Page<Enrollment>>> list_enrollments(InstanceId instance, EnrollmentKind kind, std::string after,
                                                  std::size_t limit) override {
    return read<Page<Enrollment>>(
        [instance = std::move(instance), kind, after = std::move(after), limit](const Session& session) {
          return sqlite::list_enrollments(session, instance, kind, after, limit);
        });
  }

  Task<Result<std::vector<CertificateMatch>>> find_by_certificate(InstanceId instance,
                                                                  std::vector<std::string> links) override {
    return read<std::vector<CertificateMatch>>(
        [instance = std::move(instance), links = std::move(links)](const Session& session) {
          return find_links(session, instance, links);
        });
  }

  Task<Result<std::shared_ptr<const std::vector<SymmetricGroup>>>> symmetric_groups(InstanceId instance) override {
    co_return snapshot(groups_, instance,
                       [&](const Session& session) { return load_symmetric_groups(session, instance); });
  }

  Task<Result<std::shared_ptr<const model::Registration>>> find_registration(InstanceId instance,
                                                                             std::string registration_id) override {
    auto found = snapshot(records_, record_key(instance, registration_id), [&](const Session& session) {
      return sqlite::find_registration(session, instance, registration_id);
    });
    if (!found) co_return std::unexpected(found.error());
    co_return share(*std::move(found));
  }

  Task<Result<void>> remove_registration(InstanceId instance, std::string registration_id,
                                         Check<model::Registration> check) override {
    return write<void>([this, instance = std::move(instance), id = std::move(registration_id),
                        check = std::move(check)](const Session& session, Transaction& transaction) mutable {
      CountedChanges counted(counter_, transaction, session, instance);
      auto removing = counted.removing(check);
      return sqlite::remove_registration(session, instance, id, removing);
    });
  }

  Task<Result<Page<model::Registration>>> list_group_registrations(InstanceId instance, std::string group,
                                                                   std::string after, std::size_t limit) override {
    return read<Page<model::Registration>>([instance = std::move(instance), group = std::move(group),
                                            after = std::move(after), limit](const Session& session) {
      return sqlite::list_group_registrations(session, instance, group, after, limit);
    });
  }

  Task<Result<SharedOperationState>> begin_operation(InstanceId instance, model::Operation operation,
                                                     model::Registration record, EndAtOnce end) override {
    return write<SharedOperationState>(
        [this, instance = std::move(instance), operation = std::move(operation), record = std::move(record),
         end = std::move(end), ending = std::optional<OperationEnd>()](
            const Session& session, Transaction& transaction) mutable -> Result<SharedOperationState> {
          CountedChanges counted(counter_, transaction, session, instance);
          if (auto room = counted.beginning(operation.registration_id); !room) return std::unexpected(room.error());
          sqlite::CommitHooks hooks;
          auto begun = sqlite::begin_operation(session, instance, operation, record, end, ending, hooks);
          if (begun && (*begun)->registration) transaction.on_commit(keep_operation(instance, *begun));
          if (begun) run_on_commit(transaction, std::move(hooks));
          return begun;
        });
  }

  Task<Result<SharedOperationState>> find_operation(InstanceId instance, std::string operation_id) override {
    if (auto cached = operations_.find(instance, operation_id)) co_return cached;
    co_return read_now([&](const Session& session) { return sqlite::find_operation(session, instance, operation_id); });
  }

  Task<Result<void>> complete_operation(InstanceId instance, std::string operation_id, OperationEnd end) override {
    return write<void>([this, instance = std::move(instance), id = std::move(operation_id), end = std::move(end)](
                           const Session& session, Transaction& transaction) mutable -> Result<void> {
      sqlite::CommitHooks hooks;
      const auto completed = sqlite::complete_operation(session, instance, id, end, hooks);
      if (!completed) return std::unexpected(completed.error());
      transaction.on_commit(keep_operation(instance, *completed));
      run_on_commit(transaction, std::move(hooks));
      return {};
    });
  }

  Task<Result<std::vector<std::pair<InstanceId, model::Operation>>>> open_operations(std::size_t limit) override {
    return read<std::vector<std::pair<InstanceId, model::Operation>>>(
        [limit](const Session& session) { return sqlite::open_operations(session, limit); });
  }

  Task<Result<std::size_t>> purge_operations(TimePoint before) override {
    co_return co_await in_batches([this, before](const Session& session, Transaction& transaction) {
      transaction.on_commit([this] { operations_.clear(); });
      return sqlite::purge_operations(session, before, kPurgeBatch);
    });
  }

  Task<Result<model::TpmChallenge>> begin_tpm_challenge(InstanceId instance, model::TpmChallenge proposed) override {
    return write<model::TpmChallenge>(
        [instance = std::move(instance), proposed = std::move(proposed)](const Session& session) {
          return sqlite::begin_tpm_challenge(session, instance, proposed);
        });
  }

  Task<Result<std::vector<model::TpmChallenge>>> find_tpm_challenges(InstanceId instance,
                                                                     std::string registration_id) override {
    return read<std::vector<model::TpmChallenge>>(
        [instance = std::move(instance), id = std::move(registration_id)](const Session& session) {
          return sqlite::find_tpm_challenges(session, instance, id);
        });
  }

  Task<Result<std::size_t>> purge_tpm_challenges(TimePoint before) override {
    co_return co_await in_batches(
        [before](const Session& session) { return sqlite::purge_tpm_challenges(session, before, kPurgeBatch); });
  }

  Task<Result<void>> add_attempt(InstanceId instance, model::Attempt attempt) override {
    return write<void>([instance = std::move(instance), attempt = std::move(attempt)](const Session& session) {
      return sqlite::add_attempt(session, instance, attempt);
    });
  }

  Task<Result<std::optional<model::Attempt>>> find_attempt(InstanceId instance, std::string tracking_id) override {
    return read<std::optional<model::Attempt>>(
        [instance = std::move(instance), id = std::move(tracking_id)](const Session& session) {
          return sqlite::find_attempt(session, instance, id);
        });
  }

  Task<Result<Page<model::Attempt>>> list_attempts(InstanceId instance, AttemptFilter filter, std::string before,
                                                   std::size_t limit) override {
    return read<Page<model::Attempt>>(
        [instance = std::move(instance), filter = std::move(filter), before = std::move(before),
         limit](const Session& session) { return sqlite::list_attempts(session, instance, filter, before, limit); });
  }

  Task<Result<std::size_t>> trim_attempts(TimePoint before, std::size_t keep) override {
    auto instances = co_await list_instances();
    if (!instances) co_return std::unexpected(instances.error());
    std::size_t total = 0;
    for (const model::Instance& instance : *instances) {
      auto trimmed = co_await in_batches([id = instance.id, before, keep](const Session& session) {
        return sqlite::trim_attempts(session, id, before, keep, kPurgeBatch);
      });
      if (!trimmed) co_return trimmed;
      total += *trimmed;
    }
    co_return total;
  }

  Task<Result<std::optional<model::HubDevice>>> find_hub_device(InstanceId instance, std::string hub,
                                                                std::string device_id) override {
    return read<std::optional<model::HubDevice>>(
        [instance = std::move(instance), hub = std::move(hub), id = std::move(device_id)](const Session& session) {
          return sqlite::find_hub_device(session, instance, hub, id);
        });
  }

  Task<Result<model::HubDevice>> change_hub_device(InstanceId instance, std::string hub, std::string device_id,
                                                   Change<model::HubDevice> change, model::TwinWrite how) override {
    return write<model::HubDevice>([instance = std::move(instance), hub = std::move(hub), id = std::move(device_id),
                                    change = std::move(change), how](const Session& session) mutable {
      return sqlite::change_hub_device(session, instance, hub, id, change, how);
    });
  }

  Task<Result<Page<model::HubDevice>>> list_hub_devices(InstanceId instance, std::string hub, std::string after,
                                                        std::size_t limit) override {
    return read<Page<model::HubDevice>>(
        [instance = std::move(instance), hub = std::move(hub), after = std::move(after),
         limit](const Session& session) { return sqlite::list_hub_devices(session, instance, hub, after, limit); });
  }

  Task<Result<HubDeviceCount>> count_hub_devices(InstanceId instance, std::string hub) override {
    return read<HubDeviceCount>([instance = std::move(instance), hub = std::move(hub)](const Session& session) {
      return sqlite::count_hub_devices(session, instance, hub);
    });
  }

  Task<Result<void>> remove_hub_device(InstanceId instance, std::string hub, std::string device_id,
                                       Check<model::HubDevice> check) override {
    return write<void>([instance = std::move(instance), hub = std::move(hub), id = std::move(device_id),
                        check = std::move(check)](const Session& session) mutable {
      return sqlite::remove_hub_device(session, instance, hub, id, check);
    });
  }

  Task<Result<bool>> note_hub_leftover(InstanceId instance, HubLeftover leftover) override {
    return write<bool>([instance = std::move(instance), leftover = std::move(leftover)](const Session& session) {
      return sqlite::note_hub_leftover(session, instance, leftover);
    });
  }

  Task<Result<std::vector<HubLeftover>>> list_hub_leftovers(InstanceId instance, std::string hub, std::string after,
                                                            std::size_t limit) override {
    return read<std::vector<HubLeftover>>(
        [instance = std::move(instance), hub = std::move(hub), after = std::move(after),
         limit](const Session& session) { return sqlite::list_hub_leftovers(session, instance, hub, after, limit); });
  }

  Task<Result<std::uint64_t>> count_hub_leftovers(InstanceId instance, std::string hub) override {
    return read<std::uint64_t>([instance = std::move(instance), hub = std::move(hub)](const Session& session) {
      return sqlite::count_hub_leftovers(session, instance, hub);
    });
  }

  Task<Result<void>> drop_hub_leftover(InstanceId instance, std::string hub, std::string device_id) override {
    return write<void>([instance = std::move(instance), hub = std::move(hub), id = std::move(device_id)](
                           const Session& session) { return sqlite::drop_hub_leftover(session, instance, hub, id); });
  }

  Task<Result<std::uint64_t>> append_hub_events(InstanceId instance, std::string hub,
                                                std::vector<model::HubEvent> events) override {
    const std::size_t weight = std::max<std::size_t>(events.size(), 1);
    return write<std::uint64_t>(
        nullptr,
        [instance = std::move(instance), hub = std::move(hub), events = std::move(events)](const Session& session) {
          return sqlite::append_hub_events(session, instance, hub, events);
        },
        weight);
  }

  Task<Result<std::vector<model::HubEvent>>> read_hub_events(InstanceId instance, std::string hub, std::uint64_t after,
                                                             HubEventLimit limit) override {
    return read<std::vector<model::HubEvent>>(
        [instance = std::move(instance), hub = std::move(hub), after, limit](const Session& session) {
          return sqlite::read_hub_events(session, instance, hub, after, limit);
        });
  }

  Task<Result<std::vector<HubLog>>> list_hub_logs() override {
    return read<std::vector<HubLog>>([](const Session& session) { return sqlite::list_hub_logs(session); });
  }

  Task<Result<HubLog>> find_hub_log(InstanceId instance, std::string hub) override {
    return read<HubLog>([instance = std::move(instance), hub = std::move(hub)](const Session& session) {
      return sqlite::find_hub_log(session, instance, hub);
    });
  }

  Task<Result<std::size_t>> trim_hub_events(InstanceId instance, std::string hub, TimePoint before,
                                            std::uint64_t octets) override {
    return write<std::size_t>(
        [instance = std::move(instance), hub = std::move(hub), before, octets](const Session& session) {
          return sqlite::trim_hub_events(session, instance, hub, before, octets, kPurgeBatch);
        });
  }

  void watch_hub_notices(std::function<void(const InstanceId&, const std::string&)> watcher) override {
    const std::scoped_lock lock(watcher_mutex_);
    watcher_ = std::move(watcher);
  }

  Task<Result<std::uint64_t>> find_hub_consumer(InstanceId instance, std::string hub, std::string consumer) override {
    return read<std::uint64_t>(
        [instance = std::move(instance), hub = std::move(hub), consumer = std::move(consumer)](const Session& session) {
          return sqlite::find_hub_consumer(session, instance, hub, consumer);
        });
  }

  Task<Result<void>> put_hub_consumer(InstanceId instance, std::string hub, std::string consumer,
                                      std::uint64_t position) override {
    return write<void>([instance = std::move(instance), hub = std::move(hub), consumer = std::move(consumer),
                        position](const Session& session) {
      return sqlite::put_hub_consumer(session, instance, hub, consumer, position);
    });
  }

  Task<Result<void>> add_hub_message(InstanceId instance, std::string hub, model::HubMessage message,
                                     std::size_t most) override {
    return write<void>(
        [instance = std::move(instance), hub = std::move(hub), message = std::move(message),
         most](const Session& session) { return sqlite::add_hub_message(session, instance, hub, message, most); });
  }

  Task<Result<HubMessageBatch>> take_hub_messages(HubDeviceKey device, HubMessageOrder order) override {
    // Most devices that connect have none, and a read costs no commit.
    const auto any = co_await read<bool>(
        [&device, &order](const Session& session) { return sqlite::has_hub_messages(session, device, order.after); });
    if (!any) co_return std::unexpected(any.error());
    if (!*any) co_return HubMessageBatch();
    co_return co_await write<HubMessageBatch>([device = std::move(device), order](const Session& session) {
      return sqlite::take_hub_messages(session, device, order);
    });
  }

  Task<Result<HubMessagesEnded>> end_hub_messages(HubDeviceKey device, std::optional<std::uint64_t> number,
                                                  model::MessageOutcome outcome, TimePoint now) override {
    return write<HubMessagesEnded>([device = std::move(device), number, outcome, now](const Session& session) {
      return sqlite::end_hub_messages(session, device, number, outcome, now);
    });
  }

  Task<Result<std::vector<HubDeviceKey>>> expire_hub_messages(TimePoint now) override {
    return write<std::vector<HubDeviceKey>>(
        [now](const Session& session) { return sqlite::expire_hub_messages(session, now, kPurgeBatch); });
  }

  Task<Result<void>> create_hub_job(InstanceId instance, std::string hub, model::HubJob job,
                                    std::size_t most_open) override {
    return write<void>([instance = std::move(instance), hub = std::move(hub), job = std::move(job),
                        most_open](const Session& session) {
      return sqlite::create_hub_job(session, {instance, hub, job.id}, job, most_open);
    });
  }

  Task<Result<std::optional<model::HubJob>>> find_hub_job(HubJobKey key) override {
    return read<std::optional<model::HubJob>>(
        [key = std::move(key)](const Session& session) { return sqlite::find_hub_job(session, key); });
  }

  Task<Result<model::HubJob>> change_hub_job(HubJobKey key, Change<model::HubJob> change,
                                             std::vector<model::DeviceJob> devices) override {
    return write<model::HubJob>([key = std::move(key), change = std::move(change),
                                 devices = std::move(devices)](const Session& session) mutable {
      return sqlite::change_hub_job(session, key, change, devices);
    });
  }

  Task<Result<Page<model::HubJob>>> list_hub_jobs(InstanceId instance, std::string hub, std::string after,
                                                  std::size_t limit) override {
    return read<Page<model::HubJob>>(
        [instance = std::move(instance), hub = std::move(hub), after = std::move(after),
         limit](const Session& session) { return sqlite::list_hub_jobs(session, instance, hub, after, limit); });
  }

  Task<Result<std::vector<HubJobKey>>> open_hub_jobs() override {
    return read<std::vector<HubJobKey>>([](const Session& session) { return sqlite::open_hub_jobs(session); });
  }

  Task<Result<void>> put_device_jobs(InstanceId instance, std::string hub,
                                     std::vector<model::DeviceJob> devices) override {
    return write<void>(
        [instance = std::move(instance), hub = std::move(hub), devices = std::move(devices)](const Session& session) {
          return sqlite::put_device_jobs(session, instance, hub, devices);
        });
  }

  Task<Result<std::vector<model::DeviceJob>>> find_device_jobs(HubJobKey key, model::DeviceJobStatus status,
                                                               std::size_t limit) override {
    return read<std::vector<model::DeviceJob>>([key = std::move(key), status, limit](const Session& session) {
      return sqlite::find_device_jobs(session, key, status, limit);
    });
  }

  Task<Result<Page<model::DeviceJob>>> list_device_jobs(HubJobKey key, std::string after, std::size_t limit) override {
    return read<Page<model::DeviceJob>>(
        [key = std::move(key), after = std::move(after), limit](const Session& session) {
          return sqlite::list_device_jobs(session, key, after, limit);
        });
  }

  Task<Result<model::DeviceJobCount>> count_device_jobs(HubJobKey key) override {
    return read<model::DeviceJobCount>(
        [key = std::move(key)](const Session& session) { return sqlite::count_device_jobs(session, key); });
  }

  Task<Result<std::size_t>> purge_hub_jobs(TimePoint before) override {
    for (std::size_t last = kPurgeBatch; last == kPurgeBatch;) {
      auto purged = co_await write<std::size_t>(
          [before](const Session& session) { return sqlite::purge_device_jobs(session, before, kPurgeBatch); });
      if (!purged) co_return purged;
      last = *purged;
    }
    co_return co_await write<std::size_t>(
        [before](const Session& session) { return sqlite::purge_hub_jobs(session, before); });
  }

  Task<Result<void>> check_writable() override {
    return write<void>([](const Session& session) { return leave_write_mark(session); });
  }

  [[nodiscard]] std::size_t pending_writes() const override { return writer_.pending(); }

 private:
  using Hook = std::move_only_function<void()>;

  Hook drop_config(const InstanceId& instance) {
    return [this, instance] { configs_.drop(instance); };
  }

  static std::string enrollment_key(const InstanceId& instance, EnrollmentKind kind, std::string_view id) {
    return instance + (kind == EnrollmentKind::kGroup ? "/group/" : "/individual/") + model::id_key(id);
  }

  /// `keys`: enrollment_key() of each entry that is written.
  Hook drop_enrollments(const InstanceId& instance, EnrollmentKind kind, std::vector<std::string> keys) {
    return [this, instance, kind, keys = std::move(keys)] {
      for (const std::string& key : keys) enrollments_.drop(key);
      // Only groups have keys from which others are derived.
      if (kind == EnrollmentKind::kGroup) groups_.drop(instance);
    };
  }

  Hook drop_enrollment(const InstanceId& instance, EnrollmentKind kind, std::string_view id) {
    return drop_enrollments(instance, kind, {enrollment_key(instance, kind, id)});
  }

  /// `keys`: record_key() of each record that is written.
  Hook drop_records(std::vector<std::string> keys) {
    return [this, keys = std::move(keys)] {
      for (const std::string& key : keys) records_.drop(key);
    };
  }

  /// What a change wrote is found by others as soon as it is committed.
  Hook keep_operation(const InstanceId& instance, SharedOperationState state) {
    const auto ticket = operations_.drop(instance, state->operation.registration_id);
    return [this, instance, state = std::move(state), ticket] { operations_.put(instance, state, ticket); };
  }

  static void run_on_commit(Transaction& transaction, sqlite::CommitHooks hooks) {
    for (auto& hook : hooks) transaction.on_commit(std::move(hook));
  }

  /// One consistent moment of the database, on the calling thread.
  template <class Query>
  auto read_now(const Query& query) -> decltype(query(std::declval<const Session&>())) {
    auto connection = readers_.mine();
    if (!connection) return std::unexpected(connection.error());
    auto transaction = ReadTransaction::begin(**connection);
    if (!transaction) return std::unexpected(transaction.error());
    return query(Session{**connection, *sealer_});
  }

  template <class T, class Query>
  Task<Result<T>> read(Query query) {
    co_return read_now(query);
  }

  /// What the cache has, or what is loaded and cached.
  template <class T, class Load>
  Result<std::shared_ptr<const T>> snapshot(SnapshotCache<T>& cache, const std::string& key, const Load& load) {
    auto found = cache.find(key);
    if (found.value) return std::move(found.value);
    Result<T> loaded = read_now(load);
    if (!loaded) return std::unexpected(loaded.error());
    auto value = std::make_shared<const T>(std::move(*loaded));
    cache.offer(key, value, found.generation);
    return value;
  }

  /// Deletes until a batch is not full; returns how many rows.
  template <class Delete>
  Task<Result<std::size_t>> in_batches(Delete remove) {
    std::size_t total = 0;
    while (true) {
      const Result<std::size_t> removed = co_await write<std::size_t>(remove);
      if (!removed) co_return std::unexpected(removed.error());
      total += *removed;
      if (*removed < kPurgeBatch) co_return total;
    }
  }

  template <class T, class Change>
  Task<Result<T>> write(Change change) {
    return write<T>(nullptr, std::move(change));
  }

  template <class T, class Change>
  Task<Result<T>> write(Hook committed, Change change, std::size_t weight = 1) {
    auto work = [this, committed = std::move(committed),
                 change = std::move(change)](Transaction& transaction) mutable -> Result<T> {
      std::vector<std::string> records;
      const Session session{transaction.connection(), *sealer_, &operations_, notices_.get(), &records};
      Result<T> result = run_change<T>(change, session, transaction);
      if (!records.empty()) transaction.on_commit(drop_records(std::move(records)));
      if (notices_) tell_of_notices(notices_->take_written(), transaction);
      if (result && committed) transaction.on_commit([&committed] { committed(); });
      return result;
    };
    // Stays in this frame, as it may run again, and ends on the caller's thread what it holds: memory is freed where it
    // was taken.
    co_return co_await Handover<Result<T>>([this, weight, &work](auto deliver) {
      writer_.submit<T>([&work](Transaction& transaction) { return work(transaction); }, std::move(deliver), weight);
    });
  }

  /// When they are committed. Of a change that failed they are not, and the hook goes with it.
  void tell_of_notices(std::vector<HubNotices::Log> written, Transaction& transaction) {
    if (written.empty()) return;
    transaction.on_commit([this, written = std::move(written)] {
      const std::scoped_lock lock(watcher_mutex_);
      for (const auto& [instance, hub] : written) {
        if (watcher_) watcher_(instance, hub);
      }
    });
  }

  /// Changes that count rows take the transaction too.
  template <class T, class Change>
  static Result<T> run_change(Change& change, const Session& session, Transaction& transaction) {
    if constexpr (std::is_invocable_v<Change&, const Session&, Transaction&>) {
      return change(session, transaction);
    } else {
      return change(session);
    }
  }

  const std::shared_ptr<const crypto::Sealer> sealer_;
  RowCounter counter_;  // the writer's
  SnapshotCache<model::InstanceConfig> configs_{kCachedInstances};
  SnapshotCache<std::vector<SymmetricGroup>> groups_{kCachedInstances};
  SnapshotCache<std::optional<Enrollment>> enrollments_{kCachedEntries};
  SnapshotCache<std::optional<model::Registration>> records_{kCachedEntries};
  OperationCache operations_{kCachedEntries};
  const std::unique_ptr<HubNotices> notices_;  // the writer's
  std::mutex watcher_mutex_;                   // protects watcher_
  std::function<void(const InstanceId&, const std::string&)> watcher_;
  // From here on the reverse of the order in which they end: the queue is finished while all else still stands, and the
  // last connection is one that may write, because the last one empties and removes the write-ahead log.
  Checkpointer checkpointer_;
  Readers readers_;
  Writer writer_;
};

}  // namespace
}  // namespace sqlite

Result<std::unique_ptr<Store>> open_sqlite_store(const SqliteOptions& options,
                                                 std::shared_ptr<const crypto::Sealer> sealer) {
  using sqlite::Connection;
  using sqlite::OpenMode;
  auto writing = Connection::open(options.path, OpenMode::kCreate);
  if (!writing) return std::unexpected(writing.error());
  if (auto migrated = sqlite::migrate(*writing); !migrated) return std::unexpected(migrated.error());
  if (auto checked = sqlite::check_master_key({*writing, *sealer}); !checked) return std::unexpected(checked.error());
  sqlite::RowCounter counter(options.limits);
  if (auto counted = counter.load(*writing); !counted) return std::unexpected(counted.error());
  auto checkpointing = Connection::open(options.path, OpenMode::kReadWrite);
  if (!checkpointing) return std::unexpected(checkpointing.error());
  if (auto logged = checkpointing->use_write_ahead_log(); !logged) return std::unexpected(logged.error());
  return std::make_unique<sqlite::SqliteStore>(options, std::move(sealer), std::move(counter), std::move(*writing),
                                               std::move(*checkpointing));
}

}  // namespace muster::store
