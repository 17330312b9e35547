// What devices tell a hub before anything is proved or stored: user names and topics. Any text is understood or
// refused, and what a device writes of what it has read is read the same way again.
#include <cstdlib>

#include "base/bytes.h"
#include "wire/hub_identity.h"
#include "wire/hub_topic.h"

namespace {

using namespace muster::wire;

void read_user_name(std::string_view text) {
  const auto identity = parse_hub_user_name(text);
  if (!identity) return;
  const auto again = parse_hub_user_name(hub_user_name(*identity));
  if (!again || !(*again == *identity)) std::abort();
}

void read_topics(std::string_view text) {
  if (const auto topic = parse_device_topic(text)) {
    const auto* answer = std::get_if<MethodAnswerTopic>(&*topic);
    if (answer != nullptr && !parse_device_topic(method_answer_topic(answer->status, answer->request_id))) std::abort();
  }
  if (const auto topic = parse_hub_topic(text, "pump-1")) {
    const auto* call = std::get_if<MethodCallTopic>(&*topic);
    if (call != nullptr && parse_hub_topic(method_topic(call->name, call->request_id), "pump-1") != *topic) {
      std::abort();
    }
    const auto* message = std::get_if<MessageTopic>(&*topic);
    if (message != nullptr && parse_hub_topic(message_topic("pump-1", message->properties), "pump-1") != *topic) {
      std::abort();
    }
  }
  const auto filter = hub_filter(text, "pump-1");
  if (filter && text_of(*filter, "pump-1") != text) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = muster::as_text({data, size});
  read_user_name(text);
  read_topics(text);
  return 0;
}
