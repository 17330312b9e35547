#pragma once

#include <string_view>

namespace muster::wire::mqtt {

/// What may be published to: UTF-8, 1 to 65535 octets, no wildcards, no U+0000 (MQTT 3.1.1 section 4.7).
bool is_topic_name(std::string_view topic);

/// What may be subscribed to: as a name, with `+` as a whole level and `#` as the whole last one.
bool is_topic_filter(std::string_view filter);

/// Whether messages on `topic` are for a subscription to `filter`; both are valid. A wildcard at the front does not
/// stand for a first level that begins with `$` (4.7.2). Takes time linear in the lengths.
bool matches(std::string_view filter, std::string_view topic);

}  // namespace muster::wire::mqtt
