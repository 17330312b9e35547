#include "load/identity.h"

#include <chrono>

#include "base/clock.h"
#include "base/file.h"
#include "base/secret.h"
#include "crypto/issue.h"

namespace muster::bench {
namespace {

using crypto::Certificate;
using crypto::CertificateUse;
using crypto::PrivateKey;

constexpr std::size_t kMaxPem = std::size_t{64} * 1024;

crypto::CertificateRequest request_for(const std::string& common_name, CertificateUse use) {
  const TimePoint now = SystemClock().now();
  return {.common_name = common_name,
          .use = use,
          .dns_names = {},
          .ip_addresses = {},
          .not_before = now - std::chrono::hours(1),
          .not_after = now + std::chrono::hours(24 * 30)};
}

struct Party {
  PrivateKey key;
  Certificate certificate;
};

Result<Party> make_party(const crypto::CertificateRequest& request, const Party* issuer, Random& random) {
  auto key = PrivateKey::generate_p256();
  if (!key) return std::unexpected(key.error());
  const crypto::Issuer signer{issuer == nullptr ? *key : issuer->key,
                              issuer == nullptr ? nullptr : &issuer->certificate};
  auto certificate = crypto::issue_certificate(request, *key, signer, random);
  if (!certificate) return std::unexpected(certificate.error());
  return Party{std::move(*key), std::move(*certificate)};
}

Result<void> write_party(const std::filesystem::path& folder, const std::string& name, const Party& party,
                         const std::string& chain) {
  auto key = party.key.to_pem();
  if (!key) return std::unexpected(key.error());
  auto written = write_file(folder / (name + ".key"), *key, FileAccess::kOwner);
  wipe(*key);
  if (!written) return written;
  return write_file(folder / (name + ".pem"), party.certificate.to_pem() + chain, FileAccess::kEveryone);
}

Result<Party> read_party(const std::filesystem::path& folder, const std::string& name) {
  const auto pem = read_file(folder / (name + ".pem"), kMaxPem);
  if (!pem) return std::unexpected(pem.error());
  auto certificate = Certificate::from_upload(*pem);
  if (!certificate) return std::unexpected(certificate.error());
  auto key_pem = read_file(folder / (name + ".key"), kMaxPem);
  if (!key_pem) return std::unexpected(key_pem.error());
  auto key = PrivateKey::from_pem(*key_pem);
  wipe(*key_pem);
  if (!key) return std::unexpected(key.error());
  return Party{std::move(*key), std::move(*certificate)};
}

}  // namespace

Result<void> write_certificates(const std::filesystem::path& folder, const std::string& host, Random& random) {
  const auto root = make_party(request_for("Benchmark Root CA", CertificateUse::kRootCa), nullptr, random);
  if (!root) return std::unexpected(root.error());
  const auto intermediate =
      make_party(request_for("Benchmark Line CA", CertificateUse::kIntermediateCa), &*root, random);
  if (!intermediate) return std::unexpected(intermediate.error());
  auto request = request_for(host, CertificateUse::kServer);
  request.dns_names = {host};
  const auto server = make_party(request, &*root, random);
  if (!server) return std::unexpected(server.error());

  if (auto written = write_party(folder, "root", *root, ""); !written) return written;
  if (auto written = write_party(folder, "intermediate", *intermediate, ""); !written) return written;
  return write_party(folder, "server", *server, root->certificate.to_pem());
}

Result<std::vector<Identity>> make_identities(const std::filesystem::path& folder,
                                              const std::vector<std::string>& common_names, Random& random) {
  auto issuer = read_party(folder, "intermediate");
  if (!issuer) return std::unexpected(issuer.error());
  std::vector<Identity> out;
  out.reserve(common_names.size());
  for (const std::string& name : common_names) {
    auto device = make_party(request_for(name, CertificateUse::kClient), &*issuer, random);
    if (!device) return std::unexpected(device.error());
    out.push_back({std::move(device->key), std::move(device->certificate), issuer->certificate});
  }
  return out;
}

}  // namespace muster::bench
