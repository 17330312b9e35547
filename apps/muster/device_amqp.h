#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "muster/amqp_channel.h"
#include "muster/device_transport.h"

namespace muster::cli {

/// Makes the client of the SASL mechanism that a connection begins with; null: the connection has no SASL.
using SaslSource = std::function<std::unique_ptr<SaslClient>()>;

/// AMQP 1.0, over TLS or WebSocket: SASL PLAIN with a token, no SASL with a certificate, one session with a link each
/// way, each request a transfer, its answer a transfer back (device-api.md 7). A connection that is lost is made anew
/// with the next request: any connection may ask for an operation. Device and clock outlive it.
class AmqpDevice final : public DeviceTransport {
 public:
  AmqpDevice(const DeviceRegistration& device, OpenChannel open, const Clock& clock);
  /// With another mechanism than those two.
  AmqpDevice(const DeviceRegistration& device, OpenChannel open, const Clock& clock, SaslSource sasl)
      : device_(device), open_(std::move(open)), clock_(clock), sasl_(std::move(sasl)) {}
  ~AmqpDevice() override;

  Result<DeviceAnswer> request_registration(const std::string& body) override;
  Result<DeviceAnswer> ask_status(const std::string& operation_id) override;

 private:
  /// A request ends with an answer, which may be a refusal, or with an error; nothing: it goes on.
  using Progress = Result<std::optional<DeviceAnswer>>;

  Result<DeviceAnswer> request(std::string_view operation, std::string_view operation_id, std::string_view body);
  Progress connect();
  Progress log_in();
  Progress open_links();
  Progress wait_for_links();
  Result<DeviceAnswer> exchange(std::string_view operation, std::string_view operation_id, std::string_view body);
  Progress take_frame(const wire::amqp::FrameView& frame, const std::string& correlation_id);
  Progress take_transfer(const wire::amqp::FrameView& frame, const std::string& correlation_id);

  const DeviceRegistration& device_;
  OpenChannel open_;
  const Clock& clock_;
  SaslSource sasl_;
  std::optional<AmqpChannel> channel_;
  Bytes message_;  ///< as far as it has come
  std::uint32_t sent_ = 0;
};

}  // namespace muster::cli
