#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "provisioning/request.h"
#include "server/amqp/sasl.h"
#include "server/amqp/tpm_sasl.h"
#include "server/http/message.h"
#include "wire/device_identity.h"

namespace muster::server::amqp {

/// What a device said about itself, in SASL or in the TLS handshake. Judged with each request.
struct DeviceProof {
  std::optional<wire::DeviceIdentity> identity;  ///< whom it named in SASL
  provisioning::Evidence evidence;
};

/// SASL for devices: PLAIN for those with a SAS token; TPM for those whose token only their TPM can make; EXTERNAL and
/// ANONYMOUS for those that showed a certificate, who alone can get anywhere with them (device-api.md 7.1).
class DeviceSasl final : public SaslMechanisms, private TpmJudge {
 public:
  /// `tpms`: who makes their challenges and knows the answers; `accept` is asked first, and notes nothing itself.
  DeviceSasl(const std::optional<ClientCertificates>& client, TpmJudge& tpms);

  [[nodiscard]] std::vector<std::string> names() const override;
  std::unique_ptr<SaslExchange> begin(std::string_view mechanism) override;

  /// Without SASL, or before it, what the certificate says.
  [[nodiscard]] const DeviceProof& proof() const { return proof_; }

 private:
  Task<std::optional<Bytes>> challenge(wire::DeviceIdentity identity, Bytes endorsement_key,
                                       Bytes storage_root_key) override;
  Task<bool> accept(wire::DeviceIdentity identity, std::string token) override;

  TpmJudge& tpms_;
  bool has_certificate_;
  DeviceProof proof_;
};

}  // namespace muster::server::amqp
