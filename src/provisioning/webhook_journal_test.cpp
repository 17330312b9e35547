#include "provisioning/webhook_journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::provisioning {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

WebhookExchange about(std::string device) {
  WebhookExchange out;
  out.registration_id = std::move(device);
  return out;
}

std::vector<std::string> devices(const std::vector<WebhookExchange>& exchanges) {
  std::vector<std::string> out;
  for (const auto& each : exchanges) out.push_back(each.registration_id);
  return out;
}

TEST(WebhookJournal, KeepsTheNewestOfEachWebhook) {
  WebhookJournal journal(2);
  for (const char* device : {"a", "b", "c"}) journal.add("i", "https://busy", about(device));
  journal.add("i", "https://quiet", about("d"));
  journal.add("other", "https://busy", about("e"));
  EXPECT_THAT(devices(journal.list("i", "", 10)), ElementsAre("d", "c", "b"));
  EXPECT_THAT(devices(journal.list("i", "", 1)), ElementsAre("d"));
  EXPECT_THAT(devices(journal.list("i", "C", 10)), ElementsAre("c"));
  EXPECT_THAT(devices(journal.list("other", "", 10)), ElementsAre("e"));
}

TEST(WebhookJournal, MayKeepNothing) {
  WebhookJournal journal(0);
  journal.add("i", "https://h", about("a"));
  EXPECT_TRUE(journal.list("i", "", 10).empty());
}

TEST(MaskedBody, HidesWhatIsNamedAsSecretsAreAndWhatIsKnown) {
  const std::string shown = masked_body(
      R"({"payload":{"apiKey":"k1","Password":"p1","model":"pump","list":[{"token":"t1"}]},"symmetricKey":{},)"
      R"("customAllocationDefinition":{"webhookUrl":"https://h/x?code=abcd"},"echo":"it was abcd"})",
      {"abcd"});
  for (const char* secret : {"k1", "p1", "t1", "abcd"}) EXPECT_THAT(shown, Not(HasSubstr(secret)));
  EXPECT_THAT(shown, HasSubstr(R"("model":"pump")"));
  EXPECT_THAT(shown, HasSubstr(R"("symmetricKey":{})"));
}

TEST(MaskedBody, IsShortAndReadableWhateverCame) {
  EXPECT_EQ(masked_body("error \xff for abcd", {"abcd"}), "error ? for ***");
  const std::string cut = masked_body(std::string(100'000, 'x'), {});
  EXPECT_LT(cut.size(), 9000U);
  EXPECT_THAT(cut, HasSubstr("(cut)"));
}

}  // namespace
}  // namespace muster::provisioning
