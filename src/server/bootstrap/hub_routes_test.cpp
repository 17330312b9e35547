#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "outbound/curl_client.h"
#include "provisioning/test_world.h"
#include "server/bootstrap/service.h"
#include "wire/sas_token.h"

namespace muster::server {
namespace {

using provisioning::testing::World;

const std::string kHub = "hub-a.test";

/// "GET /devices RegistryRead"; several rights, any of which will do, with a bar between them.
std::string line_of(const HubRoute& route) {
  std::set<std::string> rights;
  for (const model::HubRight right : route.rights) rights.insert(model::HubRights::of({right}).to_string());
  // Writing implies reading, which the text of a set tells.
  if (rights.erase("RegistryRead, RegistryWrite") > 0) rights.insert("RegistryWrite");
  return fmt::format("{} /{} {}\n", route.method, fmt::join(route.path, "/"), fmt::join(rights, "|"));
}

class HubRoutes : public testing::Test {
 protected:
  HubRoutes() {
    world_.must(world_.store().change_instance(
        world_.instance(), [this](const model::InstanceConfig* current) -> Result<model::InstanceConfig> {
          model::InstanceConfig next = *current;
          next.complete_hub_policies(world_.random);
          return next;
        }));
    service_ = Service::open({.store = world_.store(),
                              .clock = world_.clock,
                              .random = world_.random,
                              .outbound = outbound_,
                              .webhook_http = outbound_,
                              .attestation = {},
                              .attempts = {},
                              .limits = {}})
                   .value();
  }

  /// Of a request that names nothing that is there.
  int status(const HubRoute& route, const model::HubPolicy& policy) {
    std::string target;
    for (const std::string& segment : route.path) target += "/" + (segment == "{}" ? "nothing-here" : segment);
    HttpRequest request{.method = route.method,
                        .target = target + "?api-version=2021-04-12",
                        .headers = {{"Host", kHub}},
                        .body = "{}",
                        .peer_address = "192.0.2.1",
                        .client = std::nullopt};
    const auto token =
        wire::make_sas_token(kHub, policy.primary_key, world_.clock.now() + std::chrono::hours(1), policy.name);
    request.headers.emplace_back("Authorization", token);
    return wait_for(service_->http().handle(request)).status;
  }

  World world_;
  outbound::CurlClient outbound_{{}};
  std::unique_ptr<Service> service_;
};

/// tests/process/test_hub_service.py walks over the same list with bad tokens.
TEST_F(HubRoutes, AreThoseOfTheList) {
  std::set<std::string> lines;
  for (const HubRoute& route : service_->hub_handler().routes()) lines.insert(line_of(route));
  const auto listed =
      read_file(std::filesystem::path(MUSTER_SOURCE_DIR) / "tests" / "process" / "hub_routes.txt", 64 * 1024);
  ASSERT_TRUE(listed) << listed.error().message;
  EXPECT_EQ(*listed, fmt::format("{}", fmt::join(lines, "")));
}

/// hub-api.md 1.2. The owner opens everything, the others exactly what their rights are for.
TEST_F(HubRoutes, EveryDefaultPolicyOpensExactlyThoseItHasRightsFor) {
  const std::map<std::string, std::set<std::string>> kRights{
      {"iothubowner", {"RegistryRead", "RegistryWrite", "ServiceConnect", "DeviceConnect"}},
      {"service", {"ServiceConnect"}},
      {"device", {"DeviceConnect"}},
      {"registryRead", {"RegistryRead"}},
      {"registryReadWrite", {"RegistryRead", "RegistryWrite"}}};
  const auto config = world_.config();
  const auto& policies = config->hub_policies.at(kHub);
  ASSERT_EQ(policies.size(), kRights.size());
  for (const model::HubPolicy& policy : policies) {
    const auto& rights = kRights.at(policy.name);
    for (const HubRoute& route : service_->hub_handler().routes()) {
      const std::string line = line_of(route);
      const bool opens = std::ranges::any_of(
          rights, [&](const std::string& right) { return line.substr(line.rfind(' ')).contains(right); });
      const int answer = status(route, policy);
      const std::set<int> usual = opens ? std::set{200, 400, 404} : std::set{401};
      EXPECT_TRUE(usual.contains(answer)) << policy.name << ": " << answer << " " << line;
    }
  }
}

/// device-api.md 3: their path is compared without case, whatever host they name.
TEST_F(HubRoutes, RegistrationsAreProvisioningsInAnyCase) {
  const std::string scope = world_.config()->instance.id_scope;
  for (const char* word : {"registrations", "Registrations", "REGISTRATIONS"}) {
    const HttpRequest request{.method = "PUT",
                              .target = fmt::format("/{}/{}/d/register?api-version=2021-06-01", scope, word),
                              .headers = {{"Host", kHub}},
                              .body = "{}",
                              .peer_address = "192.0.2.1",
                              .client = std::nullopt};
    EXPECT_EQ(wait_for(service_->http().handle(request)).status, 401) << word;
  }
}

}  // namespace
}  // namespace muster::server
