#include "store/sqlite/hub_messages.h"

#include <utility>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "store/sqlite/hub_devices.h"
#include "store/sqlite/hub_events.h"
#include "store/sqlite/rows.h"

namespace muster::store::sqlite {
namespace {

using model::HubMessage;
using model::MessageOutcome;

/// Columns: device_id, number, expires, deliveries, envelope, body.
Result<HubMessage> read_message(const Statement& row) {
  const auto envelope = parse_body(row.text(4));
  if (!envelope) return std::unexpected(envelope.error());
  auto message = model::hub_message_from_stored_json(*envelope);
  if (!message) return message;
  message->device_id = row.string(0);
  message->number = static_cast<std::uint64_t>(row.integer(1));
  message->expires = from_micros(row.integer(2));
  message->deliveries = static_cast<std::uint32_t>(row.integer(3));
  message->body = as_text(row.blob(5));
  return message;
}

Result<std::uint64_t> next_number(const Session& session, const HubDeviceKey& device) {
  auto last = read_optional<std::uint64_t>(
      session.connection.query("INSERT INTO hub_mailbox (instance, hub, device_id, last) VALUES (?, ?, ?, 1) "
                               "ON CONFLICT (instance, hub, device_id) DO UPDATE SET last = last + 1 RETURNING last",
                               device.instance, device.hub, device.device_id),
      [](const Statement& row) -> Result<std::uint64_t> { return static_cast<std::uint64_t>(row.integer(0)); });
  if (!last) return std::unexpected(last.error());
  if (!*last) return fail(ErrorCode::kInternal, "The store failed.", "no number for a hub message");
  return **last;
}

Result<std::size_t> count_waiting(const Session& session, const HubDeviceKey& device, TimePoint now) {
  auto count = read_optional<std::size_t>(
      session.connection.query(
          "SELECT COUNT(*) FROM hub_message WHERE instance = ? AND hub = ? AND device_id = ? AND expires > ?",
          device.instance, device.hub, device.device_id, to_micros(now)),
      [](const Statement& row) -> Result<std::size_t> { return static_cast<std::size_t>(row.integer(0)); });
  if (!count) return std::unexpected(count.error());
  return count->value_or(0);
}

/// Takes messages of one device away that end alike.
Result<HubMessagesEnded> end_messages(const Session& session, const HubDeviceKey& device,
                                      const std::vector<HubMessage>& messages, MessageOutcome outcome, TimePoint now) {
  for (const HubMessage& message : messages) {
    auto dropped = session.connection.run(
        "DELETE FROM hub_message WHERE instance = ? AND hub = ? AND device_id = ? AND number = ?", device.instance,
        device.hub, device.device_id, message.number);
    if (!dropped) return std::unexpected(dropped.error());
  }
  HubMessagesEnded out{.count = messages.size()};
  auto feedback = model::message_feedback(messages, outcome, now);
  if (!feedback) return out;
  auto appended = append_hub_events(session, device.instance, device.hub, {*std::move(feedback)});
  if (!appended) return std::unexpected(appended.error());
  out.fed_back = true;
  return out;
}

/// The same for what a query finds: all columns of a message but its body, which nobody needs any more.
Result<HubMessagesEnded> end_found(const Session& session, const HubDeviceKey& device, Result<Statement> found,
                                   MessageOutcome outcome, TimePoint now) {
  const auto messages = read_all<HubMessage>(std::move(found), read_message);
  if (!messages) return std::unexpected(messages.error());
  return end_messages(session, device, *messages, outcome, now);
}

Result<HubMessagesEnded> end_expired(const Session& session, const HubDeviceKey& device, TimePoint now) {
  return end_found(
      session, device,
      session.connection.query("SELECT device_id, number, expires, deliveries, envelope, '' FROM hub_message "
                               "WHERE instance = ? AND hub = ? AND device_id = ? AND expires <= ? ORDER BY number",
                               device.instance, device.hub, device.device_id, to_micros(now)),
      MessageOutcome::kExpired, now);
}

HubDeviceKey key_of(HubDeviceKey device) {
  device.hub = model::id_key(device.hub);
  return device;
}

}  // namespace

Result<void> add_hub_message(const Session& session, const InstanceId& instance, const std::string& hub,
                             HubMessage message, std::size_t most) {
  const HubDeviceKey device = key_of({instance, hub, message.device_id});
  const auto found = find_hub_device(session, instance, hub, message.device_id);
  if (!found) return std::unexpected(found.error());
  if (!*found) return fail(ErrorCode::kNotFound, fmt::format("There is no device {}.", message.device_id));
  const auto waiting = count_waiting(session, device, message.enqueued);
  if (!waiting) return std::unexpected(waiting.error());
  if (*waiting >= most) {
    return fail(ErrorCode::kLimitExceeded, fmt::format("{} messages wait for the device; no more can.", *waiting));
  }
  message.generation_id = (*found)->generation_id;
  const auto number = next_number(session, device);
  if (!number) return std::unexpected(number.error());
  return without_count(session.connection.run(
      "INSERT INTO hub_message (instance, hub, device_id, number, expires, deliveries, envelope, body) "
      "VALUES (?, ?, ?, ?, ?, 0, ?, ?)",
      device.instance, device.hub, device.device_id, *number, to_micros(message.expires), to_stored_text(message),
      as_bytes(message.body)));
}

Result<bool> has_hub_messages(const Session& session, const HubDeviceKey& device, std::uint64_t after) {
  auto found = read_optional<bool>(
      session.connection.query(
          "SELECT 1 FROM hub_message WHERE instance = ? AND hub = ? AND device_id = ? AND number > ? LIMIT 1",
          device.instance, model::id_key(device.hub), device.device_id, after),
      [](const Statement& /*row*/) -> Result<bool> { return true; });
  if (!found) return std::unexpected(found.error());
  return found->value_or(false);
}

Result<HubMessageBatch> take_hub_messages(const Session& session, const HubDeviceKey& device,
                                          const HubMessageOrder& order) {
  const HubDeviceKey key = key_of(device);
  const auto expired = end_expired(session, key, order.now);
  if (!expired) return std::unexpected(expired.error());
  const auto exhausted = end_found(
      session, key,
      session.connection.query("SELECT device_id, number, expires, deliveries, envelope, '' FROM hub_message "
                               "WHERE instance = ? AND hub = ? AND device_id = ? AND number > ? AND deliveries >= ?",
                               key.instance, key.hub, key.device_id, order.after, order.deliveries),
      MessageOutcome::kDeliveryCountExceeded, order.now);
  if (!exhausted) return std::unexpected(exhausted.error());
  auto messages = read_all<HubMessage>(
      session.connection.query(
          "SELECT device_id, number, expires, deliveries, envelope, body FROM hub_message "
          "WHERE instance = ? AND hub = ? AND device_id = ? AND number > ? ORDER BY number LIMIT ?",
          key.instance, key.hub, key.device_id, order.after, order.messages),
      read_message);
  if (!messages) return std::unexpected(messages.error());
  for (HubMessage& message : *messages) {
    ++message.deliveries;
    auto counted = session.connection.run(
        "UPDATE hub_message SET deliveries = ? WHERE instance = ? AND hub = ? AND device_id = ? AND number = ?",
        message.deliveries, key.instance, key.hub, key.device_id, message.number);
    if (!counted) return std::unexpected(counted.error());
  }
  return HubMessageBatch{std::move(*messages), expired->fed_back || exhausted->fed_back};
}

Result<HubMessagesEnded> end_hub_messages(const Session& session, const HubDeviceKey& device,
                                          std::optional<std::uint64_t> number, MessageOutcome outcome, TimePoint now) {
  const HubDeviceKey key = key_of(device);
  return end_found(
      session, key,
      number ? session.connection.query("SELECT device_id, number, expires, deliveries, envelope, '' FROM hub_message "
                                        "WHERE instance = ? AND hub = ? AND device_id = ? AND number = ?",
                                        key.instance, key.hub, key.device_id, *number)
             : session.connection.query("SELECT device_id, number, expires, deliveries, envelope, '' FROM hub_message "
                                        "WHERE instance = ? AND hub = ? AND device_id = ? ORDER BY number",
                                        key.instance, key.hub, key.device_id),
      outcome, now);
}

Result<std::vector<HubDeviceKey>> expire_hub_messages(const Session& session, TimePoint now, std::size_t most) {
  auto devices = read_all<HubDeviceKey>(
      session.connection.query("SELECT DISTINCT instance, hub, device_id FROM "
                               "(SELECT instance, hub, device_id FROM hub_message WHERE expires <= ? LIMIT ?)",
                               to_micros(now), most),
      [](const Statement& row) -> Result<HubDeviceKey> {
        return HubDeviceKey{row.string(0), row.string(1), row.string(2)};
      });
  if (!devices) return devices;
  for (const HubDeviceKey& device : *devices) {
    if (auto ended = end_expired(session, device, now); !ended) return std::unexpected(ended.error());
  }
  return devices;
}

Result<void> forget_hub_messages(const Session& session, const HubDeviceKey& device) {
  const HubDeviceKey key = key_of(device);
  auto dropped = session.connection.run("DELETE FROM hub_message WHERE instance = ? AND hub = ? AND device_id = ?",
                                        key.instance, key.hub, key.device_id);
  if (!dropped) return std::unexpected(dropped.error());
  return without_count(
      session.connection.run("DELETE FROM hub_mailbox WHERE instance = ? AND hub = ? AND device_id = ?", key.instance,
                             key.hub, key.device_id));
}

}  // namespace muster::store::sqlite
