#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/result.h"
#include "base/secret.h"
#include "hub/sink_settings.h"

struct mosquitto;

namespace muster::hub {

/// One connection to an MQTT broker, as an ordinary client of it, over libmosquitto, which has a thread of its own for
/// it. A connection that is lost stays lost: what it had not delivered is for the next one.
///
/// Used by one thread, whose calls wait; interrupt() from any.
class BrokerConnection {
 public:
  /// Messages on their way at once.
  static constexpr std::size_t kWindow = 100;

  /// `settings` outlive this.
  explicit BrokerConnection(const SinkSettings& settings) : settings_(settings) {}
  ~BrokerConnection();
  BrokerConnection(const BrokerConnection&) = delete;
  BrokerConnection& operator=(const BrokerConnection&) = delete;

  /// Connects; called once, first. kUnavailable when that fails or takes longer than the settings allow,
  /// kInvalidArgument when the files of the settings are of no use. `password` may be empty.
  Result<void> open(const std::string& client_id, const SecretBytes& password);
  [[nodiscard]] bool is_up() const;
  /// Hands a message over with QoS 1; its packet id. Waits for room in the window.
  Result<int> publish(const std::string& topic, std::string_view payload);
  /// Waits until the broker has acknowledged this message, or fails: because the connection is lost, or nothing was
  /// acknowledged for as long as the settings allow.
  Result<void> wait_for(int packet_id);
  /// Ends all waiting.
  void interrupt();

 private:
  struct Free {
    void operator()(mosquitto* client) const;
  };
  enum class State { kConnecting, kUp, kLost };

  Result<void> set_up(const std::string& client_id, const SecretBytes& password);
  Result<void> set_up_tls();
  Result<void> begin();
  /// Until `done` is true, which every call back may change.
  template <class Done>
  Result<void> wait_until(const Done& done);
  void lose(std::string reason);

  static void on_connect(mosquitto* client, void* self, int code);
  static void on_disconnect(mosquitto* client, void* self, int code);
  static void on_publish(mosquitto* client, void* self, int packet_id);
  static void on_log(mosquitto* client, void* self, int level, const char* text);

  const SinkSettings& settings_;
  mutable std::mutex mutex_;  // protects all below but client_
  std::condition_variable changed_;
  State state_ = State::kConnecting;
  std::string reason_;      ///< why it is lost
  std::string last_error_;  ///< what the library said last, which is more than its codes say
  std::size_t on_the_way_ = 0;
  std::unordered_set<int> acknowledged_;
  std::size_t progress_ = 0;  ///< acknowledgements so far
  bool interrupted_ = false;

  std::unique_ptr<mosquitto, Free> client_;
};

}  // namespace muster::hub
