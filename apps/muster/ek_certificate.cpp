#include "muster/ek_certificate.h"

#include <filesystem>
#include <vector>

#include <fmt/format.h>

#include "crypto/pem.h"
#include "crypto/tpm/ek_certificate.h"
#include "crypto/tpm/parent_key.h"
#include "muster/files.h"

namespace muster::cli {
namespace {

using crypto::Certificate;

Result<std::vector<Certificate>> certificates_of(const std::string& path) {
  const auto content = read_file(path);
  if (!content) return std::unexpected(content.error());
  if (crypto::looks_like_pem(*content)) return Certificate::chain_from_pem(*content);
  auto one = Certificate::from_der(as_bytes(*content));
  if (!one) return std::unexpected(one.error());
  return std::vector{*one};
}

Result<std::vector<Certificate>> read_roots(const std::string& folder) {
  std::vector<Certificate> out;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (!entry.is_regular_file()) continue;
    auto some = certificates_of(entry.path().string());
    if (!some) return invalid(fmt::format("{}: {}", entry.path().string(), some.error().message));
    out.insert(out.end(), some->begin(), some->end());
  }
  if (error) return invalid(fmt::format("Cannot read the folder {}: {}", folder, error.message()));
  if (out.empty()) return invalid(fmt::format("The folder {} has no certificates.", folder));
  return out;
}

void set_if(boost::json::object& out, std::string_view member, const std::string& text) {
  if (!text.empty()) out[member] = text;
}

}  // namespace

Result<EnrolledEk> read_ek_certificate_file(const std::string& path, const std::string& roots, TimePoint now) {
  const auto certificate = read_certificate_file(path);
  if (!certificate) return std::unexpected(certificate.error());
  const auto read = crypto::tpm::read_ek_certificate(*certificate);
  if (!read) return std::unexpected(read.error());
  const auto problems = crypto::tpm::find_problems(read->key, crypto::tpm::KeyRole::kEndorsement);
  if (!problems.empty()) return invalid(fmt::format("{}: {}", path, problems.front()));

  EnrolledEk out{to_base64(read->key.octets), {}};
  boost::json::object about{{"sha256", certificate->thumbprint()}};
  set_if(about, "manufacturer", read->manufacturer);
  set_if(about, "model", read->model);
  set_if(about, "version", read->version);
  if (!roots.empty()) {
    if (!read->is_for_endorsement_keys)
      return invalid(fmt::format("{} is no certificate of an endorsement key.", path));
    const auto trusted = read_roots(roots);
    if (!trusted) return std::unexpected(trusted.error());
    const auto root = crypto::tpm::verify_ek_certificate(*certificate, *trusted, now);
    if (!root) return std::unexpected(root.error());
    about["verifiedBy"] = *root;
    about["verifiedAt"] = format_time_seconds(now);
  }
  out.record["ekCertificate"] = std::move(about);
  return out;
}

}  // namespace muster::cli
