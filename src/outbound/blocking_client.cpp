#include "outbound/blocking_client.h"

#include <stdexcept>
#include <utility>

#include "outbound/transfer.h"

namespace muster::outbound {

void BlockingClient::Close::operator()(void* handle) const {
  curl_easy_cleanup(handle);
}

BlockingClient::BlockingClient(HttpOptions options) : options_(std::move(options)), handle_(curl_easy_init()) {
  if (!handle_) throw std::runtime_error("libcurl cannot start");
}

Result<HttpResponse> BlockingClient::send(const HttpRequest& request) {
  Transfer transfer(handle_.get(), options_, request);
  return transfer.take(curl_easy_perform(transfer.handle()));
}

}  // namespace muster::outbound
