#pragma once

#include <string>

#include "server/amqp/sasl.h"
#include "wire/device_identity.h"

namespace muster::server::amqp {

/// Who knows about TPMs, for the exchange below.
class TpmJudge {
 public:
  virtual ~TpmJudge() = default;
  /// What the TPM with these keys (TPM2B_PUBLIC) has to activate; nullopt: it is refused.
  virtual Task<std::optional<Bytes>> challenge(wire::DeviceIdentity identity, Bytes endorsement_key,
                                               Bytes storage_root_key) = 0;
  /// Whether the token is by what the TPM activated. When it is, the device goes on under this identity and token.
  virtual Task<bool> accept(wire::DeviceIdentity identity, std::string token) = 0;
};

/// The SASL mechanism TPM (device-api.md 5.4): the device names itself and its endorsement key, then its storage root
/// key; gets the activation blob in segments, each but the last answered by one octet; and answers with a token. Every
/// message of either side begins with a control octet: 0x80 a segment, 0x40 the last one, the two low bits its number.
class TpmExchange final : public SaslExchange {
 public:
  /// `judge` outlives this.
  explicit TpmExchange(TpmJudge& judge) : judge_(judge) {}

  Task<SaslStep> step(Bytes response) override;

 private:
  enum class Stage { kInit, kStorageRootKey, kSegments, kToken, kOver };

  Task<SaslStep> dispatch();
  SaslStep take_init();
  Task<SaslStep> take_storage_root_key();
  SaslStep next_segment();
  Task<SaslStep> take_token();

  TpmJudge& judge_;
  Stage stage_ = Stage::kInit;
  Bytes message_;  ///< of the peer, without control octets; whole when its last segment is there
  wire::DeviceIdentity identity_;
  Bytes endorsement_key_;
  std::vector<Bytes> segments_;
  std::size_t sent_ = 0;
};

/// Cuts an activation blob into challenges with their control octets: into two wherever that does, because Java's
/// client knows no other number (5.4), else into up to four; none when it is larger still.
std::vector<Bytes> tpm_segments(ByteView activation);

}  // namespace muster::server::amqp
