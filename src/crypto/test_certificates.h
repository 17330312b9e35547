#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>

#include "crypto/issue.h"
#include "crypto/openssl.h"
#include "crypto/path_validation.h"

/// For tests only: whole PKIs in memory, with certificates that issue.h refuses to make.
namespace muster::crypto::testing {

inline TimePoint day(int days) {
  return TimePoint(std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)) + std::chrono::days(days);
}
inline const TimePoint kNow = day(100);

/// What to put into a certificate, right or wrong.
struct TestRequest {
  std::vector<std::string> common_names;
  std::vector<std::pair<int, std::string>> extensions;  ///< NID and OpenSSL's configuration text
  std::string unknown_critical_extension;               ///< dotted object identifier
  TimePoint not_before = day(0);
  TimePoint not_after = day(365);
  std::string digest = "SHA256";
  int version = 3;
};

/// A key together with its certificate.
struct Party {
  PrivateKey key;
  Certificate certificate;
};

/// A key that PrivateKey does not generate; takes over `raw`.
inline PrivateKey key_from(EVP_PKEY* raw) {
  const std::unique_ptr<EVP_PKEY, KeyFree> key(raw);
  const BioPtr bio(BIO_new(BIO_s_mem()));
  require(PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr), "PEM");
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return PrivateKey::from_pem({data, static_cast<std::size_t>(size)}).value();
}

inline PrivateKey p256() {
  return PrivateKey::generate_p256().value();
}
inline PrivateKey ed25519() {
  return key_from(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
}
inline PrivateKey on_curve(const char* name) {
  return key_from(EVP_EC_gen(name));
}
/// A P-256 key whose certificate spells the curve out instead of naming it.
inline PrivateKey explicit_p256() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, "explicit");
  return key_from(key);
}

inline void add_test_extensions(X509* certificate, X509* issuer, const TestRequest& request) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  for (const auto& [nid, text] : request.extensions) {
    const bool needs_issuer_id = nid == NID_authority_key_identifier;
    if (needs_issuer_id && X509_get0_subject_key_id(issuer) == nullptr) continue;  // nothing to point to
    const std::unique_ptr<X509_EXTENSION, OpensslFree<X509_EXTENSION_free>> extension(
        X509V3_EXT_conf_nid(nullptr, &context, nid, text.c_str()));
    require(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1, text.c_str());
  }
  if (request.unknown_critical_extension.empty()) return;
  const std::unique_ptr<ASN1_OBJECT, OpensslFree<ASN1_OBJECT_free>> oid(
      OBJ_txt2obj(request.unknown_critical_extension.c_str(), 1));
  const std::unique_ptr<ASN1_OCTET_STRING, OpensslFree<ASN1_OCTET_STRING_free>> value(ASN1_OCTET_STRING_new());
  ASN1_OCTET_STRING_set(value.get(), reinterpret_cast<const unsigned char*>("\x05\x00"), 2);
  const std::unique_ptr<X509_EXTENSION, OpensslFree<X509_EXTENSION_free>> extension(
      X509_EXTENSION_create_by_OBJ(nullptr, oid.get(), 1, value.get()));
  require(X509_add_ext(certificate, extension.get(), -1), "unknown extension");
}

/// Signs whatever is asked for; without `issuer` the certificate signs itself.
inline Certificate sign(const TestRequest& request, const PrivateKey& key, const Party* issuer) {
  static int serial = 1;
  const X509Ptr made(X509_new());
  X509_set_version(made.get(), request.version - 1);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial);
  for (const std::string& name : request.common_names) {
    require(X509_NAME_add_entry_by_NID(X509_get_subject_name(made.get()), NID_commonName, V_ASN1_UTF8STRING,
                                       as_bytes(name).data(), int_size(name.size()), -1, 0),
            "name");
  }
  X509* signer = issuer == nullptr ? made.get() : issuer->certificate.native();
  X509_set_issuer_name(made.get(), X509_get_subject_name(signer));
  const auto seconds = [](TimePoint time) { return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch(); };
  ASN1_TIME_set(X509_getm_notBefore(made.get()), seconds(request.not_before).count());
  ASN1_TIME_set(X509_getm_notAfter(made.get()), seconds(request.not_after).count());
  X509_set_pubkey(made.get(), key.native());
  add_test_extensions(made.get(), signer, request);
  EVP_PKEY* signing_key = issuer == nullptr ? key.native() : issuer->key.native();
  const bool own_digest = EVP_PKEY_get_base_id(signing_key) == EVP_PKEY_ED25519;
  require(X509_sign(made.get(), signing_key, own_digest ? nullptr : EVP_get_digestbyname(request.digest.c_str())),
          "signature");
  unsigned char* der = nullptr;
  const int size = i2d_X509(made.get(), &der);
  require(size, "encoding");
  const unsigned char* at = der;
  const X509Ptr parsed(d2i_X509(nullptr, &at, size));  // anew: an object that nobody changed, as TLS gives it
  OPENSSL_free(der);
  return Certificate::share(parsed.get());
}

inline Party make_party(const TestRequest& request, const Party* issuer = nullptr) {
  PrivateKey key = p256();
  Certificate certificate = sign(request, key, issuer);
  return {std::move(key), std::move(certificate)};
}

inline TestRequest request_with(const std::string& name, std::vector<std::pair<int, std::string>> extensions) {
  TestRequest request;
  request.common_names = {name};
  request.extensions = std::move(extensions);
  return request;
}
/// A CA certificate with everything RFC 5280 asks for, changed as a test needs.
inline TestRequest ca_request(const std::string& name) {
  return request_with(name, {{NID_basic_constraints, "critical,CA:TRUE"},
                             {NID_key_usage, "critical,keyCertSign,cRLSign"},
                             {NID_subject_key_identifier, "hash"},
                             {NID_authority_key_identifier, "keyid"}});
}
/// As many device CAs are made: no key identifiers.
inline TestRequest plain_ca_request(const std::string& name) {
  return request_with(name, {{NID_basic_constraints, "critical,CA:TRUE"}});
}
inline TestRequest leaf_request(const std::string& name) {
  return request_with(name, {{NID_basic_constraints, "critical,CA:FALSE"},
                             {NID_key_usage, "critical,digitalSignature"},
                             {NID_ext_key_usage, "clientAuth"}});
}

/// "2:expired 0:weak-key": the place of each fault in the path, and its reason.
inline std::string faults_of(const PathReport& report) {
  std::string text;
  for (std::size_t i = 0; i < report.elements.size(); ++i) {
    for (const CertificateFault& fault : report.elements[i].faults) {
      if (!text.empty()) text += ' ';
      text += std::to_string(i) + ":" + fault.reason;
    }
  }
  return text;
}

/// The names along the path, "dev/Line CA/Root".
inline std::string names_of(const PathReport& report) {
  std::string text;
  for (const PathElement& element : report.elements) {
    text += (text.empty() ? "" : "/") + element.certificate.common_name();
  }
  return text;
}

}  // namespace muster::crypto::testing
