#include "base/text.h"
#include "crypto/certificate.h"
#include "crypto/certificate_fields.h"
#include "crypto/pem.h"

namespace muster::crypto {
namespace {

bool is_certificate(const PemBlock& block) {
  return block.label == "CERTIFICATE" || block.label == "X509 CERTIFICATE";  // RFC 7468 section 5.1
}

Result<Certificate> from_block(const PemBlock& block) {
  const auto der = from_base64(without_whitespace(block.body));
  if (!der) return invalid("The text is not a PEM certificate: what stands between BEGIN and END is not base64.");
  return Certificate::from_der(*der);
}

/// Labels go into messages that a peer may see: only plain ones are quoted.
std::string quoted_label(std::string_view label) {
  for (const char c : label) {
    if ((c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != ' ') return "something else";
  }
  return label.size() > 40 ? "something else" : "a " + std::string(label);
}

std::unexpected<Error> no_certificate(const PemScanner& scanner, std::string_view other_label) {
  if (scanner.broken()) return invalid("The text is not a PEM certificate: a BEGIN line has no matching END line.");
  if (other_label.empty()) return invalid("The text is not a PEM certificate: it has no BEGIN CERTIFICATE line.");
  return invalid("The PEM text holds " + quoted_label(other_label) + ", not a certificate.");
}

Result<Certificate> first_of_pem(std::string_view pem) {
  PemScanner scanner(pem);
  std::string_view other;
  while (const auto block = scanner.next()) {
    if (is_certificate(*block)) return from_block(*block);
    if (other.empty()) other = block->label;
  }
  return no_certificate(scanner, other);
}

std::unexpected<Error> too_large() {
  return fail(ErrorCode::kTooLarge, "The certificate text is larger than 64 KiB.");
}

}  // namespace

Result<Certificate> Certificate::from_upload(std::string_view text) {
  if (text.size() > kMaxUploadSize) return too_large();
  if (trim(text).empty()) return invalid("The certificate text is empty.");
  if (looks_like_pem(text)) return first_of_pem(text);
  const auto content = from_base64(without_whitespace(text));
  if (!content) {
    return invalid("The text is neither a PEM certificate (no BEGIN CERTIFICATE line) nor base64 of a certificate.");
  }
  if (looks_like_pem(as_text(*content))) return first_of_pem(as_text(*content));
  return from_der(*content);
}

Result<std::vector<Certificate>> Certificate::chain_from_pem(std::string_view pem) {
  if (pem.size() > kMaxUploadSize) return too_large();
  PemScanner scanner(pem);
  std::vector<Certificate> chain;
  std::string_view other;
  while (const auto block = scanner.next()) {
    if (!is_certificate(*block)) {
      if (other.empty()) other = block->label;
      continue;
    }
    auto certificate = from_block(*block);
    if (!certificate) {
      Error error = std::move(certificate.error());
      error.message = "Certificate " + std::to_string(chain.size() + 1) + " of the chain: " + error.message;
      return std::unexpected(std::move(error));
    }
    chain.push_back(*std::move(certificate));
  }
  if (chain.empty() || scanner.broken()) return no_certificate(scanner, other);
  return chain;
}

}  // namespace muster::crypto
