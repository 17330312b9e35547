#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "muster/fake_program.h"

namespace muster::cli {
namespace {

using ::testing::HasSubstr;

std::string register_line(const std::string& options) {
  return "device register --id-scope 0ne1 --rid d --symmetric-key AAAA " + options;
}

TEST(DeviceCommands, EachTransportHasItsPort) {
  const Ran mqtt = run_line(register_line("--provisioning-host dps.example.net --transport mqtt"));
  EXPECT_EQ(mqtt.code, 3);
  EXPECT_THAT(mqtt.err, HasSubstr("Cannot reach the fake."));
  EXPECT_EQ(mqtt.opened->service, (HostPort{"dps.example.net", 8883}));
  const Ran web_socket = run_line(register_line("--provisioning-host dps.example.net --transport mqtt-ws"));
  EXPECT_EQ(web_socket.opened->service, (HostPort{"dps.example.net", 443}));
  const Ran other = run_line(register_line("--provisioning-host dps.example.net:1234 --transport mqtt --timeout 7"));
  EXPECT_EQ(other.opened->service, (HostPort{"dps.example.net", 1234}));
  EXPECT_EQ(other.opened->options.timeout, std::chrono::seconds(7));
}

TEST(DeviceCommands, GivesTheWayToTheServiceOn) {
  const Ran ran =
      run_line(register_line("--provisioning-host h --transport mqtt --ca ca.pem --connect-to 127.0.0.1:1"));
  EXPECT_EQ(ran.opened->options.ca_file, "ca.pem");
  EXPECT_EQ(ran.opened->options.connect_to, "127.0.0.1:1");
}

TEST(DeviceCommands, WrongUsageConnectsToNothing) {
  for (const char* options : {"--provisioning-host h --transport coap", "--provisioning-host h:x --transport mqtt"}) {
    const Ran ran = run_line(register_line(options));
    EXPECT_EQ(ran.code, 2) << options;
    EXPECT_FALSE(ran.opened) << options;
  }
}

std::string connect_line(const std::string& options) {
  return "device connect --hub-name hub.example.net --device-id d " + options;
}

TEST(DeviceConnect, GoesToTheHubOverItsTransport) {
  const Ran mqtt = run_line(connect_line("--symmetric-key AAAA"));
  EXPECT_EQ(mqtt.code, 3);
  EXPECT_EQ(mqtt.opened->service, (HostPort{"hub.example.net", 8883}));
  const Ran web_socket = run_line(connect_line("--symmetric-key AAAA --transport mqtt-ws"));
  EXPECT_EQ(web_socket.opened->service, (HostPort{"hub.example.net", 443}));
}

TEST(DeviceConnect, WrongUsageConnectsToNothing) {
  for (const char* options : {"", "--symmetric-key AAAA --transport amqp", "--symmetric-key !",
                              "--symmetric-key AAAA --method-response-payload {", "--certificate c.pem"}) {
    const Ran ran = run_line(connect_line(options));
    EXPECT_EQ(ran.code, 2) << options;
    EXPECT_FALSE(ran.opened) << options;
  }
}

}  // namespace
}  // namespace muster::cli
