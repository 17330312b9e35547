#include "base/text.h"
#include "wire/query.h"

namespace muster::wire {

std::string unwrap_printed_query(std::string_view text) {
  constexpr std::string_view kMember = "'query':";
  const std::string whole(text);
  text = trim(text);
  const std::size_t member = text.find(kMember);
  if (!text.starts_with('{') || member == std::string_view::npos) return whole;
  text = trim(text.substr(member + kMember.size()));
  if (!text.starts_with('\'') && !text.starts_with('"')) return whole;
  // Python's repr: the other kind of quote stands as it is, this kind and the backslash behind a backslash.
  std::string out;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == text.front()) return out;
    if (text[i] == '\\' && i + 1 < text.size()) {
      ++i;
      out.push_back(text[i] == 'n' || text[i] == 'r' || text[i] == 't' ? ' ' : text[i]);
    } else {
      out.push_back(text[i]);
    }
  }
  return whole;
}

}  // namespace muster::wire
