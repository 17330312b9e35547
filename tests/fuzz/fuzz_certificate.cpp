#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>
#include <vector>

#include <openssl/err.h>

#include "crypto/certificate.h"
#include "crypto/path_validation.h"

namespace {

using muster::crypto::Certificate;

constexpr auto kNow = muster::TimePoint(std::chrono::sys_days(std::chrono::year(2026) / 6 / 1));

void require(bool condition) {
  if (!condition) std::abort();
}

/// What is shown of a certificate goes into JSON, so it must be UTF-8 (RFC 3629).
bool is_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t more = lead < 0x80   ? 0
                             : lead < 0xc2 ? 9
                             : lead < 0xe0 ? 1
                             : lead < 0xf0 ? 2
                             : lead < 0xf5 ? 3
                                           : 9;
    if (more == 9 || at + more >= text.size()) return false;
    for (std::size_t i = 1; i <= more; ++i) {
      if ((static_cast<unsigned char>(text[at + i]) & 0xc0) != 0x80) return false;
    }
    at += more + 1;
  }
  return true;
}

void check_one(const Certificate& certificate) {
  require(Certificate::from_der(certificate.der()).value() == certificate);
  require(Certificate::from_upload(certificate.to_pem()).value() == certificate);
  require(is_utf8(certificate.common_name()));
  if (const auto info = certificate.info()) {
    require(is_utf8(info->subject_name) && is_utf8(info->issuer_name));
    muster::format_time_seconds(info->not_before);
    muster::format_time_seconds(info->not_after);
  }
  require(muster::crypto::validate_leaf(certificate, kNow, {}).elements.size() == 1);
}

void check_paths(const Certificate& leaf, std::span<const Certificate> rest) {
  const auto report = muster::crypto::validate_path(leaf, rest, rest, {}, kNow, {});
  require(!report.valid() && !report.summary().empty());  // nothing is trusted, so nothing may pass
  muster::crypto::issuer_chain(leaf, rest, rest, {});
  if (!rest.empty()) muster::crypto::validate_path(leaf, rest, {}, rest.last(1), kNow, {});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span input(data, size);
  const std::string_view text = muster::as_text(input);
  std::vector<Certificate> found;
  if (const auto certificate = Certificate::from_der(input)) found.push_back(*certificate);
  if (const auto certificate = Certificate::from_upload(text)) found.push_back(*certificate);
  if (const auto chain = Certificate::chain_from_pem(text)) found.insert(found.end(), chain->begin(), chain->end());
  require(ERR_peek_error() == 0);
  if (found.size() > 16) found.erase(found.begin() + 16, found.end());
  for (const Certificate& certificate : found) check_one(certificate);
  if (!found.empty()) check_paths(found.front(), std::span(found).subspan(1));
  require(ERR_peek_error() == 0);
  return 0;
}
