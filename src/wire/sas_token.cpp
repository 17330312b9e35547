#include "wire/sas_token.h"

#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "wire/percent.h"
#include "wire/split.h"

namespace muster::wire {
namespace {

using std::chrono::seconds;

constexpr std::string_view kScheme = "SharedAccessSignature ";
constexpr std::size_t kMaxTokenLength = 4096;
constexpr std::size_t kMaxExpiryDigits = 18;
constexpr std::size_t kSignatureSize = 32;

std::unexpected<Error> refused(std::string detail) {
  return fail(ErrorCode::kUnauthorized, "Unauthorized", "SAS token: " + std::move(detail));
}

/// The values of the known fields as they stand in the token.
struct Fields {
  std::optional<std::string_view> sr, sig, se, skn;

  std::optional<std::string_view>* find(std::string_view name) {
    if (name == "sr") return &sr;
    if (name == "sig") return &sig;
    if (name == "se") return &se;
    if (name == "skn") return &skn;
    return nullptr;
  }
};

Result<Fields> split_fields(std::string_view text) {
  Fields fields;
  Splitter parts(text, '&');
  while (const auto part = parts.next()) {
    const auto pair = split_pair(*part);
    if (!pair) return refused("a field has no value");
    auto* field = fields.find(pair->first);
    if (field == nullptr) continue;
    if (*field) return refused(fmt::format("field {} is repeated", pair->first));
    *field = pair->second;
  }
  for (std::string_view name : {"sr", "sig", "se"}) {
    if (!*fields.find(name)) return refused(fmt::format("field {} is missing", name));
  }
  return fields;
}

Result<TimePoint> parse_expiry(std::string_view text) {
  if (text.empty() || text.size() > kMaxExpiryDigits) return refused("se must have 1 to 18 digits");
  std::int64_t value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return refused("se is not a number");
    value = value * 10 + (c - '0');
  }
  // Far in the future is as good as never; the seconds may not fit a time in microseconds.
  const auto latest = std::chrono::floor<seconds>(TimePoint::max());
  return TimePoint(std::min(std::chrono::sys_seconds(seconds(value)), latest));
}

Result<Bytes> parse_signature(std::string_view text) {
  const auto base64 = percent_decode(text);
  if (!base64) return refused("sig has a broken percent escape");
  auto signature = from_base64(*base64);
  if (!signature) return refused("sig is not base64");
  if (signature->size() != kSignatureSize) {
    return refused(fmt::format("sig has {} octets, not {}", signature->size(), kSignatureSize));
  }
  return *std::move(signature);
}

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

/// What a peer signs (device-api.md 4.1).
std::string signed_text(std::string_view resource, std::string_view expiry) {
  return fmt::format("{}\n{}", resource, expiry);
}

crypto::Sha256 sign(std::string_view resource, std::string_view expiry, const SecretBytes& key) {
  return crypto::hmac_sha256(key.reveal(), as_bytes(signed_text(resource, expiry)));
}

}  // namespace

Result<SasToken> parse_sas_token(std::string_view text) {
  if (text.size() > kMaxTokenLength) return refused(fmt::format("longer than {} characters", kMaxTokenLength));
  // The scheme is compared without case as HTTP has it (RFC 9110 section 11.1).
  if (!starts_with_nocase(text, kScheme)) return refused("does not begin with SharedAccessSignature and a blank");
  text.remove_prefix(kScheme.size());
  if (!is_printable(text)) return refused("holds a character that is not printable ASCII");

  const auto fields = split_fields(text);
  if (!fields) return std::unexpected(fields.error());
  auto resource = percent_decode(*fields->sr);
  if (!resource || resource->empty()) return refused("sr is empty or has a broken percent escape");
  auto key_name = percent_decode(fields->skn.value_or(std::string_view()));
  if (!key_name) return refused("skn has a broken percent escape");
  const auto expiry = parse_expiry(*fields->se);
  if (!expiry) return std::unexpected(expiry.error());
  auto signature = parse_signature(*fields->sig);
  if (!signature) return std::unexpected(std::move(signature).error());
  return SasToken{.resource_literal = std::string(*fields->sr),
                  .resource = *std::move(resource),
                  .expiry_literal = std::string(*fields->se),
                  .expiry = *expiry,
                  .signature = *std::move(signature),
                  .key_name = *std::move(key_name)};
}

bool signed_by(const SasToken& token, const SecretBytes& key) {
  // Anybody could sign with no key at all.
  if (key.empty()) return false;
  const auto matches = [&](const std::string& resource) {
    return crypto::equal_constant_time(sign(resource, token.expiry_literal, key), token.signature);
  };
  if (matches(token.resource_literal)) return true;
  return token.resource != token.resource_literal && matches(token.resource);
}

bool has_expired(const SasToken& token, TimePoint now, seconds tolerance) {
  // The tolerance is taken from `now`: added to a saturated expiry it would overflow.
  return now - tolerance > token.expiry;
}

std::string make_sas_token(std::string_view resource, const SecretBytes& key, TimePoint expiry,
                           std::string_view key_name) {
  const auto with_key = [&](ByteView text) -> Result<Bytes> {
    const auto digest = crypto::hmac_sha256(key.reveal(), text);
    return Bytes(digest.begin(), digest.end());
  };
  return *sign_sas_token(resource, with_key, expiry, key_name);  // a key at hand signs always
}

Result<std::string> sign_sas_token(std::string_view resource, const SasSigner& signer, TimePoint expiry,
                                   std::string_view key_name) {
  const std::string encoded = percent_encode(resource);
  const std::string end = std::to_string(std::chrono::floor<seconds>(expiry).time_since_epoch().count());
  const auto signature = signer(as_bytes(signed_text(encoded, end)));
  if (!signature) return std::unexpected(signature.error());
  std::string token = fmt::format("{}sr={}&sig={}&se={}", kScheme, encoded, percent_encode(to_base64(*signature)), end);
  if (!key_name.empty()) token += "&skn=" + percent_encode(key_name);
  return token;
}

}  // namespace muster::wire
