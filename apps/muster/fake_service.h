#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "muster/http.h"

namespace muster::cli {

/// For tests: answers requests from a list, in order, and keeps what was asked; from any thread. Out of answers it is
/// unreachable.
class FakeService {
 public:
  FakeService(std::initializer_list<HttpResponse> answers) : state_(std::make_shared<State>()) {
    state_->answers.assign(answers.begin(), answers.end());
  }

  [[nodiscard]] HttpSend send() const {
    return [state = state_](const HttpRequest& request) -> Result<HttpResponse> {
      const std::scoped_lock lock(state->mutex);
      state->requests.push_back(request);
      if (state->answers.empty()) return fail(ErrorCode::kUnavailable, "Cannot reach the fake.");
      HttpResponse answer = state->answers.front();
      state->answers.pop_front();
      return answer;
    };
  }

  [[nodiscard]] const std::vector<HttpRequest>& requests() const { return state_->requests; }

 private:
  struct State {
    std::mutex mutex;  // protects the others while requests are sent
    std::deque<HttpResponse> answers;
    std::vector<HttpRequest> requests;
  };
  std::shared_ptr<State> state_;
};

/// A header of a request; "" when it has none of this name.
inline std::string header_of(const HttpRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return "";
}

}  // namespace muster::cli
