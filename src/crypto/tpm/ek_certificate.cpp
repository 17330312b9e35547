#include "crypto/tpm/ek_certificate.h"

#include <memory>

#include <openssl/x509_vfy.h>

#include "crypto/openssl.h"
#include "crypto/tpm/key_input.h"

namespace muster::crypto::tpm {
namespace {

using StorePtr = std::unique_ptr<X509_STORE, OpensslFree<X509_STORE_free>>;
using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, OpensslFree<X509_STORE_CTX_free>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, OpensslFree<GENERAL_NAMES_free>>;
using UsagesPtr = std::unique_ptr<EXTENDED_KEY_USAGE, OpensslFree<EXTENDED_KEY_USAGE_free>>;
using ObjectPtr = std::unique_ptr<ASN1_OBJECT, OpensslFree<ASN1_OBJECT_free>>;

// TCG EK Credential Profile 2.5 section 3.1.2 and 3.2.16.
constexpr const char* kManufacturer = "2.23.133.2.1";
constexpr const char* kModel = "2.23.133.2.2";
constexpr const char* kVersion = "2.23.133.2.3";
constexpr const char* kEkCertificateUse = "2.23.133.8.1";

ObjectPtr object_of(const char* dotted) {
  ObjectPtr object(OBJ_txt2obj(dotted, 1));
  require(object != nullptr, "no memory for an object identifier");
  return object;
}

std::string text_in(const X509_NAME* name, const char* dotted) {
  const int at = X509_NAME_get_index_by_OBJ(name, object_of(dotted).get(), -1);
  if (at < 0) return {};
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  if (size < 0) return {};
  std::string out(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return out;
}

/// The three names stand in a directory name among the alternative names.
void read_names(const X509* certificate, EkCertificate& out) {
  const NamesPtr names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DIRNAME) continue;
    out.manufacturer = text_in(name->d.directoryName, kManufacturer);
    out.model = text_in(name->d.directoryName, kModel);
    out.version = text_in(name->d.directoryName, kVersion);
  }
}

bool has_ek_use(const X509* certificate) {
  const UsagesPtr usages(
      static_cast<EXTENDED_KEY_USAGE*>(X509_get_ext_d2i(certificate, NID_ext_key_usage, nullptr, nullptr)));
  const ObjectPtr wanted = object_of(kEkCertificateUse);
  for (int i = 0; usages && i < sk_ASN1_OBJECT_num(usages.get()); ++i) {
    if (OBJ_cmp(sk_ASN1_OBJECT_value(usages.get(), i), wanted.get()) == 0) return true;
  }
  return false;
}

std::string subject_of(X509* certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  require(bio != nullptr, "no memory for a name");
  X509_NAME_print_ex(bio.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

/// Manufacturers mark the alternative names critical, which OpenSSL takes as known only when it checks them.
int let_known_extensions_pass(int ok, X509_STORE_CTX* context) {
  if (ok == 1 || X509_STORE_CTX_get_error(context) != X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION) return ok;
  return X509_STORE_CTX_get_error_depth(context) == 0 ? 1 : ok;
}

}  // namespace

Result<EkCertificate> read_ek_certificate(const Certificate& certificate) {
  const ErrorQueueGuard guard;
  auto key = endorsement_key_from_text(certificate.to_pem());
  if (!key) return std::unexpected(key.error());
  EkCertificate out;
  out.key = *std::move(key);
  read_names(certificate.native(), out);
  out.is_for_endorsement_keys = has_ek_use(certificate.native());
  return out;
}

Result<std::string> verify_ek_certificate(const Certificate& certificate, const std::vector<Certificate>& trusted,
                                          TimePoint now) {
  const ErrorQueueGuard guard;
  const StorePtr store(X509_STORE_new());
  const X509StackPtr between(sk_X509_new_null());
  const StoreContextPtr context(X509_STORE_CTX_new());
  require(store && between && context ? 1 : 0, "no memory for a path");
  for (const Certificate& each : trusted) {
    if (each.is_self_issued()) {
      require(X509_STORE_add_cert(store.get(), each.native()), "no memory for a path");
    } else {
      require(sk_X509_push(between.get(), each.native()), "no memory for a path");
    }
  }
  require(X509_STORE_CTX_init(context.get(), store.get(), certificate.native(), between.get()),
          "no path can be sought");
  X509_STORE_CTX_set_time(context.get(), 0, std::chrono::system_clock::to_time_t(now));
  X509_STORE_CTX_set_verify_cb(context.get(), let_known_extensions_pass);
  if (X509_verify_cert(context.get()) != 1) {
    const int error = X509_STORE_CTX_get_error(context.get());
    return fail(ErrorCode::kUnauthorized, "The EK certificate does not lead to a trusted root: " +
                                              std::string(X509_verify_cert_error_string(error)) + ".");
  }
  STACK_OF(X509)* chain = X509_STORE_CTX_get0_chain(context.get());
  return subject_of(sk_X509_value(chain, sk_X509_num(chain) - 1));
}

}  // namespace muster::crypto::tpm
