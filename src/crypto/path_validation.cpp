#include "crypto/path_validation.h"

#include <algorithm>
#include <optional>

#include "crypto/certificate_rules.h"
#include "crypto/issuing.h"
#include "crypto/key_rules.h"
#include "crypto/openssl.h"
#include "crypto/path_search.h"
#include "crypto/path_verification.h"

namespace muster::crypto {
namespace {

// Paths to the same anchor differ by renewed or crossed CAs; more alternatives than this are not worth the time.
constexpr int kMaxJudgedPaths = 8;

void add_all(PathElement& element, std::vector<CertificateFault> faults) {
  for (CertificateFault& fault : faults) add_fault(element.faults, std::move(fault));
}

bool dates_count(ExpiryRule rule, bool is_leaf) {
  return rule == ExpiryRule::kStrict || (rule == ExpiryRule::kLeafOnly && is_leaf);
}

void judge_alone(PathElement& element, bool is_leaf, TimePoint now, const PathRestrictions& restrictions) {
  add_all(element, judge_certificate(element.certificate, restrictions));
  if (dates_count(restrictions.expiry, is_leaf)) {
    add_all(element, judge_validity(element.certificate, now, restrictions.clock_tolerance));
  }
  if (element.anchor) return;
  if (auto fault = judge_signature_algorithm(element.certificate)) add_fault(element.faults, *std::move(fault));
}

bool is_about_being_a_ca(const CertificateFault& fault) {
  return fault.reason == "not-a-ca" || fault.reason == "key-usage";
}

/// OpenSSL has one word for all reasons why a certificate is no CA; ours are there already and say more.
std::vector<CertificateFault> without_repetition(std::vector<CertificateFault> verified, const PathElement& element) {
  if (std::ranges::any_of(element.faults, is_about_being_a_ca)) std::erase_if(verified, is_about_being_a_ca);
  return verified;
}

PathReport judge_path(const Path& path, TimePoint now, const PathRestrictions& restrictions) {
  PathReport report;
  PathFaults verified = verify_path(path);
  for (std::size_t i = 0; i < path.size(); ++i) {
    PathElement element{*path[i].certificate, path[i].from_peer, path[i].anchor, {}};
    judge_alone(element, i == 0, now, restrictions);
    add_all(element, i == 0 ? judge_leaf_key_usage(element.certificate) : judge_issuer(element.certificate));
    add_all(element, without_repetition(std::move(verified[i]), element));
    report.elements.push_back(std::move(element));
  }
  return report;
}

std::size_t count_faults(const PathReport& report) {
  std::size_t count = 0;
  for (const PathElement& element : report.elements) count += element.faults.size();
  return count;
}

std::size_t count_of_that_name(const Certificate& certificate, const PathSources& sources) {
  const X509_NAME* issuer = X509_get_issuer_name(certificate.native());
  std::vector<const Certificate*> found;
  for (const std::span<const Certificate> list : {sources.anchors, sources.presented, sources.known}) {
    for (const Certificate& other : list) {
      if (other == certificate || X509_NAME_cmp(X509_get_subject_name(other.native()), issuer) != 0) continue;
      if (std::ranges::none_of(found, [&](const Certificate* seen) { return *seen == other; })) found.push_back(&other);
    }
  }
  return found.size();
}

CertificateFault missing_issuer(const Certificate& last, const PathSources& sources) {
  if (looks_self_signed(last)) {
    return {"issuer-not-found", display_name(last) + " is self-signed and is not a verified certificate here"};
  }
  const std::string issuer = "the issuer " + display_issuer(last);
  const std::size_t others = count_of_that_name(last, sources);
  if (others == 0) return {"issuer-not-found", issuer + " was not sent and is not known"};
  return {"issuer-not-found", issuer + " was not found: " + std::to_string(others) +
                                  (others == 1 ? " certificate of that name has" : " certificates of that name have") +
                                  " another key"};
}

CertificateFault why_no_path(const SearchOutcome& outcome, const PathSources& sources,
                             const PathRestrictions& restrictions) {
  if (outcome.cut_by_effort) return {"too-complex", "the certificates can be put together in too many ways"};
  if (outcome.cut_by_length && outcome.longest_dead_end.size() >= restrictions.max_certificates) {
    return {"too-deep", "the path is longer than " + std::to_string(restrictions.max_certificates) + " certificates"};
  }
  return missing_issuer(*outcome.longest_dead_end.back().certificate, sources);
}

std::optional<CertificateFault> oversize(const Certificate& leaf, std::span<const Certificate> presented,
                                         const PathRestrictions& restrictions) {
  if (presented.size() + 1 > restrictions.max_certificates) {
    return CertificateFault{"too-deep", "the peer sent " + std::to_string(presented.size() + 1) +
                                            " certificates, at most " + std::to_string(restrictions.max_certificates) +
                                            " are accepted"};
  }
  std::size_t octets = leaf.der_size();
  for (const Certificate& certificate : presented) octets += certificate.der_size();
  if (octets <= restrictions.max_octets) return std::nullopt;
  return CertificateFault{"too-large", "the peer sent certificates of " + std::to_string(octets) + " octets, at most " +
                                           std::to_string(restrictions.max_octets) + " are accepted"};
}

}  // namespace

bool PathReport::valid() const {
  return !elements.empty() && std::ranges::all_of(elements, [](const PathElement& e) { return e.faults.empty(); });
}

std::string PathReport::summary() const {
  std::string text;
  for (const PathElement& element : elements) {
    if (element.faults.empty()) continue;
    if (!text.empty()) text += "; ";
    text += display_name(element.certificate) + " : ";
    for (std::size_t i = 0; i < element.faults.size(); ++i) {
      if (i > 0) text += ", ";
      text += element.faults[i].reason;
      if (!element.faults[i].detail.empty()) text += " (" + element.faults[i].detail + ")";
    }
  }
  return text;
}

PathReport validate_leaf(const Certificate& leaf, TimePoint now, const PathRestrictions& restrictions) {
  const ErrorQueueGuard guard;
  PathElement element{leaf, true, false, {}};
  judge_alone(element, true, now, restrictions);
  if (auto fault = oversize(leaf, {}, restrictions)) add_fault(element.faults, *std::move(fault));
  return {{std::move(element)}};
}

PathReport validate_path(const Certificate& leaf, std::span<const Certificate> presented,
                         std::span<const Certificate> known, std::span<const Certificate> anchors, TimePoint now,
                         const PathRestrictions& restrictions) {
  const ErrorQueueGuard guard;
  if (auto fault = oversize(leaf, presented, restrictions)) {
    PathReport report = validate_leaf(leaf, now, restrictions);
    add_fault(report.elements.front().faults, *std::move(fault));
    return report;
  }
  const PathSources sources{leaf, presented, known, anchors};
  std::optional<PathReport> best;
  int judged = 0;
  const SearchOutcome outcome =
      search_paths(sources, now, restrictions.max_certificates, [&](const Path& path) -> Visit {
        PathReport report = judge_path(path, now, restrictions);
        const bool valid = report.valid();
        if (!best || count_faults(report) < count_faults(*best)) best = std::move(report);
        return valid || ++judged >= kMaxJudgedPaths ? Visit::kStop : Visit::kContinue;
      });
  if (best) return *std::move(best);

  PathReport report = judge_path(outcome.longest_dead_end, now, restrictions);
  add_fault(report.elements.back().faults, why_no_path(outcome, sources, restrictions));
  return report;
}

}  // namespace muster::crypto
