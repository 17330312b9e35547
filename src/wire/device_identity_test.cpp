#include "wire/device_identity.h"

#include <gtest/gtest.h>

namespace muster::wire {
namespace {

TEST(DeviceUserName, IsReadAsClientsWriteIt) {
  const DeviceIdentity expected{"0ne00111111", "dev-1", "2019-03-31"};
  for (const char* user_name : {
           "0ne00111111/registrations/dev-1/api-version=2019-03-31",
           "0ne00111111/registrations/dev-1/api-version=2019-03-31&ClientVersion=example%2F1.0",
           "0ne00111111/registrations/dev-1/ClientVersion=a/b&api-version=2019-03-31",
           "0ne00111111/Registrations/dev-1/?api-version=2019-03-31&x&y=",
       }) {
    EXPECT_EQ(parse_device_user_name(user_name).value(), expected) << user_name;
  }
  EXPECT_EQ(parse_device_user_name("s/registrations/a%3Ab").value(), (DeviceIdentity{"s", "a:b"}));
}

TEST(DeviceUserName, AnotherFormIsRefused) {
  for (const char* user_name : {"", "a", "a/b/c/api-version=1", "/registrations/x/api-version=1", "s/registrations/",
                                "s/registrations//api-version=1", "s/registrations/a%2Fb/api-version=1",
                                "s/registrations/a%zz/api-version=1", "s/registrations/a/api-version=%zz"}) {
    EXPECT_FALSE(parse_device_user_name(user_name)) << user_name;
  }
}

TEST(DeviceUserName, IsMadeAsItIsRead) {
  const DeviceIdentity identity{"0ne00111111", "dev:1", "2021-06-01"};
  const std::string user_name = device_user_name(identity, "muster/1.0");
  EXPECT_EQ(user_name, "0ne00111111/registrations/dev:1/api-version=2021-06-01&ClientVersion=muster%2F1.0");
  EXPECT_EQ(parse_device_user_name(user_name), identity);
}

TEST(DeviceAddress, IsReadWithAndWithoutSchemeAndHost) {
  for (const char* address : {"0ne00111111/registrations/dev-1", "/0ne00111111/registrations/dev-1",
                              "amqps://global.example.net/0ne00111111/registrations/dev-1",
                              "amqps://h:5671/0ne00111111/registrations/dev-1"}) {
    EXPECT_EQ(parse_device_address(address).value(), (DeviceIdentity{"0ne00111111", "dev-1"})) << address;
  }
  for (const char* address : {"", "/", "dev-1", "s/registrations", "s/registrations/d/more", "//s/registrations/d",
                              "amqps://s/registrations/d"}) {
    const auto parsed = parse_device_address(address);
    EXPECT_FALSE(parsed && parsed->id_scope == "s" && parsed->registration_id == "d") << address;
  }
}

TEST(DeviceIdentity, IsComparedWithoutCase) {
  EXPECT_TRUE(same_device({"0NE", "Dev-1"}, {"0ne", "dev-1", "2019-03-31"}));
  EXPECT_FALSE(same_device({"0ne", "dev-1"}, {"0ne", "dev-2"}));
  EXPECT_FALSE(same_device({"0ne", "dev-1"}, {"0nf", "dev-1"}));
}

}  // namespace
}  // namespace muster::wire
