#include "crypto/pem.h"

#include <algorithm>

namespace muster::crypto {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kDashes = "-----";
constexpr std::size_t kLineLength = 64;

bool is_whitespace(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

}  // namespace

std::optional<PemBlock> PemScanner::next() {
  const std::size_t begin = rest_.find(kBegin);
  if (begin == std::string_view::npos) return std::nullopt;
  broken_ = true;
  std::string_view tail = rest_.substr(begin + kBegin.size());
  const std::size_t label_end = tail.find(kDashes);
  if (label_end == std::string_view::npos) return std::nullopt;
  const std::string_view label = tail.substr(0, label_end);
  if (label.find('\n') != std::string_view::npos) return std::nullopt;
  tail.remove_prefix(label_end + kDashes.size());

  const std::string end_line = "-----END " + std::string(label) + "-----";
  const std::size_t body_end = tail.find(end_line);
  if (body_end == std::string_view::npos) return std::nullopt;
  rest_ = tail.substr(body_end + end_line.size());
  broken_ = false;
  return PemBlock{label, tail.substr(0, body_end)};
}

bool looks_like_pem(std::string_view text) {
  return text.find(kBegin) != std::string_view::npos;
}

std::string without_whitespace(std::string_view text) {
  std::string out(text);
  std::erase_if(out, is_whitespace);
  return out;
}

std::string to_pem(std::string_view label, ByteView content) {
  const std::string digits = to_base64(content);
  std::string out = std::string(kBegin) + std::string(label) + "-----\n";
  for (std::size_t at = 0; at < digits.size(); at += kLineLength) {
    out += std::string_view(digits).substr(at, kLineLength);
    out += '\n';
  }
  return out + "-----END " + std::string(label) + "-----\n";
}

}  // namespace muster::crypto
