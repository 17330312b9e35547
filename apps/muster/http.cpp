#include "muster/http.h"

#include <memory>
#include <utility>

#include "outbound/blocking_client.h"
#include "outbound/connect_to.h"

namespace muster::cli {

HttpSend make_http_send(const HttpClientOptions& options) {
  outbound::HttpOptions http{.ca_file = options.ca_file,
                             .certificate = options.certificate,
                             .private_key = options.private_key,
                             .connect_timeout = options.connect_timeout,
                             .timeout = options.timeout,
                             .untrusted_hint = " (name its CA with --ca)"};
  if (!options.connect_to.empty()) http.connect_to = {outbound::connect_everything_to(options.connect_to)};
  return [client = std::make_shared<outbound::BlockingClient>(std::move(http))](const HttpRequest& request) {
    return client->send(request);
  };
}

}  // namespace muster::cli
