#include "wire/amqp/message.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "wire/amqp/value.h"

namespace muster::wire::amqp {
namespace {

// Descriptors of the sections (3.2).
enum : std::uint64_t {
  kHeader = 0x70,
  kDeliveryAnnotations = 0x71,
  kMessageAnnotations = 0x72,
  kProperties = 0x73,
  kApplicationProperties = 0x74,
  kData = 0x75,
  kSequence = 0x76,
  kValue = 0x77,
  kFooter = 0x78,
};

/// Place of correlation-id in the list of properties (3.2.4).
constexpr std::size_t kCorrelationId = 5;

constexpr std::uint8_t kNull = 0x40;
constexpr std::size_t kLargestShort = 0xff;
/// Of a correlation-id, which is kept and sent back; four types of id exist, the longest in use are texts.
constexpr std::size_t kLongestId = 1024;

std::unexpected<Error> malformed() {
  return invalid("The transfer holds no AMQP message.");
}

bool read_properties(const Value& section, Message& out) {
  const auto fields = read_items(section);
  if (!fields || !section.is_list()) return false;
  if (fields->size() <= kCorrelationId) return true;
  const Value& id = (*fields)[kCorrelationId];
  if (id.is_null()) return true;
  if (id.encoded.size() > kLongestId || !check_value(id)) return false;
  out.correlation_id.assign(id.encoded.begin(), id.encoded.end());
  return true;
}

bool read_application_properties(const Value& section, Message& out) {
  const auto items = read_items(section);
  if (!items || !section.is_map() || items->size() % 2 != 0) return false;
  for (std::size_t i = 0; i < items->size(); i += 2) {
    const auto name = as_string((*items)[i]);
    const auto text = as_string((*items)[i + 1]);
    if (name && text) out.properties.emplace_back(*name, *text);
  }
  return true;
}

bool read_section(const Value& section, Message& out) {
  if (!section.descriptor) return false;
  switch (*section.descriptor) {
    case kProperties:
      return read_properties(section, out);
    case kApplicationProperties:
      return read_application_properties(section, out);
    case kData: {
      const auto data = as_binary(section);
      if (data) out.body.append(as_text(*data));
      return data.has_value();
    }
    case kValue:
      if (const auto text = as_string(section)) out.body.append(*text);
      if (const auto data = as_binary(section)) out.body.append(as_text(*data));
      return true;
    case kHeader:
    case kDeliveryAnnotations:
    case kMessageAnnotations:
    case kSequence:
    case kFooter:
      return true;
    default:
      return false;
  }
}

void put_32(Bytes& out, std::size_t number) {
  for (unsigned shift = 32; shift > 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(number >> (shift - 8U)));
}

/// Format code and size of a text or binary; `small` is the code of its short form.
void put_variable(Bytes& out, std::uint8_t small, ByteView content) {
  const bool is_short = content.size() <= kLargestShort;
  out.push_back(is_short ? small : small + 0x10U);
  if (is_short) {
    out.push_back(static_cast<std::uint8_t>(content.size()));
  } else {
    put_32(out, content.size());
  }
  out.insert(out.end(), content.begin(), content.end());
}

/// `small` is the code of the short form of a list or map.
void put_compound(Bytes& out, std::uint8_t small, std::uint8_t count, const Bytes& items) {
  const bool is_short = items.size() < kLargestShort;
  out.push_back(is_short ? small : small + 0x10U);
  if (is_short) {
    out.push_back(static_cast<std::uint8_t>(items.size() + 1));
    out.push_back(count);
  } else {
    put_32(out, items.size() + 4);
    put_32(out, count);
  }
  out.insert(out.end(), items.begin(), items.end());
}

void put_descriptor(Bytes& out, std::uint64_t section) {
  out.insert(out.end(), {0x00, 0x53, static_cast<std::uint8_t>(section)});
}

void put_int(Bytes& out, std::int64_t number) {
  if (number <= std::numeric_limits<std::int8_t>::max()) {
    out.insert(out.end(), {0x54, static_cast<std::uint8_t>(number)});
  } else {
    out.push_back(0x71);
    put_32(out, static_cast<std::size_t>(number));
  }
}

}  // namespace

std::optional<std::string_view> Message::property(std::string_view name) const {
  const auto found =
      std::find_if(properties.begin(), properties.end(), [&](const auto& each) { return each.first == name; });
  if (found == properties.end()) return std::nullopt;
  return found->second;
}

Result<Message> decode_message(ByteView octets) {
  Message message;
  Reader reader(octets);
  while (!reader.at_end()) {
    const auto section = reader.next();
    if (!section || !read_section(*section, message)) return malformed();
  }
  return message;
}

Bytes encode_response(const Response& response) {
  Bytes out;
  if (!response.correlation_id.empty()) {
    Bytes items(kCorrelationId, kNull);
    items.insert(items.end(), response.correlation_id.begin(), response.correlation_id.end());
    put_descriptor(out, kProperties);
    put_compound(out, 0xc0, kCorrelationId + 1, items);
  }
  if (response.retry_after) {
    const std::int64_t seconds =
        std::clamp<std::int64_t>(response.retry_after->count(), 0, std::numeric_limits<std::int32_t>::max());
    Bytes items;
    // The C SDK stops at the first one that it knows, C# knows the other spelling only (7.4).
    for (const std::string_view name : {"retry-after", "Retry-After"}) {
      put_variable(items, 0xa1, as_bytes(name));
      put_int(items, seconds);
    }
    put_descriptor(out, kApplicationProperties);
    put_compound(out, 0xc1, 4, items);
  }
  put_descriptor(out, kData);
  put_variable(out, 0xa0, as_bytes(response.body));
  return out;
}

}  // namespace muster::wire::amqp
