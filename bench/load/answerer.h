#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "load/fleet.h"

namespace muster::bench {

/// What stands behind the reference server for transports that it only passes on: answers every step of a device with
/// what Muster answers, the bodies fixed.
struct AnswererSettings {
  Transport transport = Transport::kMqtt;
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: any free one
  std::string register_body;
  std::string status_body;
};

/// What is said to one device, as the transport has it.
class Answers {
 public:
  explicit Answers(const AnswererSettings& settings) : settings_(settings) {}
  virtual ~Answers() = default;
  Answers(const Answers&) = delete;
  Answers& operator=(const Answers&) = delete;

  /// Takes whole packets or frames off the front of `inbox` and appends what answers them; false: no sense in them.
  virtual bool answer(std::string& inbox, Bytes& out) = 0;

 protected:
  [[nodiscard]] const AnswererSettings& settings() const { return settings_; }

 private:
  const AnswererSettings& settings_;
};

std::unique_ptr<Answers> make_mqtt_answers(const AnswererSettings& settings);
std::unique_ptr<Answers> make_amqp_answers(const AnswererSettings& settings);

/// Prints "port N" and answers until standard input ends. Plain TCP, one thread.
Result<void> answer_devices(const AnswererSettings& settings);

}  // namespace muster::bench
