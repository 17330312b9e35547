#include "server/tls/fast_decode.h"

#include <array>
#include <string>
#include <string_view>

#include <openssl/engine.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "crypto/certificate.h"
#include "server/tls/ec_public_keys.h"
#include "server/tls/openssl_error.h"

// ENGINE is deprecated in OpenSSL 3 and still the only way to this choice.
#pragma clang diagnostic ignored "-Wdeprecated-declarations"

namespace muster::server {
namespace {

constexpr const char* kEngineId = "muster-fast-decode";
constexpr std::array<int, 2> kKinds = {EVP_PKEY_EC, EVP_PKEY_RSA};

// Public, self-signed, nobody holds their keys: only their signatures are checked.
constexpr std::string_view kEcCertificate =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBmDCCAT2gAwIBAgIURpk5HUAH9YVkHr3kXwEmsKmM4gAwCgYIKoZIzj0EAwIw\n"
    "IDEeMBwGA1UEAwwVZmFzdCBkZWNvZGUgc2VsZi10ZXN0MCAXDTI2MTEyMjAyMDAw\n"
    "NFoYDzIxMjYxMDI5MDIwMDA0WjAgMR4wHAYDVQQDDBVmYXN0IGRlY29kZSBzZWxm\n"
    "LXRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQPFfO6r/bXv/w/fioAVF8+\n"
    "xH967knVJh6Zk3HkC/eeuzbKKsG4FmUVU10dl51qyr+iZRba2wUNV1xnGbJkJyOE\n"
    "o1MwUTAdBgNVHQ4EFgQUOlD4yOhKeg7oPbIt08OD68DbKbkwHwYDVR0jBBgwFoAU\n"
    "OlD4yOhKeg7oPbIt08OD68DbKbkwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQD\n"
    "AgNJADBGAiEAuY5mz0hzoq8eVgsQRakFoI8wPSd1rNvmBcrmI2FlFH4CIQDuY0XV\n"
    "KmifiD4rcrAcz0xdAPEyrwQ6xkNbAa/t4LEYFA==\n"
    "-----END CERTIFICATE-----\n";
constexpr std::string_view kRsaCertificate =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIDIzCCAgugAwIBAgIUegLwUXOBVUn35YNaEp45RlN1sb8wDQYJKoZIhvcNAQEL\n"
    "BQAwIDEeMBwGA1UEAwwVZmFzdCBkZWNvZGUgc2VsZi10ZXN0MCAXDTI2MTEyMjAy\n"
    "MDAwNFoYDzIxMjYxMDI5MDIwMDA0WjAgMR4wHAYDVQQDDBVmYXN0IGRlY29kZSBz\n"
    "ZWxmLXRlc3QwggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAwggEKAoIBAQC5evGlyu1e\n"
    "wGMkMOIRKIgd1Dut9/OGVW/D8XLLzJORDzV9kPEs4R5wwlCK5WRNtMTMjZ9r3SKF\n"
    "H0kLf0bcYiBZmjzOfcrFiiKSsVUd+hwzrvdpXswx1ysMSOHey3OCdtZL82G4k7SZ\n"
    "gph0hxp/NBkTG/iVvYZUVdrW5DwuOj9OKC2J/CQcs/Ls4PL8LP6rcGPM0PbhtsLv\n"
    "jRs7+tLJmz9SoJ+wb6I7OQK84+R5lIogqGS2G7znuxq25oSLbzZAaYRPffAz7R6u\n"
    "us8w7P6WXo7QKy1x7r8/IILP6BjvyweHaXbU60Q/y+nC+BV06Vrhz+SOcaULU2H2\n"
    "PCEiltIEb4uNAgMBAAGjUzBRMB0GA1UdDgQWBBQBMsSYAclEugTOZQTt/eHbDO2S\n"
    "GzAfBgNVHSMEGDAWgBQBMsSYAclEugTOZQTt/eHbDO2SGzAPBgNVHRMBAf8EBTAD\n"
    "AQH/MA0GCSqGSIb3DQEBCwUAA4IBAQCTN3dU2aYjaDQzoOBF5G8x2J83k34pkvsa\n"
    "n9FdY64AYCXM36A+YPwompi2URlyfZRO6LhiZk9pd/ESIMl41WP6YNGun7Ipy2aN\n"
    "ifianV3DQ8mqxSgeZzNmJBgFzGrKXLCM5pU+FHYZVB6FuKLB5d8LGNQd8GqvE3tt\n"
    "NgisolD9NgAWsL5KRae7t8HDyBB1NDp18Mn7G8kE4E3vBUYUtctaMWrivDJh7DPt\n"
    "6omIYHhFh9D7ZIGumU0FDKdv53TfJaj9pfc74E/gSN5kXQOMvPOWbwsosUUCI0DD\n"
    "lbOa/Y5Aa3LtRq+eYszydIVk4RGPNn+44TeaYMnzvH8AODuFXXnb\n"
    "-----END CERTIFICATE-----\n";

/// OpenSSL asks with `method` null for the kinds of keys, otherwise for the methods of one kind.
int offer_methods(ENGINE* /*engine*/, EVP_PKEY_METHOD** method, const int** kinds, int kind) {
  if (method == nullptr) {
    *kinds = kKinds.data();
    return static_cast<int>(kKinds.size());
  }
  // OpenSSL hands its own, constant methods out as const and takes an engine's as mutable; it changes neither.
  *method = const_cast<EVP_PKEY_METHOD*>(EVP_PKEY_meth_find(kind));
  return *method != nullptr ? 1 : 0;
}

/// As offer_methods(), for the decoders of EC keys.
int offer_decoders(ENGINE* /*engine*/, EVP_PKEY_ASN1_METHOD** method, const int** kinds, int kind) {
  static EVP_PKEY_ASN1_METHOD* const ec = make_ec_method_with_kept_curves();
  if (method == nullptr) {
    *kinds = kKinds.data();
    return ec == nullptr ? 0 : 1;
  }
  *method = kind == EVP_PKEY_EC ? ec : nullptr;
  return *method != nullptr ? 1 : 0;
}

ENGINE* make_engine() {
  ENGINE* engine = ENGINE_new();
  if (engine == nullptr) return nullptr;
  if (ENGINE_set_id(engine, kEngineId) == 1 && ENGINE_set_name(engine, "OpenSSL's own methods") == 1 &&
      ENGINE_set_pkey_meths(engine, offer_methods) == 1 && ENGINE_set_pkey_asn1_meths(engine, offer_decoders) == 1) {
    return engine;
  }
  ENGINE_free(engine);
  return nullptr;
}

/// One for the whole life of the process: keys that were decoded with it refer to it and its methods.
ENGINE* the_engine() {
  static ENGINE* const engine = make_engine();
  return engine;
}

/// The key decodes the older way, verifies a good signature and refuses another certificate's.
bool decodes(std::string_view pem, std::string_view foreign_pem) {
  const auto certificate = crypto::Certificate::from_upload(pem);
  const auto foreign = crypto::Certificate::from_upload(foreign_pem);
  if (!certificate || !foreign) return false;
  EVP_PKEY* key = X509_get0_pubkey(certificate->native());
  return key != nullptr && EVP_PKEY_get0_provider(key) == nullptr && X509_verify(certificate->native(), key) == 1 &&
         X509_verify(foreign->native(), key) != 1;
}

}  // namespace

Result<void> enable_fast_decode() {
  ERR_clear_error();
  ENGINE* engine = the_engine();
  if (engine == nullptr || ENGINE_register_pkey_meths(engine) != 1 || ENGINE_register_pkey_asn1_meths(engine) != 1) {
    const std::string reason = take_openssl_error();
    disable_fast_decode();
    return fail(ErrorCode::kUnsupported, "Fast key decoding is not available.", reason);
  }
  const bool works = decodes(kEcCertificate, kRsaCertificate) && decodes(kRsaCertificate, kEcCertificate);
  ERR_clear_error();
  if (works) return {};
  disable_fast_decode();
  return fail(ErrorCode::kUnsupported, "Fast key decoding failed its self-test.");
}

void disable_fast_decode() {
  ENGINE* engine = the_engine();
  if (engine != nullptr) {
    ENGINE_unregister_pkey_meths(engine);
    ENGINE_unregister_pkey_asn1_meths(engine);
  }
  ERR_clear_error();
}

}  // namespace muster::server
