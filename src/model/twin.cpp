#include "model/twin.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/bytes.h"
#include "model/json_text.h"
#include "model/stored_value.h"

namespace muster::model {
namespace {

using boost::json::object;
using boost::json::value;

constexpr std::string_view kLastUpdated = "$lastUpdated";

value time_value(TimePoint now) {
  return value(format_time(now));
}

object touched(TimePoint now) {
  return {{kLastUpdated, time_value(now)}};
}

/// Metadata of something new: of every member below, too.
object metadata_of(const object& values, TimePoint now) {
  object out = touched(now);
  for (const auto& [name, member] : values) {
    out[name] = member.is_object() ? metadata_of(member.get_object(), now) : touched(now);
  }
  return out;
}

/// What a patch leaves when it meets nothing: the same without its removals.
object without_nulls(const object& patch) {
  object out;
  for (const auto& [name, member] : patch) {
    if (member.is_null()) continue;
    out[name] = member.is_object() ? value(without_nulls(member.get_object())) : member;
  }
  return out;
}

void merge(object& values, object* metadata, const object& patch, TimePoint now) {
  if (metadata != nullptr) (*metadata)[kLastUpdated] = time_value(now);
  for (const auto& [name, member] : patch) {
    if (member.is_null()) {
      values.erase(name);
      if (metadata != nullptr) metadata->erase(name);
      continue;
    }
    auto* old = values.if_contains(name);
    if (member.is_object() && old != nullptr && old->is_object()) {
      auto* below = metadata == nullptr ? nullptr : metadata->if_contains(name);
      merge(old->get_object(), below == nullptr ? nullptr : below->if_object(), member.get_object(), now);
      continue;
    }
    values[name] = member.is_object() ? value(without_nulls(member.get_object())) : member;
    if (metadata == nullptr) continue;
    (*metadata)[name] = member.is_object() ? metadata_of(values[name].get_object(), now) : touched(now);
  }
}

constexpr int kMaxDepth = 10;
constexpr std::size_t kMaxName = 1024;
constexpr std::size_t kMaxText = 4096;
constexpr std::int64_t kMaxWhole = 4'503'599'627'370'496;

/// Walks one part of a twin and counts what it holds.
class Checker {
 public:
  explicit Checker(std::string_view part) : part_(part) {}

  [[nodiscard]] std::size_t size() const { return size_; }

  Result<void> check(const object& values, int depth) {
    if (depth > kMaxDepth) return refuse(fmt::format("is nested deeper than {}", kMaxDepth));
    for (const auto& [name, member] : values) {
      if (auto checked = check_name(name); !checked) return checked;
      size_ += name.size();
      if (auto checked = check(member, depth); !checked) return checked;
    }
    return {};
  }

 private:
  Result<void> check(const value& member, int depth) {
    if (const auto* nested = member.if_object()) return check(*nested, depth + 1);
    if (const auto* items = member.if_array()) return check(*items, depth + 1);
    if (const auto* text = member.if_string()) {
      size_ += text->size();
      if (text->size() > kMaxText) return refuse(fmt::format("has a text of more than {} octets", kMaxText));
      return {};
    }
    size_ += sizeof(std::int64_t);
    if (!is_exact(member)) return refuse("has a whole number beyond 2^52");
    return {};
  }

  Result<void> check(const boost::json::array& items, int depth) {
    if (depth > kMaxDepth) return refuse(fmt::format("is nested deeper than {}", kMaxDepth));
    for (const value& item : items) {
      if (auto checked = check(item, depth); !checked) return checked;
    }
    return {};
  }

  /// Whole numbers that every client reads exactly.
  static bool is_exact(const value& member) {
    if (member.is_uint64()) return false;
    const auto* whole = member.if_int64();
    return whole == nullptr || (*whole <= kMaxWhole && *whole >= -kMaxWhole);
  }

