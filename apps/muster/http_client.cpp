#include "muster/http_client.h"

#include <array>
#include <stdexcept>

#include <curl/curl.h>
#include <fmt/format.h>

#include "base/text.h"

namespace muster::cli {
namespace {

constexpr std::size_t kMaxResponse = 16UL * 1024 * 1024;

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, FreeList>;

List append(List list, const std::string& text) {
  curl_slist* grown = curl_slist_append(list.get(), text.c_str());
  if (grown == nullptr) throw std::bad_alloc();
  static_cast<void>(list.release());
  return List(grown);
}

/// Called by libcurl; returning another count than it got ends the transfer.
std::size_t take_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& response = *static_cast<HttpResponse*>(user);
  const std::size_t length = size * count;
  if (response.body.size() + length > kMaxResponse) return 0;
  response.body.append(data, length);
  return length;
}

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* user) {
  auto& response = *static_cast<HttpResponse*>(user);
  const std::string_view line = trim({data, size * count});
  if (line.starts_with("HTTP/")) {
    response.headers.clear();  // an interim answer (100 Continue) came before
  } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
    response.headers.emplace_back(line.substr(0, colon), trim(line.substr(colon + 1)));
  }
  return size * count;
}

void set_transport(CURL* curl, const HttpClientOptions& options) {
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout.count()));
  if (!options.ca_file.empty()) {
    curl_easy_setopt(curl, CURLOPT_CAINFO, options.ca_file.c_str());
    curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);  // exactly the file, not the system's folder besides
  }
  if (!options.certificate.empty()) {
    curl_easy_setopt(curl, CURLOPT_SSLCERT, options.certificate.c_str());
    curl_easy_setopt(curl, CURLOPT_SSLKEY, options.private_key.c_str());
  }
}

void set_request(CURL* curl, const HttpRequest& request, curl_slist* headers) {
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  if (!request.body.empty() || request.method == "PUT" || request.method == "POST") {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.c_str());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  }
}

std::string_view authority_of(std::string_view url) {
  const auto start = url.find("://");
  if (start == std::string_view::npos) return url;
  url.remove_prefix(start + 3);
  return url.substr(0, url.find('/'));
}

Error describe(CURLcode code, const char* reason, const HttpRequest& request) {
  const std::string_view text = *reason != '\0' ? reason : curl_easy_strerror(code);
  switch (code) {
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
      return {ErrorCode::kUnsupported, fmt::format("Cannot use the certificate, key or CA file: {}", text)};
    case CURLE_PEER_FAILED_VERIFICATION:
      return {ErrorCode::kUnavailable, fmt::format("The certificate of {} is not trusted: {} (name its CA with --ca)",
                                                   authority_of(request.url), text)};
    case CURLE_WRITE_ERROR:
      return {ErrorCode::kUnavailable,
              fmt::format("The answer of {} is larger than {} octets.", authority_of(request.url), kMaxResponse)};
    default:
      return {ErrorCode::kUnavailable, fmt::format("Cannot reach {}: {}", authority_of(request.url), text)};
  }
}

}  // namespace

void HttpClient::Close::operator()(void* handle) const {
  curl_easy_cleanup(handle);
}

HttpClient::HttpClient(const HttpClientOptions& options) : options_(options), handle_(curl_easy_init()) {
  if (!handle_) throw std::runtime_error("libcurl cannot start");
}

Result<HttpResponse> HttpClient::send(const HttpRequest& request) {
  CURL* curl = handle_.get();
  curl_easy_reset(curl);  // keeps the connection
  set_transport(curl, options_);

  const std::string entry = connect_to_entry(options_.connect_to);
  const List connect_to = entry.empty() ? List() : append(List(), entry);
  curl_easy_setopt(curl, CURLOPT_CONNECT_TO, connect_to.get());

  List headers = append(List(), "Expect:");  // bodies are small: no round trip for 100 Continue
  for (const auto& [name, value] : request.headers) headers = append(std::move(headers), name + ": " + value);
  set_request(curl, request, headers.get());

  HttpResponse response;
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &response);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &response);
  std::array<char, CURL_ERROR_SIZE> reason{};
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason.data());

  const CURLcode code = curl_easy_perform(curl);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, nullptr);
  if (code != CURLE_OK) return std::unexpected(describe(code, reason.data(), request));
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  response.status = static_cast<int>(status);
  return response;
}

HttpSend make_http_send(const HttpClientOptions& options) {
  return [client = std::make_shared<HttpClient>(options)](const HttpRequest& request) { return client->send(request); };
}

std::string connect_to_entry(std::string_view address) {
  if (address.empty()) return "";
  const auto bracket = address.rfind(']');
  const auto colon = address.find(':', bracket == std::string_view::npos ? 0 : bracket);
  const bool has_port = colon != std::string_view::npos;
  return fmt::format("::{}{}", address, has_port ? "" : ":");
}

}  // namespace muster::cli
