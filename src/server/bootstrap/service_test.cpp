#include "server/bootstrap/service.h"

#include <filesystem>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "outbound/curl_client.h"
#include "provisioning/test_world.h"

namespace muster::server {
namespace {

using provisioning::testing::World;

/// "GET /enrollments/{} EnrollmentRead"; "-" for routes on which devices prove themselves.
std::string line_of(const Route& route) {
  const std::string right = route.right ? model::Rights::of({*route.right}).to_string() : "-";
  return fmt::format("{} /{} {}\n", route.method, fmt::join(route.path, "/"), right);
}

class ServiceRoutes : public testing::Test {
 protected:
  World world_;
  outbound::CurlClient outbound_{{}};
  std::unique_ptr<Service> service_ = Service::open({.store = world_.store(),
                                                     .clock = world_.clock,
                                                     .random = world_.random,
                                                     .outbound = outbound_,
                                                     .webhook_http = outbound_,
                                                     .attestation = {},
                                                     .attempts = {},
                                                     .limits = {}})
                                          .value();
  const std::vector<Route>& routes_ = service_->handler().routes();
};

/// The walk of tests/process/test_service_rights.py over every route and every policy reads this list, so a route that
/// is not on it is not tested, and one that asks for another right than the list says is a change of the contract.
TEST_F(ServiceRoutes, AreThoseThatTheTestOfRightsWalks) {
  std::set<std::string> lines;
  for (const Route& route : routes_) lines.insert(line_of(route));
  const std::string actual = fmt::format("{}", fmt::join(lines, ""));
  const auto listed =
      read_file(std::filesystem::path(MUSTER_SOURCE_DIR) / "tests" / "process" / "routes.txt", 64 * 1024);
  ASSERT_TRUE(listed) << listed.error().message;
  EXPECT_EQ(*listed, actual);
}

TEST_F(ServiceRoutes, AllDeclareARightButThoseOfDevices) {
  for (const Route& route : routes_) {
    const bool of_devices = route.path.size() >= 3 && route.path[0] == "{}" && route.path[1] == "registrations";
    EXPECT_EQ(route.right.has_value(), !of_devices) << line_of(route);
  }
}

TEST_F(ServiceRoutes, ChangeNothingWithARightToRead) {
  const std::set<std::string> readers{"EnrollmentRead", "RegistrationStatusRead"};
  for (const Route& route : routes_) {
    if (!route.right || !readers.contains(model::Rights::of({*route.right}).to_string())) continue;
    const bool asks = std::set<std::string>{"query", "dryRun", "export"}.contains(route.path.back());
    EXPECT_TRUE(route.method == "GET" || (route.method == "POST" && asks)) << line_of(route);
  }
}

TEST_F(ServiceRoutes, AreNamedOnce) {
  std::set<std::string> seen;
  for (const Route& route : routes_) {
    EXPECT_TRUE(seen.insert(fmt::format("{} {}", route.method, fmt::join(route.path, "/"))).second) << line_of(route);
  }
}

}  // namespace
}  // namespace muster::server
