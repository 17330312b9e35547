#include "wire/request_target.h"

#include "wire/percent.h"
#include "wire/split.h"

namespace muster::wire {
namespace {

constexpr std::size_t kMaxSegments = 32;
constexpr std::size_t kUsualSegments = 5;
constexpr std::size_t kMaxParameters = 64;

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

/// Without a way out of the loop compilers look at many octets at once.
bool has_control(std::string_view text) {
  bool found = false;
  for (const char c : text) found |= is_control(c);
  return found;
}

Result<std::string> decode(std::string_view text) {
  auto decoded = percent_decode(text);
  if (!decoded) return invalid("The request target has a broken percent escape.");
  if (has_control(*decoded)) return invalid("The request target has a control character.");
  return *std::move(decoded);
}

Result<std::vector<std::string>> parse_path(std::string_view path) {
  std::vector<std::string> segments;
  path.remove_prefix(1);
  if (path.empty()) return segments;
  segments.reserve(kUsualSegments);
  if (path.ends_with('/')) path.remove_suffix(1);
  Splitter parts(path, '/');
  while (const auto part = parts.next()) {
    if (part->empty()) return invalid("The request target has an empty segment.");
    if (segments.size() == kMaxSegments) return invalid("The request target has too many segments.");
    auto segment = decode(*part);
    if (!segment) return std::unexpected(std::move(segment).error());
    segments.push_back(*std::move(segment));
  }
  return segments;
}

Result<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> query;
  Splitter parts(text, '&');
  while (const auto part = parts.next()) {
    if (part->empty()) continue;
    if (query.size() == kMaxParameters) return invalid("The request target has too many parameters.");
    const auto [raw_name, raw_value] = split_pair(*part).value_or(std::pair(*part, std::string_view()));
    auto name = decode(raw_name);
    if (!name) return std::unexpected(std::move(name).error());
    auto value = decode(raw_value);
    if (!value) return std::unexpected(std::move(value).error());
    query.emplace_back(*std::move(name), *std::move(value));
  }
  return query;
}

}  // namespace

std::optional<std::string_view> RequestTarget::parameter(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

Result<RequestTarget> parse_request_target(std::string_view target) {
  if (!target.starts_with('/')) return invalid("The request target is not in origin form.");
  if (target.contains('#') || target.contains(' ')) return invalid("The request target has a foreign character.");
  const std::size_t mark = std::min(target.find('?'), target.size());
  auto segments = parse_path(target.substr(0, mark));
  if (!segments) return std::unexpected(std::move(segments).error());
  auto query = parse_query(mark == target.size() ? std::string_view() : target.substr(mark + 1));
  if (!query) return std::unexpected(std::move(query).error());
  return RequestTarget{.segments = *std::move(segments), .query = *std::move(query)};
}

bool is_plausible_api_version(std::string_view text) {
  constexpr std::string_view kShape = "dddd-dd-dd";
  if (text.size() < kShape.size()) return false;
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    const bool fits = kShape[i] == 'd' ? text[i] >= '0' && text[i] <= '9' : text[i] == kShape[i];
    if (!fits) return false;
  }
  text.remove_prefix(kShape.size());
  return text.empty() || text == "-preview";
}

}  // namespace muster::wire
