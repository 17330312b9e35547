#include "hub/broker_connection.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <mosquitto.h>

#include "base/bytes.h"

namespace muster::hub {
namespace {

constexpr int kKeepAlive = 60;          // seconds
constexpr unsigned kNever = 24 * 3600;  // seconds

/// Of the whole process, and never undone: the library says that this is not thread-safe.
void initialise_library() {
  static std::once_flag once;
  std::call_once(once, [] { mosquitto_lib_init(); });
}

std::string describe(int code) {
  return code == MOSQ_ERR_ERRNO ? std::generic_category().message(errno) : mosquitto_strerror(code);
}

const char* or_null(const std::string& text) {
  return text.empty() ? nullptr : text.c_str();
}

}  // namespace

void BrokerConnection::Free::operator()(mosquitto* client) const {
  mosquitto_disconnect(client);
  mosquitto_loop_stop(client, false);
  mosquitto_destroy(client);
}

BrokerConnection::~BrokerConnection() = default;

Result<void> BrokerConnection::open(const std::string& client_id, const SecretBytes& password) {
  initialise_library();
  if (auto set = set_up(client_id, password); !set) return set;
  return begin();
}

Result<void> BrokerConnection::set_up(const std::string& client_id, const SecretBytes& password) {
  // A session of its own each time: what is not acknowledged is published again by us, in its place.
  client_.reset(mosquitto_new(client_id.c_str(), true, this));
  if (!client_) return fail(ErrorCode::kInternal, "There is no memory for a connection.");
  mosquitto_connect_callback_set(client_.get(), on_connect);
  mosquitto_disconnect_callback_set(client_.get(), on_disconnect);
  mosquitto_publish_callback_set(client_.get(), on_publish);
  mosquitto_log_callback_set(client_.get(), on_log);
  mosquitto_int_option(client_.get(), MOSQ_OPT_TCP_NODELAY, 1);
  mosquitto_int_option(client_.get(), MOSQ_OPT_SEND_MAXIMUM, static_cast<int>(kWindow));
  // The library would connect again by itself, to a session that nobody waits for.
  mosquitto_reconnect_delay_set(client_.get(), kNever, kNever, false);
  if (!settings_.user_name.empty()) {
    std::string text(as_text(password.reveal()));
    mosquitto_username_pw_set(client_.get(), settings_.user_name.c_str(), or_null(text));
    wipe(text);
  }
  return settings_.tls ? set_up_tls() : Result<void>();
}

Result<void> BrokerConnection::set_up_tls() {
  const std::string ca_file = settings_.ca_file.string();
  const std::string certificate = settings_.certificate.string();
  const std::string private_key = settings_.private_key.string();
  if (ca_file.empty()) mosquitto_int_option(client_.get(), MOSQ_OPT_TLS_USE_OS_CERTS, 1);
  int code = ca_file.empty() && certificate.empty()
                 ? MOSQ_ERR_SUCCESS
                 : mosquitto_tls_set(client_.get(), or_null(ca_file), nullptr, or_null(certificate),
                                     or_null(private_key), nullptr);
  // The name of the broker is checked unless that is switched off. "tlsv1.2" allows newer ones too.
  if (code == MOSQ_ERR_SUCCESS) code = mosquitto_tls_opts_set(client_.get(), 1, "tlsv1.2", nullptr);
  if (code == MOSQ_ERR_SUCCESS) return {};
  return invalid(fmt::format("The files for TLS cannot be used: {}", describe(code)));
}

Result<void> BrokerConnection::begin() {
  const int code = mosquitto_connect_async(client_.get(), settings_.host.c_str(), settings_.port, kKeepAlive);
  if (code != MOSQ_ERR_SUCCESS) {
    const std::scoped_lock lock(mutex_);
    return fail(ErrorCode::kUnavailable, fmt::format("{}:{}: {}", settings_.host, settings_.port,
                                                     last_error_.empty() ? describe(code) : last_error_));
  }
  mosquitto_loop_start(client_.get());
  return wait_until([this] { return state_ == State::kUp; });
}

bool BrokerConnection::is_up() const {
  const std::scoped_lock lock(mutex_);
  return state_ == State::kUp && !interrupted_;
}

template <class Done>
Result<void> BrokerConnection::wait_until(const Done& done) {
  std::unique_lock lock(mutex_);
  for (;;) {
    const std::size_t before = progress_;
    const bool in_time = changed_.wait_for(lock, settings_.timeout, [&] {
      return done() || state_ == State::kLost || interrupted_ || progress_ != before;
    });
    if (done()) return {};
    if (interrupted_) return fail(ErrorCode::kUnavailable, "The service is stopping.");
    if (state_ == State::kLost) return fail(ErrorCode::kUnavailable, reason_);
    if (!in_time) {
      state_ = State::kLost;
      reason_ = last_error_.empty() ? "The broker does not answer." : last_error_;
    }
  }
}

Result<int> BrokerConnection::publish(const std::string& topic, std::string_view payload) {
  auto room = wait_until([this] { return state_ == State::kUp && on_the_way_ < kWindow; });
  if (!room) return std::unexpected(room.error());
  {
    const std::scoped_lock lock(mutex_);
    ++on_the_way_;
  }
  int packet_id = 0;
  const int code = mosquitto_publish(client_.get(), &packet_id, topic.c_str(), static_cast<int>(payload.size()),
                                     payload.data(), 1, false);
  if (code == MOSQ_ERR_SUCCESS) return packet_id;
  lose(describe(code));
  return fail(ErrorCode::kUnavailable, describe(code));
}

Result<void> BrokerConnection::wait_for(int packet_id) {
  auto done = wait_until([&] { return acknowledged_.contains(packet_id); });
  if (done) {
    const std::scoped_lock lock(mutex_);
    acknowledged_.erase(packet_id);
  }
  return done;
}

void BrokerConnection::interrupt() {
  const std::scoped_lock lock(mutex_);
  interrupted_ = true;
  changed_.notify_all();
}

void BrokerConnection::lose(std::string reason) {
  const std::scoped_lock lock(mutex_);
  if (state_ != State::kLost) reason_ = std::move(reason);
  state_ = State::kLost;
  changed_.notify_all();
}

void BrokerConnection::on_connect(mosquitto* /*client*/, void* self, int code) {
  auto& connection = *static_cast<BrokerConnection*>(self);
  if (code != 0) return connection.lose(fmt::format("The broker refused: {}", mosquitto_connack_string(code)));
  const std::scoped_lock lock(connection.mutex_);
  if (connection.state_ == State::kConnecting) connection.state_ = State::kUp;
  connection.changed_.notify_all();
}

/// The state does not come back, whatever the library does later.
void BrokerConnection::on_disconnect(mosquitto* /*client*/, void* self, int code) {
  auto& connection = *static_cast<BrokerConnection*>(self);
  std::string said;
  {
    const std::scoped_lock lock(connection.mutex_);
    said = connection.last_error_;
  }
  connection.lose(said.empty() ? fmt::format("The connection was lost: {}", describe(code)) : std::move(said));
}

void BrokerConnection::on_publish(mosquitto* /*client*/, void* self, int packet_id) {
  auto& connection = *static_cast<BrokerConnection*>(self);
  const std::scoped_lock lock(connection.mutex_);
  connection.acknowledged_.insert(packet_id);
  --connection.on_the_way_;
  ++connection.progress_;
  connection.changed_.notify_all();
}

void BrokerConnection::on_log(mosquitto* /*client*/, void* self, int level, const char* text) {
  if (level != MOSQ_LOG_ERR) return;
  auto& connection = *static_cast<BrokerConnection*>(self);
  const std::scoped_lock lock(connection.mutex_);
  connection.last_error_ = text;
}

}  // namespace muster::hub
