#pragma once

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace muster::wire {

/// Takes the parts of a text between separators one by one: "a&&b" has "a", "" and "b"; the empty text has one empty
/// part. The text must outlive the splitter.
class Splitter {
 public:
  Splitter(std::string_view text, char separator) : rest_(text), separator_(separator) {}

  /// The next part; nullopt after the last.
  std::optional<std::string_view> next() {
    if (done_) return std::nullopt;
    const std::size_t end = std::min(rest_.find(separator_), rest_.size());
    const std::string_view part = rest_.substr(0, end);
    done_ = end == rest_.size();
    if (!done_) rest_.remove_prefix(end + 1);
    return part;
  }

 private:
  std::string_view rest_;
  char separator_;
  bool done_ = false;
};

/// "name" and "value" of "name=value", cut at the first '='; nullopt when there is none.
inline std::optional<std::pair<std::string_view, std::string_view>> split_pair(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  return std::pair(text.substr(0, equals), text.substr(equals + 1));
}

}  // namespace muster::wire
