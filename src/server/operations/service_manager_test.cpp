#include "server/operations/service_manager.h"

#include <array>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/temporary_folder.h"

namespace muster::server {
namespace {

using testing::IsEmpty;
using testing::MatchesRegex;

/// What systemd has at its end.
class Receiver {
 public:
  /// Bound to a path, or to an abstract name when it begins with "@".
  explicit Receiver(const std::string& name) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(&address.sun_path, name.data(), name.size());
    if (name.front() == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    bound_ = ::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0;
  }

  [[nodiscard]] bool is_bound() const { return bound_; }

  /// The next message; empty when there is none.
  [[nodiscard]] std::string next() const {
    std::array<char, 512> message{};
    const ssize_t size = ::recv(socket_.get(), message.data(), message.size(), MSG_DONTWAIT);
    return size < 0 ? "" : std::string(message.data(), static_cast<std::size_t>(size));
  }

 private:
  Descriptor socket_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  bool bound_ = false;
};

TEST(ServiceManager, HearsOfEveryTurn) {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "notify").string();
  const Receiver receiver(path);
  ASSERT_TRUE(receiver.is_bound());
  const ServiceManager manager(path);
  manager.ready("Serving");
  EXPECT_EQ(receiver.next(), "READY=1\nSTATUS=Serving\n");
  manager.alive();
  EXPECT_EQ(receiver.next(), "WATCHDOG=1\n");
  manager.reloading();
  EXPECT_THAT(receiver.next(), MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[1-9][0-9]*\n"));
  manager.stopping();
  EXPECT_EQ(receiver.next(), "STOPPING=1\nSTATUS=Stopping\n");
  EXPECT_THAT(receiver.next(), IsEmpty());
}

TEST(ServiceManager, IsReachedByAnAbstractName) {
  const std::string name = "@muster-test-" + std::to_string(::getpid());
  const Receiver receiver(name);
  ASSERT_TRUE(receiver.is_bound());
  ServiceManager(name).alive();
  EXPECT_EQ(receiver.next(), "WATCHDOG=1\n");
}

TEST(ServiceManager, MayBeMissingOrUnreachable) {
  ServiceManager(std::nullopt).ready("");
  ServiceManager("").ready("");
  const TemporaryFolder folder;
  ServiceManager((folder.path() / "nobody").string()).ready("");
  ServiceManager("/" + std::string(200, 'x')).ready("");
  ServiceManager("vsock:2:1").ready("");
}

}  // namespace
}  // namespace muster::server
