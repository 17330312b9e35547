#include "store/sqlite/hub_events.h"

#include <algorithm>

#include "store/sqlite/rows.h"

namespace muster::store::sqlite {
namespace {

/// Columns: sequence, envelope, body.
Result<model::HubEvent> read_event(const Statement& row) {
  const auto envelope = parse_body(row.text(1));
  if (!envelope) return std::unexpected(envelope.error());
  auto event = model::hub_event_from_stored_json(*envelope);
  if (!event) return event;
  event->sequence = static_cast<std::uint64_t>(row.integer(0));
  event->body = as_text(row.blob(2));
  return event;
}

/// What a row takes besides envelope and body: its key, and its part of the page.
constexpr std::uint64_t kEventOverhead = 100;
/// Dropped in one commit: pages of large events are many, and each has to be visited.
constexpr std::uint64_t kMostTrimmedOctets = std::uint64_t{8} << 20U;

struct LogState {
  std::uint64_t last = 0;
  std::uint64_t octets = 0;
};

Result<LogState> find_state(const Session& session, const InstanceId& instance, const std::string& hub_key) {
  auto found = read_optional<LogState>(
      session.connection.query("SELECT last, octets FROM hub_event_log WHERE instance = ? AND hub = ?", instance,
                               hub_key),
      [](const Statement& row) -> Result<LogState> {
        return LogState{static_cast<std::uint64_t>(row.integer(0)), static_cast<std::uint64_t>(row.integer(1))};
      });
  if (!found) return std::unexpected(found.error());
  return found->value_or(LogState{});
}

/// The row of the log outlives its events: numbers are never given twice.
Result<void> put_state(const Session& session, const InstanceId& instance, const std::string& hub_key,
                       const LogState& state) {
  return without_count(
      session.connection.run("INSERT INTO hub_event_log (instance, hub, last, octets) VALUES (?, ?, ?, ?) "
                             "ON CONFLICT (instance, hub) DO UPDATE SET last = excluded.last, octets = excluded.octets",
                             instance, hub_key, state.last, state.octets));
}

Result<std::uint64_t> first_sequence(const Session& session, const HubLog& log) {
  auto found = read_optional<std::uint64_t>(
      session.connection.query(
          "SELECT sequence FROM hub_event WHERE instance = ? AND hub = ? ORDER BY sequence LIMIT 1", log.instance,
          log.hub),
      [](const Statement& row) -> Result<std::uint64_t> { return static_cast<std::uint64_t>(row.integer(0)); });
  if (!found) return std::unexpected(found.error());
  return found->value_or(log.last + 1);
}

/// What is to be dropped in one go.
struct Oldest {
  std::uint64_t last = 0;
  std::size_t events = 0;
  std::uint64_t octets = 0;
};

/// From the oldest event on, up to the first that may stay. Later ones that claim to be older wait for it.
Result<Oldest> find_oldest(const Session& session, const InstanceId& instance, const std::string& hub_key,
                           TimePoint before, std::uint64_t surplus, std::size_t most) {
  auto rows = session.connection.query(
      "SELECT sequence, enqueued, length(CAST(envelope AS BLOB)) + length(body) FROM hub_event "
      "WHERE instance = ? AND hub = ? ORDER BY sequence LIMIT ?",
      instance, hub_key, most);
  if (!rows) return std::unexpected(rows.error());
  Oldest out;
  while (out.octets < kMostTrimmedOctets) {
    const auto row = rows->step();
    if (!row) return std::unexpected(row.error());
    if (!*row || (rows->integer(1) >= to_micros(before) && out.octets >= surplus)) break;
    out.last = static_cast<std::uint64_t>(rows->integer(0));
    out.octets += static_cast<std::uint64_t>(rows->integer(2)) + kEventOverhead;
    ++out.events;
  }
  return out;
}

}  // namespace

Result<std::uint64_t> append_hub_events(const Session& session, const InstanceId& instance, const std::string& hub,
                                        const std::vector<model::HubEvent>& events) {
  const std::string hub_key = model::id_key(hub);
  auto state = find_state(session, instance, hub_key);
  if (!state) return std::unexpected(state.error());
  for (const model::HubEvent& event : events) {
    const std::string envelope = to_stored_text(event);
    auto inserted = session.connection.run(
        "INSERT INTO hub_event (instance, hub, sequence, enqueued, envelope, body) VALUES (?, ?, ?, ?, ?, ?)", instance,
        hub_key, ++state->last, to_micros(event.enqueued), envelope, as_bytes(event.body));
    if (!inserted) return std::unexpected(inserted.error());
    state->octets += envelope.size() + event.body.size() + kEventOverhead;
  }
  if (auto kept = put_state(session, instance, hub_key, *state); !kept) return std::unexpected(kept.error());
  return state->last;
}

Result<std::vector<model::HubEvent>> read_hub_events(const Session& session, const InstanceId& instance,
                                                     const std::string& hub, std::uint64_t after,
                                                     const HubEventLimit& limit) {
  auto rows = session.connection.query(
      "SELECT sequence, envelope, body FROM hub_event WHERE instance = ? AND hub = ? AND sequence > ? "
      "ORDER BY sequence LIMIT ?",
      instance, model::id_key(hub), after, limit.events);
  if (!rows) return std::unexpected(rows.error());
  std::vector<model::HubEvent> events;
  for (std::size_t octets = 0; octets < limit.octets;) {
    const auto row = rows->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) break;
    auto event = read_event(*rows);
    if (!event) return std::unexpected(event.error());
    octets += rows->text(1).size() + event->body.size();
    events.push_back(std::move(*event));
  }
  return events;
}

