#include "store/sqlite/hub_jobs.h"

#include <algorithm>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "store/sqlite/rows.h"

namespace muster::store::sqlite {
namespace {

using model::DeviceJob;
using model::DeviceJobStatus;
using model::HubJob;

/// The number in the column; part of the stored form.
int status_code(DeviceJobStatus status) {
  switch (status) {
    case DeviceJobStatus::kPending:
      return 0;
    case DeviceJobStatus::kRunning:
      return 1;
    case DeviceJobStatus::kCompleted:
      return 2;
    case DeviceJobStatus::kFailed:
      return 3;
    case DeviceJobStatus::kCanceled:
      break;
  }
  return 4;
}

/// Column: body.
Result<HubJob> read_job(const Statement& row) {
  const auto body = parse_body(row.text(0));
  if (!body) return std::unexpected(body.error());
  return model::hub_job_from_stored_json(*body);
}

/// Column: body.
Result<DeviceJob> read_device(const Statement& row) {
  const auto body = parse_body(row.text(0));
  if (!body) return std::unexpected(body.error());
  return model::device_job_from_stored_json(*body);
}

Result<void> write_job(const Session& session, const HubJobKey& key, const HubJob& job) {
  return without_count(session.connection.run(
      "INSERT INTO hub_job (instance, hub, job_id, is_open, ended, body) VALUES (?, ?, ?, ?, ?, ?) "
      "ON CONFLICT (instance, hub, job_id) DO UPDATE SET is_open = excluded.is_open, ended = excluded.ended, "
      "body = excluded.body",
      key.instance, model::id_key(key.hub), job.id, job.open, job.ended ? to_micros(*job.ended) : 0,
      boost::json::serialize(model::to_stored_json(job))));
}

Result<std::int64_t> count_open(const Session& session, const HubJobKey& key) {
  auto count = read_optional<std::int64_t>(
      session.connection.query("SELECT COUNT(*) FROM hub_job WHERE instance = ? AND hub = ? AND is_open = 1",
                               key.instance, model::id_key(key.hub)),
      [](const Statement& row) -> Result<std::int64_t> { return row.integer(0); });
  if (!count) return std::unexpected(count.error());
  return count->value_or(0);
}

}  // namespace

Result<void> create_hub_job(const Session& session, const HubJobKey& key, const HubJob& job, std::size_t most_open) {
  const auto current = find_hub_job(session, key);
  if (!current) return std::unexpected(current.error());
  if (*current) return fail(ErrorCode::kConflict, fmt::format("There is a job {} already.", key.job_id));
  const auto open = count_open(session, key);
  if (!open) return std::unexpected(open.error());
  if (std::cmp_greater_equal(*open, most_open)) {
    return fail(ErrorCode::kLimitExceeded, fmt::format("{} jobs have not ended; there can be no more.", *open));
  }
  return write_job(session, key, job);
}

Result<std::optional<HubJob>> find_hub_job(const Session& session, const HubJobKey& key) {
  return read_optional<HubJob>(
      session.connection.query("SELECT body FROM hub_job WHERE instance = ? AND hub = ? AND job_id = ?", key.instance,
                               model::id_key(key.hub), key.job_id),
      read_job);
}

Result<HubJob> change_hub_job(const Session& session, const HubJobKey& key, Change<HubJob>& change,
                              const std::vector<DeviceJob>& devices) {
  const auto current = find_hub_job(session, key);
  if (!current) return std::unexpected(current.error());
  if (!*current) return fail(ErrorCode::kNotFound, fmt::format("There is no job {}.", key.job_id));
  auto next = change(&**current);
  if (!next) return next;
  if (next->id != key.job_id) return fail(ErrorCode::kInternal, "The store failed.", "key of a hub job changed");
  if (auto written = write_job(session, key, *next); !written) return std::unexpected(written.error());
  if (auto written = put_device_jobs(session, key.instance, key.hub, devices); !written) {
    return std::unexpected(written.error());
  }
  return next;
}

Result<Page<HubJob>> list_hub_jobs(const Session& session, const InstanceId& instance, const std::string& hub,
                                   const std::string& after, std::size_t limit) {
  const std::size_t count = std::max<std::size_t>(limit, 1);
  auto found = read_all<HubJob>(
      session.connection.query("SELECT body FROM hub_job WHERE instance = ? AND hub = ? AND job_id > ? "
                               "ORDER BY job_id LIMIT ?",
                               instance, model::id_key(hub), after, count + 1),
      read_job);
  if (!found) return std::unexpected(found.error());
  Page<HubJob> page{.items = std::move(*found), .next = {}};
  if (page.items.size() > count) {
    page.items.pop_back();
    page.next = page.items.back().id;
  }
  return page;
}

Result<std::vector<HubJobKey>> open_hub_jobs(const Session& session) {
  return read_all<HubJobKey>(
      session.connection.query("SELECT instance, hub, job_id FROM hub_job WHERE is_open = 1"),
      [](const Statement& row) -> Result<HubJobKey> { return HubJobKey{row.string(0), row.string(1), row.string(2)}; });
}

Result<void> put_device_jobs(const Session& session, const InstanceId& instance, const std::string& hub,
                             const std::vector<DeviceJob>& devices) {
  const std::string hub_key = model::id_key(hub);
  for (const DeviceJob& device : devices) {
    auto written = session.connection.run(
        "INSERT INTO device_job (instance, hub, job_id, device_id, status, body) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (instance, hub, job_id, device_id) DO UPDATE SET status = excluded.status, body = excluded.body",
        instance, hub_key, device.job_id, device.device_id, status_code(device.status),
        boost::json::serialize(model::to_stored_json(device)));
    if (!written) return std::unexpected(written.error());
  }
  return {};
}

Result<std::vector<DeviceJob>> find_device_jobs(const Session& session, const HubJobKey& key, DeviceJobStatus status,
                                                std::size_t limit) {
  return read_all<DeviceJob>(
      session.connection.query("SELECT body FROM device_job WHERE instance = ? AND hub = ? AND job_id = ? AND "
                               "status = ? ORDER BY device_id LIMIT ?",
                               key.instance, model::id_key(key.hub), key.job_id, status_code(status), limit),
      read_device);
}

Result<Page<DeviceJob>> list_device_jobs(const Session& session, const HubJobKey& key, const std::string& after,
                                         std::size_t limit) {
  const std::size_t count = std::max<std::size_t>(limit, 1);
  const std::size_t between = std::min(after.find(kBetweenIds), after.size());
  const std::string job = after.substr(0, between);
  const std::string device = after.substr(std::min(between + 1, after.size()));
  const std::string hub_key = model::id_key(key.hub);
  auto found = read_all<DeviceJob>(
      key.job_id.empty()
          ? session.connection.query("SELECT body FROM device_job WHERE instance = ? AND hub = ? AND "
                                     "(job_id, device_id) > (?, ?) ORDER BY job_id, device_id LIMIT ?",
                                     key.instance, hub_key, job, device, count + 1)
          : session.connection.query("SELECT body FROM device_job WHERE instance = ? AND hub = ? AND job_id = ? AND "
                                     "device_id > ? ORDER BY device_id LIMIT ?",
                                     key.instance, hub_key, key.job_id, device, count + 1),
      read_device);
  if (!found) return std::unexpected(found.error());
  Page<DeviceJob> page{.items = std::move(*found), .next = {}};
  if (page.items.size() > count) {
    page.items.pop_back();
    page.next = place_of(page.items.back());
  }
  return page;
}

Result<model::DeviceJobCount> count_device_jobs(const Session& session, const HubJobKey& key) {
  model::DeviceJobCount out;
  const auto counted = read_all<int>(
      session.connection.query("SELECT status, COUNT(*) FROM device_job WHERE instance = ? AND hub = ? AND job_id = ? "
                               "GROUP BY status",
                               key.instance, model::id_key(key.hub), key.job_id),
      [&out](const Statement& row) -> Result<int> {
        const auto count = static_cast<std::uint64_t>(row.integer(1));
        out.all += count;
        if (row.integer(0) == status_code(DeviceJobStatus::kPending)) out.pending = count;
        if (row.integer(0) == status_code(DeviceJobStatus::kRunning)) out.running = count;
        if (row.integer(0) == status_code(DeviceJobStatus::kCompleted)) out.completed = count;
        if (row.integer(0) == status_code(DeviceJobStatus::kFailed)) out.failed = count;
        return 0;
      });
  if (!counted) return std::unexpected(counted.error());
  return out;
}

Result<std::size_t> purge_device_jobs(const Session& session, TimePoint before, std::size_t limit) {
  return session.connection.run(
      "DELETE FROM device_job WHERE (instance, hub, job_id, device_id) IN "
      "(SELECT d.instance, d.hub, d.job_id, d.device_id FROM hub_job AS j JOIN device_job AS d "
      "ON d.instance = j.instance AND d.hub = j.hub AND d.job_id = j.job_id "
      "WHERE j.is_open = 0 AND j.ended < ? LIMIT ?)",
      to_micros(before), limit);
}

Result<std::size_t> purge_hub_jobs(const Session& session, TimePoint before) {
  return session.connection.run("DELETE FROM hub_job WHERE is_open = 0 AND ended < ?", to_micros(before));
}

}  // namespace muster::store::sqlite
