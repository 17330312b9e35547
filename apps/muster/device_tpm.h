#pragma once

#include "muster/device_http.h"
#include "tpm/tpm.h"

namespace muster::cli {

/// The key by which a device with a TPM signs: in its TPM or, for tests, in memory.
class ActivatedKey {
 public:
  ActivatedKey() = default;
  virtual ~ActivatedKey() = default;
  ActivatedKey(const ActivatedKey&) = delete;
  ActivatedKey& operator=(const ActivatedKey&) = delete;

  /// Takes the key of an activation blob (device-api.md 5.5), to sign with from now on.
  virtual Result<void> activate(ByteView blob) = 0;
  /// HMAC-SHA256.
  virtual Result<Bytes> sign(ByteView text) = 0;
  /// Keeps it for good, in place of the one that was kept before.
  virtual Result<void> keep() = 0;
};

/// The key in a TPM, kept at a handle.
class KeyInTpm final : public ActivatedKey {
 public:
  KeyInTpm(tpm::Tpm tpm, tpm::Handle handle) : tpm_(std::move(tpm)), handle_(handle) {}

  Result<void> activate(ByteView blob) override { return tpm_.activate(blob); }
  Result<Bytes> sign(ByteView text) override { return tpm_.hmac(text); }
  Result<void> keep() override { return tpm_.keep_active(handle_); }

 private:
  tpm::Tpm tpm_;
  tpm::Handle handle_;
};

/// What a registration tells of a TPM. kPreconditionFailed when its keys do not stand where devices look for them.
Result<TpmPublicKeys> read_public_keys(tpm::Tpm& tpm);

/// HTTPS with a TPM (device-api.md 5.3): asks without a token, activates the key that comes with the refusal, asks
/// again with a token of it, and takes the hub's key from the final answer in its place. An answer without such a key
/// is given on as it is. Device, key and clock outlive it.
class TpmDevice final : public DeviceTransport {
 public:
  TpmDevice(const DeviceRegistration& device, ActivatedKey& key, HttpSend send, const Clock& clock);

  Result<DeviceAnswer> request_registration(const std::string& body) override;
  Result<DeviceAnswer> ask_status(const std::string& operation_id) override;

 private:
  Result<std::string> token();
  /// Takes the hub's key when the answer has it.
  Result<DeviceAnswer> deliver(Result<DeviceAnswer> answer);

  const DeviceRegistration& device_;
  ActivatedKey& key_;
  const Clock& clock_;
  HttpDevice http_;
  bool activated_ = false;
};

}  // namespace muster::cli
