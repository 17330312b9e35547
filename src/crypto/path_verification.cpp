#include "crypto/path_verification.h"

#include <string>

#include <openssl/x509_vfy.h>

#include "crypto/certificate_rules.h"
#include "crypto/issuing.h"
#include "crypto/key_rules.h"
#include "crypto/openssl.h"

namespace muster::crypto {
namespace {

using StorePtr = std::unique_ptr<X509_STORE, OpensslFree<X509_STORE_free>>;
using ContextPtr = std::unique_ptr<X509_STORE_CTX, OpensslFree<X509_STORE_CTX_free>>;

/// What the callbacks of one verification share.
struct Verification {
  const Path& path;
  PathFaults faults;
};

Verification& verification_of(X509_STORE_CTX* context) {
  return *static_cast<Verification*>(X509_STORE_CTX_get_app_data(context));
}

/// The search chose the path; OpenSSL, which looks at names only and does not go back, must not choose another.
int is_next_in_path(X509_STORE_CTX* context, X509* certificate, X509* issuer) {
  const Path& path = verification_of(context).path;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    if (path[i].certificate->native() == certificate) return path[i + 1].certificate->native() == issuer ? 1 : 0;
  }
  return 0;
}

std::string path_length_detail(const Path& path, std::size_t depth) {
  // RFC 5280 section 4.2.1.9: self-issued certificates are not counted, the leaf is not either.
  int below = 0;
  for (std::size_t i = 1; i < depth; ++i) below += path[i].certificate->is_self_issued() ? 0 : 1;
  return "it allows " + std::to_string(X509_get_pathlen(path[depth].certificate->native())) +
         " CA certificates below it, the path has " + std::to_string(below);
}

CertificateFault translate(int error, const Path& path, std::size_t depth) {
  const std::string text = X509_verify_cert_error_string(error);
  switch (error) {
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE:
      return {"bad-signature", depth + 1 < path.size()
                                   ? "the key of " + display_name(*path[depth + 1].certificate) + " did not sign it"
                                   : text};
    case X509_V_ERR_PATH_LENGTH_EXCEEDED:
      return {"path-length-exceeded", path_length_detail(path, depth)};
    case X509_V_ERR_INVALID_CA:
    case X509_V_ERR_INVALID_NON_CA:
      return {"not-a-ca", text};
    case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
      return {"key-usage", text};
    case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
      return {"unknown-critical-extension", text};
    case X509_V_ERR_PERMITTED_VIOLATION:
    case X509_V_ERR_EXCLUDED_VIOLATION:
    case X509_V_ERR_SUBTREE_MINMAX:
    case X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE:
    case X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX:
    case X509_V_ERR_UNSUPPORTED_NAME_SYNTAX:
      return {"name-constraint", text};
    case X509_V_ERR_EC_KEY_EXPLICIT_PARAMS:
    case X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY:
      return {"unsupported-key", text};
    case X509_V_ERR_PROXY_CERTIFICATES_NOT_ALLOWED:
      return {"proxy-certificate", text};
    default:
      return {"not-verified", text};
  }
}

bool means_no_anchor(int error) {
  return error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT || error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
         error == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE || error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ||
         error == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN;
}

/// Records the fault at its certificate and goes on, so that an operator sees all of them at once.
int collect(int ok, X509_STORE_CTX* context) {
  if (ok == 1) return 1;
  Verification& verification = verification_of(context);
  const Path& path = verification.path;
  const int error = X509_STORE_CTX_get_error(context);
  if (!path.back().anchor && means_no_anchor(error)) return 1;
  const int depth = X509_STORE_CTX_get_error_depth(context);
  const std::size_t at = std::min(static_cast<std::size_t>(std::max(depth, 0)), path.size() - 1);
  add_fault(verification.faults[at], translate(error, path, at));
  return 1;
}

bool may_sign_certificates(X509* issuer) {
  return (X509_get_extension_flags(issuer) & EXFLAG_KUSAGE) == 0 ||
         (X509_get_key_usage(issuer) & KU_KEY_CERT_SIGN) != 0;
}

/// In place of OpenSSL's own last step, which would check the signatures of the CA certificates again for every device,
/// and that of the leaf again after the search (RFC 5280 sections 6.1.3 (a)(1) and 6.1.4 (n)). Dates are judged
/// elsewhere.
int verify_signatures(X509_STORE_CTX* context) {
  auto& [path, faults] = verification_of(context);
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    const Certificate& issuer = *path[i + 1].certificate;
    if (!may_sign_certificates(issuer.native())) {
      add_fault(faults[i + 1], translate(X509_V_ERR_KEYUSAGE_NO_CERTSIGN, path, i + 1));
    }
    if (!is_signed_by(*path[i].certificate, issuer)) {
      add_fault(faults[i], translate(X509_V_ERR_CERT_SIGNATURE_FAILURE, path, i));
    }
  }
  return 1;
}

