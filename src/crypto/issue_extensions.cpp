#include "crypto/issue_extensions.h"

#include <algorithm>
#include <array>
#include <new>

#include "crypto/openssl.h"

namespace muster::crypto {
namespace {

using BasicConstraintsPtr = std::unique_ptr<BASIC_CONSTRAINTS, OpensslFree<BASIC_CONSTRAINTS_free>>;
using BitStringPtr = std::unique_ptr<ASN1_BIT_STRING, OpensslFree<ASN1_BIT_STRING_free>>;
using OctetStringPtr = std::unique_ptr<ASN1_OCTET_STRING, OpensslFree<ASN1_OCTET_STRING_free>>;
using KeyUsagesPtr = std::unique_ptr<EXTENDED_KEY_USAGE, OpensslFree<EXTENDED_KEY_USAGE_free>>;
using AuthorityKeyIdPtr = std::unique_ptr<AUTHORITY_KEYID, OpensslFree<AUTHORITY_KEYID_free>>;
using GeneralNamesPtr = std::unique_ptr<GENERAL_NAMES, OpensslFree<GENERAL_NAMES_free>>;
using GeneralNamePtr = std::unique_ptr<GENERAL_NAME, OpensslFree<GENERAL_NAME_free>>;

// Bits of RFC 5280 section 4.2.1.3.
constexpr int kDigitalSignature = 0;
constexpr int kKeyEncipherment = 2;
constexpr int kKeyCertSign = 5;
constexpr int kCrlSign = 6;

enum class Critical : std::uint8_t { kNo, kYes };

void add(X509* certificate, int nid, void* value, Critical critical) {
  require(X509_add1_ext_i2d(certificate, nid, value, critical == Critical::kYes ? 1 : 0, X509V3_ADD_DEFAULT),
          "an extension cannot be added");
}

bool is_ca(CertificateUse use) {
  return use == CertificateUse::kRootCa || use == CertificateUse::kIntermediateCa;
}

void add_basic_constraints(X509* certificate, CertificateUse use) {
  const BasicConstraintsPtr constraints(BASIC_CONSTRAINTS_new());
  require(constraints != nullptr, "no memory for an extension");
  constraints->ca = is_ca(use) ? 0xff : 0;
  add(certificate, NID_basic_constraints, constraints.get(), Critical::kYes);
}

void add_key_usage(X509* certificate, CertificateUse use) {
  const BitStringPtr bits(ASN1_BIT_STRING_new());
  const auto set = [&](int bit) { require(ASN1_BIT_STRING_set_bit(bits.get(), bit, 1), "no memory for an extension"); };
  if (is_ca(use)) {
    set(kKeyCertSign);
    set(kCrlSign);
  } else {
    set(kDigitalSignature);
    // RSA key exchange of TLS 1.2 clients without ECDHE; meaningless for other keys.
    const bool rsa = EVP_PKEY_get_base_id(X509_get0_pubkey(certificate)) == EVP_PKEY_RSA;
    if (use == CertificateUse::kServer && rsa) set(kKeyEncipherment);
  }
  add(certificate, NID_key_usage, bits.get(), Critical::kYes);
}

void add_extended_key_usage(X509* certificate, CertificateUse use) {
  if (is_ca(use)) return;
  const KeyUsagesPtr usages(sk_ASN1_OBJECT_new_null());
  const int nid = use == CertificateUse::kServer ? NID_server_auth : NID_client_auth;
  require(sk_ASN1_OBJECT_push(usages.get(), OBJ_nid2obj(nid)), "no memory for an extension");
  add(certificate, NID_ext_key_usage, usages.get(), Critical::kNo);
}

/// Method (1) of RFC 5280 section 4.2.1.2: SHA-1 of the public key; an identifier, not a signature.
OctetStringPtr key_id_of_public_key(const X509* certificate) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  OctetStringPtr id(ASN1_OCTET_STRING_new());
  require(X509_pubkey_digest(certificate, EVP_sha1(), digest.data(), &size), "a key identifier cannot be made");
  require(ASN1_OCTET_STRING_set(id.get(), digest.data(), static_cast<int>(size)), "no memory for an extension");
  return id;
}

void add_key_ids(X509* certificate, const X509* issuer) {
  const OctetStringPtr own = key_id_of_public_key(certificate);
  add(certificate, NID_subject_key_identifier, own.get(), Critical::kNo);

  const ASN1_OCTET_STRING* issuer_id =
      issuer == certificate ? own.get() : X509_get0_subject_key_id(const_cast<X509*>(issuer));
  const AuthorityKeyIdPtr authority(AUTHORITY_KEYID_new());
  require(authority != nullptr, "no memory for an extension");
  // The subject key identifier of the issuer word for word, or paths would not be found (RFC 5280 section 4.2.1.1).
  authority->keyid = issuer_id != nullptr ? ASN1_OCTET_STRING_dup(issuer_id) : key_id_of_public_key(issuer).release();
  add(certificate, NID_authority_key_identifier, authority.get(), Critical::kNo);
}

bool is_dns_name(std::string_view name) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '*' || c == '_';
  };
  return !name.empty() && name.size() <= 253 && std::ranges::all_of(name, plain);
}

GeneralNamePtr name_of(int type, ASN1_STRING* owned_value) {
  GeneralNamePtr name(GENERAL_NAME_new());
  require(name != nullptr && owned_value != nullptr, "no memory for a name");
  GENERAL_NAME_set0_value(name.get(), type, owned_value);
  return name;
}

void push(GENERAL_NAMES* names, GeneralNamePtr name) {
  if (sk_GENERAL_NAME_push(names, name.get()) <= 0) throw std::bad_alloc();
  [[maybe_unused]] const GENERAL_NAME* kept_by_stack = name.release();
}

Result<void> add_alternative_names(X509* certificate, const CertificateRequest& request) {
  if (is_ca(request.use) || (request.dns_names.empty() && request.ip_addresses.empty())) return {};
  const GeneralNamesPtr names(sk_GENERAL_NAME_new_null());
  for (const std::string& dns : request.dns_names) {
    if (!is_dns_name(dns)) return invalid("\"" + dns + "\" is not a DNS name.");
    ASN1_IA5STRING* value = ASN1_IA5STRING_new();
    require(ASN1_STRING_set(value, dns.data(), int_size(dns.size())), "no memory for a name");
    push(names.get(), name_of(GEN_DNS, value));
  }
  for (const std::string& ip : request.ip_addresses) {
    ASN1_OCTET_STRING* value = a2i_IPADDRESS(ip.c_str());
    if (value == nullptr) return invalid("\"" + ip + "\" is not an IP address.");
    push(names.get(), name_of(GEN_IPADD, value));
  }
  add(certificate, NID_subject_alt_name, names.get(), Critical::kNo);
  return {};
}

}  // namespace

Result<void> add_extensions(X509* certificate, const X509* issuer, const CertificateRequest& request) {
  add_basic_constraints(certificate, request.use);
  add_key_usage(certificate, request.use);
  add_extended_key_usage(certificate, request.use);
  add_key_ids(certificate, issuer);
  return add_alternative_names(certificate, request);
}

}  // namespace muster::crypto
