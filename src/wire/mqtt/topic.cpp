#include "wire/mqtt/topic.h"

#include "base/text.h"
#include "wire/mqtt/encode.h"

namespace muster::wire::mqtt {
namespace {

bool is_topic_text(std::string_view text) {
  return !text.empty() && text.size() <= kMaxString && text.find('\0') == std::string_view::npos && is_utf8(text);
}

/// Takes the first level off `rest`; false when none is left. "a/" has two levels, the second one empty.
bool take_level(std::string_view& rest, bool& ended, std::string_view& level) {
  if (ended) return false;
  const auto slash = rest.find('/');
  level = rest.substr(0, slash);
  ended = slash == std::string_view::npos;
  rest = ended ? std::string_view() : rest.substr(slash + 1);
  return true;
}

}  // namespace

bool is_topic_name(std::string_view topic) {
  return is_topic_text(topic) && topic.find_first_of("+#") == std::string_view::npos;
}

bool is_topic_filter(std::string_view filter) {
  if (!is_topic_text(filter)) return false;
  std::string_view level;
  bool ended = false;
  while (take_level(filter, ended, level)) {
    if (level.find_first_of("+#") == std::string_view::npos) continue;
    if (level.size() != 1) return false;
    if (level == "#" && !ended) return false;
  }
  return true;
}

bool matches(std::string_view filter, std::string_view topic) {
  if (topic.starts_with('$') && !filter.starts_with('$')) return false;
  std::string_view wanted;
  std::string_view level;
  bool filter_ended = false;
  bool topic_ended = false;
  while (take_level(filter, filter_ended, wanted)) {
    if (wanted == "#") return true;
    if (!take_level(topic, topic_ended, level)) return false;
    if (wanted != "+" && wanted != level) return false;
    // "a/#" is also for "a" (4.7.1.2).
    if (topic_ended && !filter_ended) return filter == "#";
  }
  return topic_ended;
}

}  // namespace muster::wire::mqtt
