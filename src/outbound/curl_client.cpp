#include "outbound/curl_client.h"

#include <functional>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <unordered_map>
#include <utility>

#include "outbound/transfer.h"

namespace muster::outbound {
namespace {

constexpr int kPollMs = 1000;
constexpr std::size_t kMaxIdleHandles = 64;

using Complete = std::move_only_function<void(Result<HttpResponse>)>;

struct CloseEasy {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using EasyHandle = std::unique_ptr<CURL, CloseEasy>;

struct Waiting {
  HttpRequest request;
  Complete complete;
};

/// A request under way. The transfer goes before the handle that points to it.
struct Running {
  EasyHandle handle;
  std::unique_ptr<Transfer> transfer;
  Complete complete;
};

}  // namespace

class CurlClient::Loop {
 public:
  explicit Loop(HttpOptions options) : options_(std::move(options)), multi_(curl_multi_init()) {
    if (multi_ == nullptr) throw std::runtime_error("libcurl cannot start");
    curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(options_.max_connections_per_host));
    thread_ = std::thread([this] { run(); });
  }

  ~Loop() {
    stop();
    idle_.clear();
    curl_multi_cleanup(multi_);
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void add(HttpRequest request, Complete complete) {
    {
      const std::scoped_lock lock(mutex_);
      if (!stopping_) waiting_.push_back({std::move(request), std::exchange(complete, nullptr)});
    }
    if (complete) {
      complete(stopped());
    } else {
      curl_multi_wakeup(multi_);
    }
  }

  void stop() {
    {
      const std::scoped_lock lock(mutex_);
      stopping_ = true;
    }
    if (!thread_.joinable()) return;
    curl_multi_wakeup(multi_);
    thread_.join();
    for (auto& [handle, running] : running_) {
      curl_multi_remove_handle(multi_, handle);
      running.complete(stopped());
    }
    running_.clear();
    for (Waiting& waiting : waiting_) waiting.complete(stopped());
    waiting_.clear();
  }

 private:
  static Result<HttpResponse> stopped() { return fail(ErrorCode::kUnavailable, "The service is stopping."); }

  void run() {
    while (take_waiting()) {
      int active = 0;
      curl_multi_perform(multi_, &active);
      complete_done();
      curl_multi_poll(multi_, nullptr, 0, kPollMs, nullptr);
    }
  }

  /// False when it is time to stop.
  bool take_waiting() {
    std::vector<Waiting> taken;
    {
      const std::scoped_lock lock(mutex_);
      if (stopping_) return false;
      taken.swap(waiting_);
    }
    for (Waiting& each : taken) begin(std::move(each));
    return true;
  }

  void begin(Waiting waiting) {
    EasyHandle handle = idle_handle();
    CURL* const key = handle.get();
    if (key == nullptr) {
      waiting.complete(fail(ErrorCode::kUnavailable, "There is no memory for another request."));
      return;
    }
    auto transfer = std::make_unique<Transfer>(key, options_, std::move(waiting.request));
    running_.emplace(key, Running{std::move(handle), std::move(transfer), std::move(waiting.complete)});
    curl_multi_add_handle(multi_, key);
  }

  EasyHandle idle_handle() {
    if (idle_.empty()) return EasyHandle(curl_easy_init());
    EasyHandle handle = std::move(idle_.back());
    idle_.pop_back();
    return handle;
  }

  void complete_done() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg == CURLMSG_DONE) end(message->easy_handle, message->data.result);
    }
  }

  void end(CURL* key, CURLcode outcome) {
    Running running = std::move(running_.extract(key).mapped());
    curl_multi_remove_handle(multi_, key);
    auto result = running.transfer->take(outcome);
    running.transfer.reset();
    if (idle_.size() < kMaxIdleHandles) idle_.push_back(std::move(running.handle));
    running.complete(std::move(result));
  }

  const HttpOptions options_;
  CURLM* const multi_;
  std::mutex mutex_;  // protects waiting_ and stopping_
  std::vector<Waiting> waiting_;
  bool stopping_ = false;
  std::vector<EasyHandle> idle_;  // of the loop's thread, as is the next
  std::unordered_map<CURL*, Running> running_;
  std::thread thread_;  // starts when all else is there
};

CurlClient::CurlClient(HttpOptions options) : loop_(std::make_unique<Loop>(std::move(options))) {
}
CurlClient::~CurlClient() = default;

void CurlClient::stop() {
  loop_->stop();
}

Task<Result<HttpResponse>> CurlClient::send(HttpRequest request) {
  co_return co_await Handover<Result<HttpResponse>>(
      [this, &request](Complete complete) { loop_->add(std::move(request), std::move(complete)); });
}

}  // namespace muster::outbound
