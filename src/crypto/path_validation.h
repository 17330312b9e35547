#pragma once

#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "crypto/certificate.h"

namespace muster::crypto {

/// Which certificates of a path must be inside their validity period.
enum class ExpiryRule { kStrict, kLeafOnly, kOff };

/// What a path may look like. The defaults are the rules of semantics.md section 4.
struct PathRestrictions {
  ExpiryRule expiry = ExpiryRule::kStrict;
  std::chrono::seconds clock_tolerance = std::chrono::minutes(5);  ///< R-051
  int min_rsa_bits = 2048;                                         ///< R-055
  bool allow_ed25519 = false;                                      ///< R-055
  std::size_t max_certificates = 8;                                ///< R-053
  std::size_t max_octets = std::size_t{16} * 1024;                 ///< R-053, sum of DER sizes of what the peer sent
};

/// One reason why one certificate is not acceptable.
struct CertificateFault {
  /// Stable words for logs and explanations, lower case with dashes: "expired", "not-yet-valid", "bad-signature",
  /// "issuer-not-found", "not-a-ca", "path-length-exceeded", "key-usage", "extended-key-usage", "name-constraint",
  /// "unknown-critical-extension", "weak-key", "weak-signature", "unsupported-key", "too-deep", "too-large", ...
  std::string reason;
  std::string detail;  ///< one sentence for the operator, with the figures seen

  bool operator==(const CertificateFault&) const = default;
};

struct PathElement {
  Certificate certificate;
  bool from_peer = false;  ///< presented in the handshake (or the leaf); false: completed from our own list (R-046)
  bool anchor = false;     ///< trusted: where the path ends
  std::vector<CertificateFault> faults;
};

/// The outcome for one leaf: the best path found, leaf first, with every fault at the certificate it belongs to.
struct PathReport {
  std::vector<PathElement> elements;
  [[nodiscard]] bool valid() const;
  /// Every fault in one line, "CN=... : expired (...)"; empty when valid.
  [[nodiscard]] std::string summary() const;
};

/// Validates `leaf` as a TLS client certificate up to one of `anchors` by RFC 5280 section 6: signatures, validity at
/// `now`, basic constraints and path length, key usage, name constraints, critical extensions, algorithm and key
/// floors. `presented` is what the peer sent besides the leaf, in any order (R-047: a root among them is harmless);
/// `known` completes what the peer left out. An anchor may be an intermediate and is itself checked
/// for validity under ExpiryRule::kStrict. Never throws; hostile input gives faults.
PathReport validate_path(const Certificate& leaf, std::span<const Certificate> presented,
                         std::span<const Certificate> known, std::span<const Certificate> anchors, TimePoint now,
                         const PathRestrictions& restrictions);

/// Faults of a certificate on its own: validity, key floor, signature algorithm, version, extended key usage for client
/// authentication. For an individual enrollment's leaf, which needs no chain; `leaf_report` in one
/// element.
PathReport validate_leaf(const Certificate& leaf, TimePoint now, const PathRestrictions& restrictions);

/// The issuers of `leaf` by signature, nearest first, out of `presented` and `known`, without judging them:
/// each next one has the subject that the former names as issuer and its key verifies the signature. Stops at a
/// self-issued certificate, at a gap or after `restrictions.max_certificates`.
std::vector<Certificate> issuer_chain(const Certificate& leaf, std::span<const Certificate> presented,
                                      std::span<const Certificate> known, const PathRestrictions& restrictions);

}  // namespace muster::crypto
