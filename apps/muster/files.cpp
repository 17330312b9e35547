#include "muster/files.h"

#include <fstream>
#include <iostream>

#include <fmt/format.h>

namespace muster::cli {
namespace {

Result<std::string> read_stream(std::istream& in, const std::string& path) {
  std::string text(kMaxFileSize + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return invalid(fmt::format("Cannot read {}.", path));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kMaxFileSize) return invalid(fmt::format("{} is larger than {} octets.", path, kMaxFileSize));
  return text;
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
  if (path == "-") return read_stream(std::cin, "standard input");
  std::ifstream file(path, std::ios::binary);
  if (!file) return invalid(fmt::format("Cannot open {}.", path));
  return read_stream(file, path);
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
