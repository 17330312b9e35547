#include "server/bootstrap/local_identity.h"

#include <array>
#include <utility>

#include <fmt/format.h>
#include <openssl/x509v3.h>

#include "base/file.h"
#include "base/log.h"
#include "crypto/issue.h"

namespace muster::server {
namespace {

using crypto::Certificate;
using crypto::PrivateKey;

constexpr std::size_t kMaxFile = 64 * 1024;
constexpr auto kCaLife = std::chrono::years(15);  // devices lie in a warehouse for months and then live for years
constexpr auto kServerLife = std::chrono::days(397);
constexpr auto kRenewBefore = kServerLife / 4;
constexpr auto kBackdate = std::chrono::hours(24);  // clocks of devices that were just unpacked run behind

enum class KeyKind { kEcdsa, kRsa };

struct KeyPair {
  PrivateKey key;
  Certificate certificate;
};

struct Paths {
  std::filesystem::path certificate;
  std::filesystem::path key;
};

Paths paths_for(const std::filesystem::path& folder, std::string_view name) {
  return {folder / fmt::format("{}.pem", name), folder / fmt::format("{}.key.sealed", name)};
}

std::string seal_context(const Paths& paths) {
  return "tls|" + paths.key.filename().string();
}

Result<PrivateKey> generate(KeyKind kind) {
  constexpr int kRsaBits = 2048;
  return kind == KeyKind::kEcdsa ? PrivateKey::generate_p256() : PrivateKey::generate_rsa(kRsaBits);
}

std::unexpected<Error> unreadable(const std::filesystem::path& path, const Error& error) {
  return fail(ErrorCode::kInternal, fmt::format("{}: {}", path.string(), error.message), error.detail);
}

/// nullopt when there is no such pair; an error when there is one that cannot be read.
Result<std::optional<KeyPair>> load(const Paths& paths, const crypto::Sealer& sealer) {
  const auto pem = read_file(paths.certificate, kMaxFile);
  const auto sealed = read_file(paths.key, kMaxFile);
  if (!pem || !sealed) {
    const Error& error = !pem ? pem.error() : sealed.error();
    if (error.code == ErrorCode::kNotFound) return std::nullopt;
    return std::unexpected(error);
  }
  auto certificate = Certificate::from_upload(*pem);
  if (!certificate) return unreadable(paths.certificate, certificate.error());
  auto key_pem = sealer.open(as_bytes(*sealed), seal_context(paths));
  if (!key_pem) return unreadable(paths.key, key_pem.error());
  auto key = PrivateKey::from_pem(as_text(key_pem->reveal()));
  if (!key) return unreadable(paths.key, key.error());
  return KeyPair{std::move(*key), std::move(*certificate)};
}

Result<SecretBytes> secret_pem(const PrivateKey& key) {
  auto pem = key.to_pem();
  if (!pem) return std::unexpected(pem.error());
  SecretBytes secret(as_bytes(*pem));
  wipe(*pem);
  return secret;
}

Result<void> save(const KeyPair& pair, const Paths& paths, const crypto::Sealer& sealer) {
  const auto secret = secret_pem(pair.key);
  if (!secret) return std::unexpected(secret.error());
  const Bytes sealed = sealer.seal(*secret, seal_context(paths));
  if (auto written = write_file(paths.key, as_text(sealed), FileAccess::kOwner); !written) return written;
  return write_file(paths.certificate, pair.certificate.to_pem(), FileAccess::kEveryone);
}

bool is_ip_address(const std::string& name) {
  ASN1_OCTET_STRING* parsed = a2i_IPADDRESS(name.c_str());
  ASN1_OCTET_STRING_free(parsed);
  return parsed != nullptr;
}

bool carries(const Certificate& certificate, const std::string& name) {
  if (is_ip_address(name)) return X509_check_ip_asc(certificate.native(), name.c_str(), 0) == 1;
  return X509_check_host(certificate.native(), name.data(), name.size(), X509_CHECK_FLAG_NEVER_CHECK_SUBJECT,
                         nullptr) == 1;
}

bool is_good_server_pair(const KeyPair& pair, const KeyPair& ca, const LocalIdentityParts& parts) {
  if (pair.certificate.not_after() - kRenewBefore < parts.clock.now()) return false;
  if (X509_check_issued(ca.certificate.native(), pair.certificate.native()) != X509_V_OK) return false;
  for (const auto& name : parts.names) {
    if (!carries(pair.certificate, name)) return false;
  }
  return true;
}

Result<KeyPair> make_ca(const LocalIdentityParts& parts) {
  auto key = PrivateKey::generate_p256();
  if (!key) return std::unexpected(key.error());
  const TimePoint now = parts.clock.now();
  const crypto::CertificateRequest request{
      .common_name = fmt::format("Muster local CA {}", hex_lower(parts.random.bytes(4))),
      .use = crypto::CertificateUse::kRootCa,
      .dns_names = {},
      .ip_addresses = {},
      .not_before = now - kBackdate,
      .not_after = now + kCaLife};
  auto certificate = crypto::issue_certificate(request, *key, {*key, nullptr}, parts.random);
  if (!certificate) return std::unexpected(certificate.error());
  return KeyPair{std::move(*key), std::move(*certificate)};
}

Result<KeyPair> make_server_pair(KeyKind kind, const KeyPair& ca, const LocalIdentityParts& parts) {
  auto key = generate(kind);
  if (!key) return std::unexpected(key.error());
  const TimePoint now = parts.clock.now();
  crypto::CertificateRequest request{.common_name = parts.names.front().substr(0, 64),
                                     .use = crypto::CertificateUse::kServer,
                                     .dns_names = {},
                                     .ip_addresses = {},
                                     .not_before = now - kBackdate,
                                     .not_after = now + kServerLife};
  for (const auto& name : parts.names) (is_ip_address(name) ? request.ip_addresses : request.dns_names).push_back(name);
  auto certificate = crypto::issue_certificate(request, *key, {ca.key, &ca.certificate}, parts.random);
  if (!certificate) return std::unexpected(certificate.error());
  return KeyPair{std::move(*key), std::move(*certificate)};
}

Result<KeyPair> load_or_make_ca(const LocalIdentityParts& parts) {
  const Paths paths{local_ca_file(parts.folder), parts.folder / "ca.key.sealed"};
  auto stored = load(paths, parts.sealer);
  if (!stored) return std::unexpected(stored.error());
  if (*stored) return std::move(**stored);
  auto made = make_ca(parts);
  if (!made) return made;
  if (auto saved = save(*made, paths, parts.sealer); !saved) return std::unexpected(saved.error());
  log_info("tls.local-ca-created",
           {{"file", paths.certificate.string()}, {"thumbprint", made->certificate.thumbprint()}});
  return made;
}

}  // namespace

std::filesystem::path local_ca_file(const std::filesystem::path& folder) {
  return folder / "ca.pem";
}

Result<std::vector<TlsIdentity>> load_or_create_local_identities(const LocalIdentityParts& parts) {
  auto ca = load_or_make_ca(parts);
  if (!ca) return std::unexpected(ca.error());

  constexpr std::array kKinds{std::pair{KeyKind::kEcdsa, "server-ecdsa"}, std::pair{KeyKind::kRsa, "server-rsa"}};
  std::vector<TlsIdentity> identities;
  for (const auto& [kind, name] : kKinds) {
    const Paths paths = paths_for(parts.folder, name);
    auto pair = load(paths, parts.sealer);
    if (!pair) return std::unexpected(pair.error());
    if (!*pair || !is_good_server_pair(**pair, *ca, parts)) {
      auto made = make_server_pair(kind, *ca, parts);
      if (!made) return std::unexpected(made.error());
      if (auto saved = save(*made, paths, parts.sealer); !saved) return std::unexpected(saved.error());
      log_info("tls.certificate-created", {{"file", paths.certificate.string()}});
      *pair = std::move(*made);
    }
    auto key_pem = secret_pem((*pair)->key);
    if (!key_pem) return std::unexpected(key_pem.error());
    // The root may be left out of the chain; what clients trust is the file.
    identities.push_back({(*pair)->certificate.to_pem(), std::move(*key_pem)});
  }
  return identities;
}

}  // namespace muster::server
