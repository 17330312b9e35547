#include <fmt/format.h>

#include "load/device_script.h"
#include "wire/percent.h"

namespace muster::bench {
namespace {

class HttpDevice final : public DeviceScript {
 public:
  using DeviceScript::DeviceScript;

  [[nodiscard]] ReadReply read_reply() const override { return read_http_reply; }

  std::string first_request() override {
    const std::string body = register_body();
    return head("PUT", "register") +
           fmt::format("Content-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\n\r\n", body.size()) +
           body;
  }

 private:
  std::string poll(std::string_view operation) override {
    return head("GET", "operations/" + wire::percent_encode(operation)) + "\r\n";
  }

  [[nodiscard]] std::string head(std::string_view method, std::string_view action) const {
    std::string out = fmt::format(
        "{} /{}/registrations/{}/{}?api-version={} HTTP/1.1\r\nHost: {}\r\nUser-Agent: prov_device_client/1.0\r\n"
        "Accept: application/json\r\nConnection: keep-alive\r\n",
        method, settings().id_scope, registration_id(), action, kApiVersion, settings().host);
    if (!token().empty()) out += fmt::format("Authorization: {}\r\n", token());
    return out;
  }
};

}  // namespace

std::unique_ptr<Script> make_http_device(DeviceFacts facts) {
  return std::make_unique<HttpDevice>(std::move(facts));
}

}  // namespace muster::bench
