#include "outbound/transfer.h"

#include <new>

#include <fmt/format.h>

#include "base/text.h"

namespace muster::outbound {
namespace {

std::string_view authority_of(std::string_view url) {
  const auto start = url.find("://");
  if (start == std::string_view::npos) return url;
  url.remove_prefix(start + 3);
  return url.substr(0, url.find('/'));
}

}  // namespace

Transfer::List Transfer::append(List list, const std::string& text) {
  curl_slist* grown = curl_slist_append(list.get(), text.c_str());
  if (grown == nullptr) throw std::bad_alloc();
  static_cast<void>(list.release());
  return List(grown);
}

/// Called by libcurl; returning another count than it got ends the transfer.
std::size_t Transfer::take_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  std::string& body = transfer.response_.body;
  const std::size_t length = size * count;
  if (body.size() + length > transfer.options_.max_response) return 0;
  body.append(data, length);
  return length;
}

std::size_t Transfer::take_header(char* data, std::size_t size, std::size_t count, void* user) {
  HttpHeaders& headers = static_cast<Transfer*>(user)->response_.headers;
  const std::string_view line = trim({data, size * count});
  if (line.starts_with("HTTP/")) {
    headers.clear();  // an interim answer (100 Continue) came before
  } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
    headers.emplace_back(line.substr(0, colon), trim(line.substr(colon + 1)));
  }
  return size * count;
}

Transfer::Transfer(CURL* handle, const HttpOptions& options, HttpRequest request)
    : handle_(handle), options_(options), request_(std::move(request)) {
  curl_easy_reset(handle_);  // keeps the connections
  set_transport();
  set_request();
}

Transfer::~Transfer() {
  curl_easy_setopt(handle_, CURLOPT_ERRORBUFFER, nullptr);
}

void Transfer::set_transport() {
  curl_easy_setopt(handle_, CURLOPT_PROTOCOLS_STR, "https");
  curl_easy_setopt(handle_, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(handle_, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
  curl_easy_setopt(handle_, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(handle_, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(handle_, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle_, CURLOPT_NOSIGNAL, 1L);
  const auto timeout = request_.timeout.count() > 0 ? request_.timeout : options_.timeout;
  curl_easy_setopt(handle_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
  curl_easy_setopt(handle_, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
  if (!options_.ca_file.empty()) {
    curl_easy_setopt(handle_, CURLOPT_CAINFO, options_.ca_file.c_str());
    // libcurl looks into the system's folder besides the file unless told otherwise.
    if (!options_.trust_system) curl_easy_setopt(handle_, CURLOPT_CAPATH, nullptr);
  }
  if (!options_.certificate.empty()) {
    curl_easy_setopt(handle_, CURLOPT_SSLCERT, options_.certificate.c_str());
    curl_easy_setopt(handle_, CURLOPT_SSLKEY, options_.private_key.c_str());
  }
  for (const std::string& entry : options_.connect_to) connect_to_ = append(std::move(connect_to_), entry);
  curl_easy_setopt(handle_, CURLOPT_CONNECT_TO, connect_to_.get());
}

void Transfer::set_request() {
  headers_ = append(List(), "Expect:");  // bodies are small: no round trip for 100 Continue
  for (const auto& [name, value] : request_.headers) headers_ = append(std::move(headers_), name + ": " + value);
  curl_easy_setopt(handle_, CURLOPT_HTTPHEADER, headers_.get());
  curl_easy_setopt(handle_, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(handle_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  if (!request_.body.empty() || request_.method == "PUT" || request_.method == "POST") {
    curl_easy_setopt(handle_, CURLOPT_POSTFIELDS, request_.body.c_str());
    curl_easy_setopt(handle_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
  }
  curl_easy_setopt(handle_, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(handle_, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(handle_, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(handle_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(handle_, CURLOPT_ERRORBUFFER, reason_.data());
}

Result<HttpResponse> Transfer::take(CURLcode outcome) {
  if (outcome != CURLE_OK) return std::unexpected(describe(outcome));
  long status = 0;
  curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
  response_.status = static_cast<int>(status);
  return std::move(response_);
}

Error Transfer::describe(CURLcode code) const {
  const std::string_view text = reason_[0] != '\0' ? reason_.data() : curl_easy_strerror(code);
  const std::string_view host = authority_of(request_.url);
  switch (code) {
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
      return {ErrorCode::kUnsupported, fmt::format("Cannot use the certificate, key or CA file: {}", text)};
    case CURLE_PEER_FAILED_VERIFICATION:
      return {ErrorCode::kUnavailable,
              fmt::format("The certificate of {} is not trusted: {}{}", host, text, options_.untrusted_hint)};
    case CURLE_WRITE_ERROR:
      return {ErrorCode::kUnavailable,
              fmt::format("The answer of {} is larger than {} octets.", host, options_.max_response)};
    default:
      return {ErrorCode::kUnavailable, fmt::format("Cannot reach {}: {}", host, text)};
  }
}

}  // namespace muster::outbound
