#pragma once

#include "muster/device_transport.h"
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
  [[nodiscard]] virtual bool is_active() const = 0;
  /// HMAC-SHA256.
  virtual Result<Bytes> sign(ByteView text) = 0;
  /// Keeps it for good, in place of the one that was kept before.
  virtual Result<void> keep() = 0;
};

/// The key in a TPM, kept at a handle.
class KeyInTpm final : public ActivatedKey {
 public:
  KeyInTpm(tpm::Tpm tpm, tpm::Handle handle) : tpm_(std::move(tpm)), handle_(handle) {}

  Result<void> activate(ByteView blob) override;
  [[nodiscard]] bool is_active() const override { return active_; }
  Result<Bytes> sign(ByteView text) override { return tpm_.hmac(text); }
  Result<void> keep() override { return tpm_.keep_active(handle_); }

 private:
  tpm::Tpm tpm_;
  tpm::Handle handle_;
  bool active_ = false;
};

/// What a registration tells of a TPM. kPreconditionFailed when its keys do not stand where devices look for them.
Result<TpmPublicKeys> read_public_keys(tpm::Tpm& tpm);

/// The token that proves the device with its key; "" while there is none.
Result<std::string> tpm_token(const DeviceRegistration& device, ActivatedKey& key, const Clock& clock);

/// A transport of a device with a TPM. A refusal that brings a key (HTTPS, device-api.md 5.3) has that activated and
/// the call made again, and the hub's key that comes with the final answer is kept. What was kept before stays until
/// then: a registration that fails does not cost the device its hub. Other answers are given on as they are. The key
/// outlives it.
class TpmDevice final : public DeviceTransport {
 public:
  TpmDevice(std::unique_ptr<DeviceTransport> transport, ActivatedKey& key)
      : transport_(std::move(transport)), key_(key) {}

  Result<DeviceAnswer> request_registration(const std::string& body) override;
  Result<DeviceAnswer> ask_status(const std::string& operation_id) override;

 private:
  /// Takes the hub's key when the answer has it.
  Result<DeviceAnswer> deliver(Result<DeviceAnswer> answer);

  std::unique_ptr<DeviceTransport> transport_;
  ActivatedKey& key_;
};

}  // namespace muster::cli
