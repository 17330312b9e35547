#include "muster/answer.h"

#include <charconv>

#include <fmt/format.h>

#include "base/text.h"
#include "model/json.h"

namespace muster::cli {
namespace {

constexpr int kLeastPause = 1;
constexpr int kMostPause = 300;

ErrorCode code_of(int status) {
  switch (status) {
    case 401:
    case 403:
      return ErrorCode::kUnauthorized;
    case 404:
      return ErrorCode::kNotFound;
    case 409:
      return ErrorCode::kConflict;
    case 412:
      return ErrorCode::kPreconditionFailed;
    case 413:
      return ErrorCode::kTooLarge;
    case 429:
    case 503:
      return ErrorCode::kLimitExceeded;
    default:
      return status >= 500 ? ErrorCode::kInternal : ErrorCode::kInvalidArgument;
  }
}

/// A member as text whether it is a string or a number; empty otherwise.
std::string text_of(const boost::json::object& body, std::string_view member) {
  const auto* value = body.if_contains(member);
  if (value == nullptr) return "";
  if (const auto* text = value->if_string()) return std::string(*text);
  if (const auto* number = value->if_int64()) return std::to_string(*number);
  return "";
}

std::string first_of(const boost::json::object& body, std::initializer_list<std::string_view> members) {
  for (const auto member : members) {
    if (auto text = text_of(body, member); !text.empty()) return text;
  }
  return "";
}

/// The shapes of hubs (hub-api.md 1.8): a text "ErrorCode:NAME;what happened", or JSON once more within the text.
ErrorBody hub_error_body(const std::string& message, const boost::json::object& body) {
  constexpr std::string_view kCode = "ErrorCode:";
  constexpr std::string_view kTracking = "Tracking ID:";
  if (const auto inner = model::parse_json_object(message)) {
    return {.code = text_of(*inner, "errorCode"),
            .message = text_of(*inner, "message"),
            .tracking_id = text_of(*inner, "trackingId")};
  }
  if (!message.starts_with(kCode)) return {.code = {}, .message = message, .tracking_id = {}};
  const auto end = message.find(';');
  ErrorBody out{.code = message.substr(kCode.size(), end == std::string::npos ? end : end - kCode.size()),
                .message = end == std::string::npos ? "" : message.substr(end + 1),
                .tracking_id = {}};
  std::string tracking = text_of(body, "ExceptionMessage");
  if (tracking.starts_with(kTracking)) {
    out.tracking_id = tracking.substr(kTracking.size(), tracking.find("-TimeStamp:") - kTracking.size());
  }
  return out;
}

}  // namespace

ErrorBody error_body_of(const HttpResponse& response) {
  auto parsed = model::parse_json_object(response.body);
  if (!parsed) return {};
  const boost::json::object* body = &*parsed;
  // Azure Resource Manager wraps its errors in one more object.
  if (const auto* inner = body->if_contains("error"); inner != nullptr && inner->is_object())
    body = &inner->get_object();
  if (const std::string message = text_of(*body, "Message"); !message.empty()) return hub_error_body(message, *body);
  return {.code = first_of(*body, {"errorCode", "code"}),
          .message = text_of(*body, "message"),
          .tracking_id = text_of(*body, "trackingId")};
}

Error error_from(const HttpResponse& response) {
  const ErrorBody body = error_body_of(response);
  std::string message = body.code.empty() ? fmt::format("HTTP {}", response.status) : body.code;
  if (!body.message.empty()) message += " " + body.message;
  if (!body.tracking_id.empty()) message += fmt::format(" (tracking id {})", body.tracking_id);
  return {code_of(response.status), std::move(message)};
}

Result<boost::json::value> json_from(const HttpResponse& response) {
  if (!response.success()) return std::unexpected(error_from(response));
  if (trim(response.body).empty()) return boost::json::value();
  auto parsed = model::parse_json(response.body);
  if (!parsed)
    return fail(ErrorCode::kInternal, "The service sent an answer that is not JSON.", parsed.error().message);
  return parsed;
}

std::chrono::seconds retry_after(const HttpResponse& response, std::chrono::seconds fallback) {
  const auto text = response.header("Retry-After");
  if (!text) return fallback;
  int seconds = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seconds);
  const bool whole = error == std::errc() && end == text->data() + text->size();
  return whole && seconds >= kLeastPause && seconds <= kMostPause ? std::chrono::seconds(seconds) : fallback;
}

}  // namespace muster::cli
