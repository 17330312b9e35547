#include "server/net/asio_executor.h"

#include <utility>

namespace muster::server {

void AsioExecutor::post(std::move_only_function<void()> work) {
  asio::post(context_, std::move(work));
}

void AsioExecutor::run() {
  const CurrentGuard current(*this);
  context_.run();
}

}  // namespace muster::server