Result<std::vector<HubLog>> list_hub_logs(const Session& session) {
  auto logs = read_all<HubLog>(session.connection.query("SELECT instance, hub, last, octets FROM hub_event_log"),
                               [](const Statement& row) -> Result<HubLog> {
                                 return HubLog{.instance = row.string(0),
                                               .hub = row.string(1),
                                               .last = static_cast<std::uint64_t>(row.integer(2)),
                                               .octets = static_cast<std::uint64_t>(row.integer(3))};
                               });
  if (!logs) return logs;
  for (HubLog& log : *logs) {
    const auto first = first_sequence(session, log);
    if (!first) return std::unexpected(first.error());
    log.first = *first;
  }
  return logs;
}

Result<HubLog> find_hub_log(const Session& session, const InstanceId& instance, const std::string& hub) {
  HubLog log{.instance = instance, .hub = model::id_key(hub)};
  const auto state = find_state(session, instance, log.hub);
  if (!state) return std::unexpected(state.error());
  log.last = state->last;
  log.octets = state->octets;
  const auto first = first_sequence(session, log);
  if (!first) return std::unexpected(first.error());
  log.first = *first;
  return log;
}

Result<std::size_t> trim_hub_events(const Session& session, const InstanceId& instance, const std::string& hub,
                                    TimePoint before, std::uint64_t octets, std::size_t most) {
  const std::string hub_key = model::id_key(hub);
  auto state = find_state(session, instance, hub_key);
  if (!state) return std::unexpected(state.error());
  const std::uint64_t surplus = state->octets > octets ? state->octets - octets : 0;
  const auto oldest = find_oldest(session, instance, hub_key, before, surplus, most);
  if (!oldest) return std::unexpected(oldest.error());
  if (oldest->events == 0) return 0;
  auto dropped = session.connection.run("DELETE FROM hub_event WHERE instance = ? AND hub = ? AND sequence <= ?",
                                        instance, hub_key, oldest->last);
  if (!dropped) return dropped;
  state->octets -= std::min(state->octets, oldest->octets);
  if (auto kept = put_state(session, instance, hub_key, *state); !kept) return std::unexpected(kept.error());
  return dropped;
}

Result<std::uint64_t> find_hub_consumer(const Session& session, const InstanceId& instance, const std::string& hub,
                                        const std::string& consumer) {
  auto found = read_optional<std::uint64_t>(
      session.connection.query("SELECT position FROM hub_consumer WHERE instance = ? AND hub = ? AND name = ?",
                               instance, model::id_key(hub), consumer),
      [](const Statement& row) -> Result<std::uint64_t> { return static_cast<std::uint64_t>(row.integer(0)); });
  if (!found) return std::unexpected(found.error());
  return found->value_or(0);
}

Result<void> put_hub_consumer(const Session& session, const InstanceId& instance, const std::string& hub,
                              const std::string& consumer, std::uint64_t position) {
  return without_count(
      session.connection.run("INSERT INTO hub_consumer (instance, hub, name, position) VALUES (?, ?, ?, ?) "
                             "ON CONFLICT (instance, hub, name) DO UPDATE SET position = excluded.position",
                             instance, model::id_key(hub), consumer, static_cast<std::int64_t>(position)));
}

}  // namespace muster::store::sqlite