  Result<void> check_name(std::string_view name) const {
    const auto forbidden = [](char each) {
      return each == '.' || each == '$' || each == ' ' || static_cast<unsigned char>(each) < 0x20 || each == 0x7f;
    };
    if (name.empty() || name.size() > kMaxName) {
      return refuse(fmt::format("has a name that is empty or longer than {} octets", kMaxName));
    }
    if (std::ranges::any_of(name, forbidden)) {
      return refuse(fmt::format("has the name \"{}\"; '.', '$', blanks and control characters are not allowed", name));
    }
    return {};
  }

  [[nodiscard]] std::unexpected<Error> refuse(std::string_view what) const {
    return invalid(fmt::format("{} {}.", part_, what));
  }

  std::string_view part_;
  std::size_t size_ = 0;
};

void append_properties(std::string& out, const TwinProperties& properties) {
  ObjectText members(out);
  append_value(members.member("values"), properties.values);
  append_value(members.member("metadata"), properties.metadata);
  members.put("version", properties.version);
}

object stored_object(const MemberReader& reader, std::string_view member) {
  const object* found = reader.object(member);
  if (found == nullptr) reader.reject(member, "is required");
  return found == nullptr ? object() : *found;
}

TwinProperties stored_properties(const MemberReader& reader, std::string_view member) {
  const auto child = reader.child(member);
  if (!child) {
    reader.reject(member, "is required");
    return {};
  }
  return {.values = stored_object(*child, "values"),
          .metadata = stored_object(*child, "metadata"),
          .version = child->required_number("version")};
}

}  // namespace

Twin make_twin(object tags, object desired, TimePoint now) {
  Twin twin{.tags = std::move(tags)};
  twin.desired.metadata = metadata_of(desired, now);
  twin.desired.values = std::move(desired);
  twin.reported.metadata = touched(now);
  return twin;
}

std::string twin_etag(const Twin& twin) {
  std::array<std::uint8_t, sizeof(std::uint64_t)> octets{};
  auto rest = static_cast<std::uint64_t>(twin.version);
  for (auto octet = octets.rbegin(); octet != octets.rend(); ++octet, rest >>= 8U) {
    *octet = static_cast<std::uint8_t>(rest);
  }
  return to_base64(octets);
}

void merge_properties(TwinProperties& properties, const object& patch, TimePoint now) {
  merge(properties.values, &properties.metadata, patch, now);
  ++properties.version;
}

void merge_members(object& target, const object& patch) {
  merge(target, nullptr, patch, {});
}

void replace_properties(TwinProperties& properties, const object& values, TimePoint now) {
  properties.values = without_nulls(values);
  properties.metadata = metadata_of(properties.values, now);
  ++properties.version;
}

Result<void> check_twin_part(const object& values, std::string_view part, std::size_t most) {
  Checker checker(part);
  if (auto checked = checker.check(values, 1); !checked) return checked;
  if (checker.size() <= most) return {};
  return invalid(fmt::format("{} has {} octets of names and values; {} are allowed.", part, checker.size(), most));
}

object properties_to_json(const TwinProperties& properties, bool with_metadata,
                          const boost::json::storage_ptr& storage) {
  object out(properties.values, storage);
  if (with_metadata) out["$metadata"] = properties.metadata;
  out["$version"] = properties.version;
  return out;
}

void append_stored(std::string& out, const Twin& twin) {
  ObjectText members(out);
  append_value(members.member("tags"), twin.tags);
  append_properties(members.member("desired"), twin.desired);
  append_properties(members.member("reported"), twin.reported);
  members.put("version", twin.version);
}

Result<Twin> twin_from_stored_json(const object& stored) {
  DocumentFault fault;
  const MemberReader reader(stored, fault);
  Twin twin{.tags = stored_object(reader, "tags"),
            .desired = stored_properties(reader, "desired"),
            .reported = stored_properties(reader, "reported"),
            .version = reader.required_number("version")};
  return unless_damaged(fault, std::move(twin), "twin");
}

}  // namespace muster::model
