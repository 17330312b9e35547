// What webhooks of custom allocation answer: anything is understood or refused, and what is understood says the same
// when it is written down and read again. What is shown of it is always text that JSON takes.
#include <cstdlib>

#include <boost/json/serialize.hpp>

#include "base/bytes.h"
#include "base/text.h"
#include "provisioning/webhook_answer.h"
#include "provisioning/webhook_journal.h"

namespace {

using muster::provisioning::WebhookAnswer;

std::string write(const WebhookAnswer& answer) {
  boost::json::object out{{"iotHubHostName", answer.hub}};
  if (answer.initial_twin) out["initialTwin"] = *answer.initial_twin;
  if (answer.payload) out["payload"] = *answer.payload;
  return boost::json::serialize(out);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body = muster::as_text({data, size});
  if (!muster::is_utf8(muster::provisioning::masked_body(body, {"sesame"}))) std::abort();
  const auto answer = muster::provisioning::read_webhook_answer(body);
  if (!answer) return 0;
  const std::string written = write(*answer);
  if (written.size() > muster::provisioning::kMaxWebhookAnswer) return 0;  // numbers and escapes may grow
  const auto again = muster::provisioning::read_webhook_answer(written);
  if (!again || again->hub != answer->hub || again->initial_twin.has_value() != answer->initial_twin.has_value()) {
    std::abort();
  }
  return 0;
}
