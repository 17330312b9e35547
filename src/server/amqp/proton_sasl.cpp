#include "server/amqp/proton_sasl.h"

#include <utility>

#include <proton/sasl.h>
#include <proton/sasl_plugin.h>

namespace muster::server::amqp {
namespace {

ProtonSasl& sasl_of(pn_transport_t* transport) {
  return *static_cast<ProtonSasl*>(pnx_sasl_get_context(transport));
}

Bytes copy(const pn_bytes_t* octets) {
  if (octets == nullptr || octets->start == nullptr) return {};
  return {octets->start, octets->start + octets->size};
}

void nothing(pn_transport_t* /*transport*/) {
}
const char* list_mechanisms(pn_transport_t* transport) {
  return sasl_of(transport).mechanisms().c_str();
}
bool init_server(pn_transport_t* transport) {
  pnx_sasl_set_desired_state(transport, SASL_POSTED_MECHANISMS);
  return true;
}
void process_init(pn_transport_t* transport, const char* mechanism, const pn_bytes_t* response) {
  sasl_of(transport).listener().sasl_input(mechanism == nullptr ? "" : mechanism, copy(response));
}
void process_response(pn_transport_t* transport, const pn_bytes_t* response) {
  sasl_of(transport).listener().sasl_input(std::nullopt, copy(response));
}
bool no_encryption(pn_transport_t* /*transport*/) {
  return false;
}

/// The functions of a client and of a security layer are never called.
constexpr pnx_sasl_implementation kPlugin{.free = nothing,
                                          .list_mechanisms = list_mechanisms,
                                          .init_server = init_server,
                                          .init_client = nullptr,
                                          .prepare_write = nothing,
                                          .process_init = process_init,
                                          .process_response = process_response,
                                          .process_mechanisms = nullptr,
                                          .process_challenge = nullptr,
                                          .process_outcome = nullptr,
                                          .can_encrypt = no_encryption,
                                          .max_encrypt_size = nullptr,
                                          .encode = nullptr,
                                          .decode = nullptr};

}  // namespace

ProtonSasl::ProtonSasl(pn_transport_t* transport, const std::vector<std::string>& mechanisms, SaslListener& listener)
    : transport_(transport), listener_(listener) {
  for (const std::string& each : mechanisms) mechanisms_ += (mechanisms_.empty() ? "" : " ") + each;
  pn_sasl(transport);
  pnx_sasl_set_implementation(transport, &kPlugin, this);
}

void ProtonSasl::challenge(ByteView octets) {
  challenge_.assign(octets.begin(), octets.end());
  pnx_sasl_set_bytes_out(transport_, pn_bytes(challenge_.size(), reinterpret_cast<const char*>(challenge_.data())));
  pnx_sasl_set_desired_state(transport_, SASL_POSTED_CHALLENGE);
}

void ProtonSasl::outcome(bool accepted) {
  pnx_sasl_set_bytes_out(transport_, pn_bytes(0, nullptr));
  if (accepted) {
    pnx_sasl_set_succeeded(transport_, "", nullptr);
  } else {
    pnx_sasl_set_failed(transport_);
  }
  pnx_sasl_set_desired_state(transport_, SASL_POSTED_OUTCOME);
}

}  // namespace muster::server::amqp
