#pragma once

#include <limits>
#include <memory>
#include <stdexcept>
#include <string>

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace muster::crypto {

/// Calls the C function that frees an OpenSSL object.
template <auto kFree>
struct OpensslFree {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};

/// Frees a stack but not what is on it.
struct StackFree {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
};

using BignumPtr = std::unique_ptr<BIGNUM, OpensslFree<BN_free>>;
using BioPtr = std::unique_ptr<BIO, OpensslFree<BIO_free>>;
using X509Ptr = std::unique_ptr<X509, OpensslFree<X509_free>>;
using X509StackPtr = std::unique_ptr<STACK_OF(X509), StackFree>;

/// Empties the calling thread's error queue. OpenSSL's own function goes through all sixteen places also when nothing
/// is there, which is nearly always, and a handshake with its checks asks for it eighty times.
inline void clear_openssl_errors() {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

/// Leaves the calling thread's error queue empty: a stale entry would be taken for the outcome of a later TLS call.
class ErrorQueueGuard {
 public:
  ErrorQueueGuard() { clear_openssl_errors(); }
  ~ErrorQueueGuard() { clear_openssl_errors(); }
  ErrorQueueGuard(const ErrorQueueGuard&) = delete;
  ErrorQueueGuard& operator=(const ErrorQueueGuard&) = delete;
};

/// The reason of the latest error of this thread, such as "wrong tag"; empty when there is none.
inline std::string last_openssl_reason() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  return reason == nullptr ? "" : reason;
}

/// For calls that fail only without memory or with a broken library: never because of input.
inline void require(int ok, const char* what) {
  if (ok <= 0) throw std::runtime_error(what);
}

/// OpenSSL counts octets in int; larger sizes are a broken invariant of the caller.
inline int int_size(std::size_t size) {
  if (size > static_cast<std::size_t>(std::numeric_limits<int>::max())) throw std::length_error("too many octets");
  return static_cast<int>(size);
}

}  // namespace muster::crypto
