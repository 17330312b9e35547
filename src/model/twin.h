#pragma once

#include <cstdint>
#include <string>

#include <boost/json/object.hpp>

#include "base/clock.h"
#include "base/result.h"

namespace muster::model {

/// Desired or reported properties of a device with what is known of their changes (hub-api.md 1.5).
struct TwinProperties {
  boost::json::object values = {};
  /// `$lastUpdated` of the whole and, in members of the same names, of every member that `values` has.
  boost::json::object metadata = {};
  std::int64_t version = 1;

  bool operator==(const TwinProperties&) const = default;
};

/// What a hub keeps for a device besides its identity. The owner of a device writes tags and desired properties, the
/// device its reported ones.
struct Twin {
  boost::json::object tags = {};
  TwinProperties desired = {};
  TwinProperties reported = {};
  std::int64_t version = 1;

  bool operator==(const Twin&) const = default;
};

/// An empty twin, or one that begins with tags and desired properties.
Twin make_twin(boost::json::object tags, boost::json::object desired, TimePoint now);

/// Opaque: base64 of the version in eight octets (hub-api.md 1.1).
std::string twin_etag(const Twin& twin);

/// Merges as the members of `patch` say: null removes, an object goes into an object, anything else replaces. The
/// version counts on, also when nothing differs.
void merge_properties(TwinProperties& properties, const boost::json::object& patch, TimePoint now);
/// The same for tags, which have no metadata.
void merge_members(boost::json::object& target, const boost::json::object& patch);
/// Every member anew.
void replace_properties(TwinProperties& properties, const boost::json::object& values, TimePoint now);

/// Limits of one part of a twin (hub-api.md 1.5).
inline constexpr std::size_t kMaxTags = std::size_t{8} * 1024;
inline constexpr std::size_t kMaxProperties = std::size_t{32} * 1024;

/// Whether a twin may hold this: depth, names, texts and whole numbers within bounds, and at most `most` octets of
/// names and values. `part` begins the message: "tags". Nulls are removals and pass.
Result<void> check_twin_part(const boost::json::object& values, std::string_view part, std::size_t most);

/// As it goes over the wire: the values with `$version`, and `$metadata` when that is asked for.
boost::json::object properties_to_json(const TwinProperties& properties, bool with_metadata,
                                       const boost::json::storage_ptr& storage = {});

/// The form kept in the store, at the end of `out`. kInternal when damaged.
void append_stored(std::string& out, const Twin& twin);
Result<Twin> twin_from_stored_json(const boost::json::object& stored);

}  // namespace muster::model
