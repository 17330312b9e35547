#include "muster/files.h"

#include <fstream>
#include <iostream>

#include <fmt/format.h>

namespace muster::cli {
namespace {

constexpr std::size_t kPiece = 64UL * 1024;

Result<std::string> read_stream(std::istream& in, const std::string& path, std::size_t limit) {
  std::string text;
  while (in && text.size() <= limit) {
    const std::size_t had = text.size();
    text.resize(had + kPiece);
    in.read(text.data() + had, static_cast<std::streamsize>(kPiece));
    text.resize(had + static_cast<std::size_t>(in.gcount()));
  }
  if (in.bad()) return invalid(fmt::format("Cannot read {}.", path));
  if (text.size() > limit) return invalid(fmt::format("{} is larger than {} octets.", path, limit));
  return text;
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t limit) {
  if (path == "-") return read_stream(std::cin, "standard input", limit);
  std::ifstream file(path, std::ios::binary);
  if (!file) return invalid(fmt::format("Cannot open {}.", path));
  return read_stream(file, path, limit);
}

Result<SecretBytes> read_secret_file(const std::string& path) {
  auto text = read_file(path);
  if (!text) return std::unexpected(text.error());
  while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
  SecretBytes secret(as_bytes(*text));
  wipe(*text);
  return secret;
}

Result<crypto::Certificate> read_certificate_file(const std::string& path) {
  auto content = read_file(path);
  if (!content) return std::unexpected(content.error());
  if (auto der = crypto::Certificate::from_der(as_bytes(*content))) return *der;
  auto certificate = crypto::Certificate::from_upload(*content);
  if (!certificate) return invalid(fmt::format("{} is not a certificate: {}", path, certificate.error().message));
  return certificate;
}

}  // namespace muster::cli