X509_STORE* shared_store() {
  // Holds no certificates, only the callback; contexts read it and never change it.
  static const StorePtr store = [] {
    StorePtr made(X509_STORE_new());
    require(made != nullptr, "no memory for a certificate store");
    X509_STORE_set_check_issued(made.get(), is_next_in_path);
    return made;
  }();
  return store.get();
}

X509StackPtr stack_of(const Path& path, std::size_t from, std::size_t until) {
  X509StackPtr stack(sk_X509_new_null());
  for (std::size_t i = from; i < until; ++i)
    require(sk_X509_push(stack.get(), path[i].certificate->native()), "no memory");
  return stack;
}

bool is_same_chain(const STACK_OF(X509) * chain, const Path& path) {
  if (sk_X509_num(chain) != static_cast<int>(path.size())) return false;
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    if (X509_cmp(sk_X509_value(chain, i), path[static_cast<std::size_t>(i)].certificate->native()) != 0) return false;
  }
  return true;
}

}  // namespace

PathFaults verify_path(const Path& path) {
  const ErrorQueueGuard guard;
  Verification verification{path, PathFaults(path.size())};
  // OpenSSL gives up with no word on keys that do not decode. Such a path is refused for its key anyway.
  for (const PathStep& step : path) {
    if (!can_verify_with(*step.certificate)) return std::move(verification.faults);
  }
  const bool complete = path.back().anchor;
  const X509StackPtr untrusted = stack_of(path, 1, complete ? std::max<std::size_t>(path.size() - 1, 1) : path.size());
  const X509StackPtr trusted = stack_of(path, complete ? path.size() - 1 : path.size(), path.size());

  const ContextPtr context(X509_STORE_CTX_new());
  require(context != nullptr &&
              X509_STORE_CTX_init(context.get(), shared_store(), path[0].certificate->native(), untrusted.get()) == 1,
          "a verification cannot be prepared");
  X509_STORE_CTX_set0_trusted_stack(context.get(), trusted.get());
  X509_STORE_CTX_set_app_data(context.get(), &verification);
  X509_STORE_CTX_set_verify_cb(context.get(), collect);
  X509_STORE_CTX_set_verify(context.get(), verify_signatures);
  X509_VERIFY_PARAM* rules = X509_STORE_CTX_get0_param(context.get());
  // Anchors may be intermediates; dates have a tolerance that OpenSSL does not know.
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME);
  // The common name of a device is an id, not a host name, even when it has dots.
  X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);

  const int done = X509_verify_cert(context.get());
  // Whatever else happens: no path passes that OpenSSL did not go through from end to end.
  if (complete && (done != 1 || !is_same_chain(X509_STORE_CTX_get0_chain(context.get()), path))) {
    add_fault(verification.faults[0], {"not-verified", "the path could not be verified"});
  }
  return std::move(verification.faults);
}

}  // namespace muster::crypto
