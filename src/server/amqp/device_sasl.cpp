#include "server/amqp/device_sasl.h"

#include <algorithm>
#include <utility>

#include "base/secret.h"

namespace muster::server::amqp {
namespace {

constexpr std::string_view kPlain = "PLAIN";
constexpr std::string_view kTpm = "TPM";
constexpr std::string_view kExternal = "EXTERNAL";
constexpr std::string_view kAnonymous = "ANONYMOUS";

/// `authzid NUL authcid NUL password` (RFC 4616): the authcid names the device, the password is its SAS token.
class PlainExchange final : public SaslExchange {
 public:
  explicit PlainExchange(DeviceProof& proof) : proof_(proof) {}

  Task<SaslStep> step(Bytes response) override {
    std::string text(as_text(response));
    const bool accepted = take(text);
    wipe(text);
    std::ranges::fill(response, 0);
    co_return SaslStep{accepted ? SaslStep::Kind::kAccepted : SaslStep::Kind::kRefused};
  }

 private:
  /// An authzid is left alone: nobody acts for another one here.
  bool take(std::string_view text) {
    const auto end_of_authzid = text.find('\0');
    if (end_of_authzid == std::string_view::npos) return false;
    text.remove_prefix(end_of_authzid + 1);
    const auto end_of_authcid = text.find('\0');
    if (end_of_authcid == std::string_view::npos) return false;
    auto identity = wire::parse_device_address(text.substr(0, end_of_authcid));
    const std::string_view password = text.substr(end_of_authcid + 1);
    if (!identity || password.empty()) return false;
    proof_.identity = std::move(*identity);
    proof_.evidence = provisioning::SasEvidence{std::string(password)};
    return true;
  }

  DeviceProof& proof_;
};

/// The TLS handshake has proved already what there is to prove.
class CertificateExchange final : public SaslExchange {
 public:
  Task<SaslStep> step(Bytes /*response*/) override { co_return SaslStep{SaslStep::Kind::kAccepted}; }
};

}  // namespace

DeviceSasl::DeviceSasl(const std::optional<ClientCertificates>& client, TpmJudge& tpms)
    : tpms_(tpms), has_certificate_(client.has_value()) {
  if (client) proof_.evidence = provisioning::CertificateEvidence{client->leaf, client->chain};
}

std::vector<std::string> DeviceSasl::names() const {
  if (!has_certificate_) return {std::string(kPlain), std::string(kTpm)};
  // The last one is what clients fall back to that were told of no user name.
  return {std::string(kExternal), std::string(kPlain), std::string(kTpm), std::string(kAnonymous)};
}

std::unique_ptr<SaslExchange> DeviceSasl::begin(std::string_view mechanism) {
  if (mechanism == kPlain) return std::make_unique<PlainExchange>(proof_);
  if (mechanism == kTpm) return std::make_unique<TpmExchange>(static_cast<TpmJudge&>(*this));
  if (has_certificate_ && (mechanism == kExternal || mechanism == kAnonymous)) {
    return std::make_unique<CertificateExchange>();
  }
  return nullptr;
}

Task<std::optional<Bytes>> DeviceSasl::challenge(wire::DeviceIdentity identity, Bytes endorsement_key,
                                                 Bytes storage_root_key) {
  return tpms_.challenge(std::move(identity), std::move(endorsement_key), std::move(storage_root_key));
}

Task<bool> DeviceSasl::accept(wire::DeviceIdentity identity, std::string token) {
  if (!co_await tpms_.accept(identity, token)) co_return false;
  proof_.identity = std::move(identity);
  proof_.evidence = provisioning::SasEvidence{std::move(token)};
  co_return true;
}

}  // namespace muster::server::amqp
