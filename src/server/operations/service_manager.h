#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace muster::server {

/// The service manager that started this process, told what becomes of it: the protocol of sd_notify(3), of which one
/// datagram is all there is, so no library is needed.
///
/// What cannot be delivered is logged and forgotten: the service works without being watched.
class ServiceManager {
 public:
  /// `socket` is the value of NOTIFY_SOCKET: a path, or "@" and a name in the abstract name space. None or empty:
  /// nobody wants to be told.
  explicit ServiceManager(std::optional<std::string> socket) : socket_(std::move(socket).value_or("")) {}

  /// Serves, at first or again after reloading(). `status` is one line for people (`systemctl status`).
  void ready(std::string_view status) const;
  /// Reads its configuration or certificates anew; ready() follows, whatever came of it.
  void reloading() const;
  void stopping() const;
  /// To be called more often than WatchdogSec= says, as long as all threads do their work.
  void alive() const;

 private:
  void tell(std::string_view message) const;

  std::string socket_;
};

}  // namespace muster::server
