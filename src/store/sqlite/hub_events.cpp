#include "store/sqlite/hub_events.h"

#include <boost/json/serialize.hpp>

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

/// Numbers are never given twice, also when all events were dropped.
Result<std::uint64_t> next_sequence(const Session& session, const InstanceId& instance, const std::string& hub_key) {
  auto counted = session.connection.run(
      "INSERT INTO hub_event_log (instance, hub, last) VALUES (?, ?, 1) "
      "ON CONFLICT (instance, hub) DO UPDATE SET last = last + 1",
      instance, hub_key);
  if (!counted) return std::unexpected(counted.error());
  auto last = read_optional<std::uint64_t>(
      session.connection.query("SELECT last FROM hub_event_log WHERE instance = ? AND hub = ?", instance, hub_key),
      [](const Statement& row) -> Result<std::uint64_t> { return static_cast<std::uint64_t>(row.integer(0)); });
  if (!last) return std::unexpected(last.error());
  return last->value_or(0);
}

}  // namespace

Result<std::uint64_t> append_hub_event(const Session& session, const InstanceId& instance, const std::string& hub,
                                       const model::HubEvent& event) {
  const std::string hub_key = model::id_key(hub);
  const auto sequence = next_sequence(session, instance, hub_key);
  if (!sequence) return sequence;
  auto inserted = session.connection.run(
      "INSERT INTO hub_event (instance, hub, sequence, enqueued, envelope, body) VALUES (?, ?, ?, ?, ?, ?)", instance,
      hub_key, static_cast<std::int64_t>(*sequence), to_micros(event.enqueued),
      boost::json::serialize(model::to_stored_json(event)), as_bytes(event.body));
  if (!inserted) return std::unexpected(inserted.error());
  return *sequence;
}

Result<std::vector<model::HubEvent>> read_hub_events(const Session& session, const InstanceId& instance,
                                                     const std::string& hub, std::uint64_t after, std::size_t limit) {
  return read_all<model::HubEvent>(
      session.connection.query("SELECT sequence, envelope, body FROM hub_event WHERE instance = ? AND hub = ? AND "
                               "sequence > ? ORDER BY sequence LIMIT ?",
                               instance, model::id_key(hub), static_cast<std::int64_t>(after), limit),
      read_event);
}

Result<std::size_t> trim_hub_events(const Session& session, TimePoint before, std::size_t limit) {
  return session.connection.run(
      "DELETE FROM hub_event WHERE (instance, hub, sequence) IN "
      "(SELECT instance, hub, sequence FROM hub_event WHERE enqueued < ? LIMIT ?)",
      to_micros(before), limit);
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
