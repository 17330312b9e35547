#include "wire/amqp/message.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "wire/amqp/encode.h"
#include "wire/amqp/value.h"

namespace muster::wire::amqp {
namespace {

// Descriptors of the sections (3.2).
enum : std::uint8_t {
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
    if (const auto number = as_integer((*items)[i + 1]); name && number) {
      out.properties.emplace_back(*name, std::to_string(*number));
    }
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

void put_section(Bytes& out, std::uint8_t section, const Bytes& value) {
  const Bytes encoded = described_value(section, value);
  out.insert(out.end(), encoded.begin(), encoded.end());
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
    const Bytes id(response.correlation_id.begin(), response.correlation_id.end());
    const Bytes none = null_value();
    put_section(out, kProperties, list_value({none, none, none, none, none, id}));
  }
  if (response.retry_after) {
    const Bytes seconds = int_value(static_cast<std::int32_t>(
        std::clamp<std::int64_t>(response.retry_after->count(), 0, std::numeric_limits<std::int32_t>::max())));
    // The C SDK stops at the first one that it knows, C# knows the other spelling only (7.4).
    put_section(out, kApplicationProperties,
                map_value({string_value("retry-after"), seconds, string_value("Retry-After"), seconds}));
  }
  put_section(out, kData, binary_value(as_bytes(response.body)));
  return out;
}

Bytes encode_request(const Request& request) {
  Bytes out;
  const Bytes none = null_value();
  put_section(out, kProperties, list_value({none, none, none, none, none, string_value(request.correlation_id)}));
  const Bytes type = string_value("iotdps-operation-type");
  const Bytes operation = string_value(request.operation);
  put_section(out, kApplicationProperties,
              request.operation_id.empty() ? map_value({type, operation})
                                           : map_value({type, operation, string_value("iotdps-operation-id"),
                                                        string_value(request.operation_id)}));
  put_section(out, kData, binary_value(as_bytes(request.body)));
  return out;
}

}  // namespace muster::wire::amqp
