#include "outbound/transfer.h"

#include <algorithm>
#include <cstring>
#include <new>

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/text.h"

namespace muster::outbound {
namespace {

std::string_view authority_of(std::string_view url) {
  const auto start = url.find("://");
  if (start == std::string_view::npos) return url;
  url.remove_prefix(start + 3);
  return url.substr(0, url.find_first_of("/?#"));
}

/// nullopt for what is no address of the internet.
std::optional<IpAddress> address_of(const sockaddr& socket_address) {
  IpAddress out{};
  if (socket_address.sa_family == AF_INET6) {
    sockaddr_in6 six{};
    std::memcpy(&six, &socket_address, sizeof(six));
    std::memcpy(out.data(), &six.sin6_addr, out.size());
    return out;
  }
  if (socket_address.sa_family != AF_INET) return std::nullopt;
  sockaddr_in four{};
  std::memcpy(&four, &socket_address, sizeof(four));
  constexpr std::size_t kPrefix = 12;  // ::ffff:a.b.c.d
  out[kPrefix - 2] = out[kPrefix - 1] = 0xff;
  std::memcpy(out.data() + kPrefix, &four.sin_addr, sizeof(four.sin_addr));
  return out;
}

bool lies_in(const IpAddress& address, const IpNetwork& network) {
  return network_of(address, network.bits) == network;
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

/// Called by libcurl for every connection it is about to make, after the name was resolved: so no name can lead to an
/// address that is not to be reached, not even one that resolves differently each time.
curl_socket_t Transfer::open_socket(void* user, curlsocktype /*purpose*/, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(user);
  const auto peer = address_of(address->addr);
  const auto holds = [&peer](const IpNetwork& network) { return lies_in(*peer, network); };
  if (!peer || std::ranges::any_of(transfer.options_.refused_networks, holds)) {
    transfer.refused_ = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
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
  if (!options_.refused_networks.empty()) {
    curl_easy_setopt(handle_, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(handle_, CURLOPT_OPENSOCKETDATA, this);
  }
  for (const std::string& entry : options_.connect_to) connect_to_ = append(std::move(connect_to_), entry);
  curl_easy_setopt(handle_, CURLOPT_CONNECT_TO, connect_to_.get());
}

void Transfer::set_request() {
  headers_ = append(List(), "Expect:");  // bodies are small: no round trip for 100 Continue
  // What a body is says the caller; libcurl would call it a form. A header without a value ends with a semicolon.
  headers_ = append(std::move(headers_), "Content-Type:");
  for (const auto& [name, value] : request_.headers) {
    headers_ = append(std::move(headers_), value.empty() ? name + ";" : name + ": " + value);
  }
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

/// Whether a connection stood, with TLS, so that the peer may have got the request.
bool Transfer::connected(CURLcode code) const {
  if (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_CONNECT) return false;
  if (code != CURLE_OPERATION_TIMEDOUT) return true;
  curl_off_t connect_time = 0;
  curl_easy_getinfo(handle_, CURLINFO_CONNECT_TIME_T, &connect_time);
  return connect_time > 0;
}

Error Transfer::describe(CURLcode code) const {
  const std::string_view text = reason_[0] != '\0' ? reason_.data() : curl_easy_strerror(code);
  const std::string_view host = authority_of(request_.url);
  if (refused_ && !connected(code)) {
    return {ErrorCode::kUnavailable, fmt::format("{} is at an address that may not be connected to.", host)};
  }
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
      return {ErrorCode::kUnavailable, fmt::format("Cannot reach {}: {}", host, text),
              connected(code) ? std::string() : std::string(kNotConnected)};
  }
}

}  // namespace muster::outbound
