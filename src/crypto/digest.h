#pragma once

#include <array>
#include <memory>

#include "base/bytes.h"
#include "base/secret.h"

namespace muster::crypto {

using Sha256 = std::array<std::uint8_t, 32>;
using Sha384 = std::array<std::uint8_t, 48>;
using Sha1 = std::array<std::uint8_t, 20>;

Sha256 sha256(ByteView data);
Sha384 sha384(ByteView data);
/// SHA-256 of octets that come piece by piece.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(const Sha256Stream&) = delete;
  Sha256Stream& operator=(const Sha256Stream&) = delete;

  void update(ByteView data);
  /// Of all octets so far; called once, last.
  Sha256 finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

/// For the display thumbprints of certificates and the WebSocket handshake only; never for signatures.
Sha1 sha1(ByteView data);
/// HMAC-SHA256 (RFC 2104, FIPS 180-4). Any key length.
Sha256 hmac_sha256(ByteView key, ByteView data);
Sha384 hmac_sha384(ByteView key, ByteView data);

/// Equal octets, in time that depends on the lengths only.
bool equal_constant_time(ByteView a, ByteView b);

/// The key of one device of a symmetric-key group: HMAC-SHA256(master, registrationId) (device-api.md 4.3).
SecretBytes derive_device_key(const SecretBytes& master, std::string_view registration_id);

}  // namespace muster::crypto
