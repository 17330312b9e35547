#pragma once

#include <memory>

#include "muster/octet_channel.h"
#include "wire/amqp/frame.h"

namespace muster::cli {

/// An octet channel that is read by protocol headers and frames of AMQP 1.0.
class AmqpChannel {
 public:
  explicit AmqpChannel(std::unique_ptr<OctetChannel> octets) : octets_(std::move(octets)) {}

  Result<void> send(ByteView frames) { return octets_->send(frames); }
  /// The next one; valid until the next call. kInternal when the service sends something else.
  Result<wire::amqp::FrameView> receive();

 private:
  std::unique_ptr<OctetChannel> octets_;
  Bytes inbox_;
  std::size_t read_ = 0;  ///< octets at the front of the inbox that have been given out
};

/// The device's side of one SASL mechanism.
class SaslClient {
 public:
  SaslClient() = default;
  virtual ~SaslClient() = default;
  SaslClient(const SaslClient&) = delete;
  SaslClient& operator=(const SaslClient&) = delete;

  [[nodiscard]] virtual std::string_view mechanism() const = 0;
  virtual Result<Bytes> first_response() = 0;
  virtual Result<Bytes> respond(ByteView challenge) = 0;
};

/// User name and password (RFC 4616).
class SaslPlain final : public SaslClient {
 public:
  SaslPlain(std::string user_name, std::string password)
      : user_name_(std::move(user_name)), password_(std::move(password)) {}

  [[nodiscard]] std::string_view mechanism() const override { return "PLAIN"; }
  Result<Bytes> first_response() override;
  Result<Bytes> respond(ByteView challenge) override;

 private:
  const std::string user_name_;
  const std::string password_;
};

/// The SASL layer (AMQP 1.0 section 5.3), with which the connection begins. kUnauthorized when the service does not
/// accept, kUnavailable when it cannot say now.
Result<void> authenticate(AmqpChannel& channel, SaslClient& client, std::string_view host_name);

}  // namespace muster::cli
