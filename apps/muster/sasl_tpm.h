#pragma once

#include <string>

#include "muster/amqp_channel.h"
#include "muster/device_tpm.h"

namespace muster::cli {

/// The SASL mechanism TPM (device-api.md 5.4): the device shows its two keys, takes an activation blob in segments, and
/// answers with a token of the key in it. Device, key and clock outlive it.
class SaslTpm final : public SaslClient {
 public:
  SaslTpm(const DeviceRegistration& device, ActivatedKey& key, const Clock& clock)
      : device_(device), key_(key), clock_(clock) {}

  [[nodiscard]] std::string_view mechanism() const override { return "TPM"; }
  Result<Bytes> first_response() override;
  Result<Bytes> respond(ByteView challenge) override;

 private:
  Result<Bytes> take_segment(std::uint8_t control, ByteView part);
  Result<Bytes> answer_with_token();

  const DeviceRegistration& device_;
  ActivatedKey& key_;
  const Clock& clock_;
  Bytes blob_;  ///< as far as it has come
  unsigned segments_ = 0;
};

}  // namespace muster::cli
