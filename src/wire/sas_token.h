#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"

namespace muster::wire {

/// A parsed shared access signature: SharedAccessSignature sr=..&sig=..&se=..[&skn=..], fields in any order
/// (device-api.md 4.1, service-api.md 1.2). Nothing is verified by parsing.
struct SasToken {
  std::string resource_literal;  ///< `sr` as it stands in the token: what the peer signed
  std::string resource;          ///< `sr` percent-decoded once
  std::string expiry_literal;    ///< `se` as it stands: the second line of what was signed
  TimePoint expiry;              ///< `se` as a time
  Bytes signature;               ///< 32 octets
  std::string key_name;          ///< `skn` decoded; empty when absent
};

/// kUnauthorized with a detail naming the fault (missing or repeated field, bad base64, expiry not a number...).
Result<SasToken> parse_sas_token(std::string_view text);

/// True when `key` made the token's signature, over the literal `sr` or, failing that, over the decoded one
/// (service-api.md 1.2). Constant time in the key and signature.
bool signed_by(const SasToken& token, const SecretBytes& key);

/// True when the token had ended at `now`, `tolerance` allowed (device-api.md 4.1: five minutes).
bool has_expired(const SasToken& token, TimePoint now, std::chrono::seconds tolerance);

/// HMAC-SHA256 of a text with a key that need not be here, such as one in a TPM.
using SasSigner = std::function<Result<Bytes>(ByteView text)>;

/// A token as Azure's tools write it: `resource` percent-encoded, fields sr, sig, se, skn (left out when empty).
std::string make_sas_token(std::string_view resource, const SecretBytes& key, TimePoint expiry,
                           std::string_view key_name);

/// The same, signed elsewhere; an error is the signer's.
Result<std::string> sign_sas_token(std::string_view resource, const SasSigner& signer, TimePoint expiry,
                                   std::string_view key_name);

}  // namespace muster::wire
