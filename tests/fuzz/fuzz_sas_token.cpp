// Shared access signatures and connection strings: total parsers, and what they accept survives being used.
#include <cstdlib>

#include "wire/connection_string.h"
#include "wire/sas_token.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = muster::as_text({data, size});
  if (const auto token = muster::wire::parse_sas_token(text)) {
    if (token->signature.size() != 32 || token->resource.empty()) std::abort();
    // Nobody may sign without a key.
    if (muster::wire::signed_by(*token, muster::SecretBytes())) std::abort();
    (void)muster::wire::signed_by(*token, muster::SecretBytes(muster::Bytes(16, 1)));
    (void)muster::wire::has_expired(*token, muster::TimePoint(), std::chrono::minutes(5));
  }
  if (const auto value = muster::wire::parse_connection_string(text)) {
    const auto again = muster::wire::parse_connection_string(muster::wire::format_connection_string(*value));
    if (!again || again->host_name != value->host_name || !(again->key == value->key)) std::abort();
  }
  return 0;
}
