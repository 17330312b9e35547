#pragma once

#include <array>
#include <memory>

#include <curl/curl.h>

#include "outbound/http.h"

namespace muster::outbound {

/// One request on its way over libcurl: HTTPS with TLS 1.2 or newer, certificate and name of the server always
/// verified.
///
/// Lifecycle: made, handle() performed once by whoever made it, take() called with the outcome. The handle points to
/// the transfer, which therefore stays where it is; the handle may be used for another transfer afterwards and keeps
/// its connections.
class Transfer {
 public:
  Transfer(CURL* handle, const HttpOptions& options, HttpRequest request);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;
  ~Transfer();

  [[nodiscard]] CURL* handle() const { return handle_; }

  /// The answer, or why there is none: kUnavailable, or kUnsupported when a certificate, key or CA file of the options
  /// cannot be used for TLS.
  Result<HttpResponse> take(CURLcode outcome);

 private:
  struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };
  using List = std::unique_ptr<curl_slist, FreeList>;

  static List append(List list, const std::string& text);
  static std::size_t take_body(char* data, std::size_t size, std::size_t count, void* user);
  static std::size_t take_header(char* data, std::size_t size, std::size_t count, void* user);
  static curl_socket_t open_socket(void* user, curlsocktype purpose, curl_sockaddr* address);
  void set_transport();
  void set_request();
  [[nodiscard]] bool connected(CURLcode code) const;
  [[nodiscard]] Error describe(CURLcode code) const;

  CURL* handle_;
  const HttpOptions& options_;
  HttpRequest request_;
  List headers_;
  List connect_to_;
  HttpResponse response_;
  bool refused_ = false;  ///< an address that the name resolves to is none to connect to
  std::array<char, CURL_ERROR_SIZE> reason_{};
};

}  // namespace muster::outbound
