#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "provisioning/assignment.h"
#include "provisioning/webhook_answer.h"
#include "provisioning/webhook_journal.h"
#include "provisioning/webhooks.h"

namespace muster::provisioning {

/// Whether a webhook decides, or at least has to be asked.
bool asks_webhook(const AssignmentInput& input);

/// The allocation policy custom: asks the enrollment's webhook for the hub, the first twin and what the device is told
/// (semantics.md section 8). Every step is among the allocation's checks.
///
/// Lifecycle: stop() before the client of the parts is stopped. Thread-safe.
class CustomAllocation {
 public:
  CustomAllocation(Webhooks::Parts parts, const WebhookSettings& settings)
      : clock_(parts.clock), webhooks_(parts, settings), journal_(settings.keep_exchanges) {}

  /// Asks once for each operation: when its hub keeps it waiting, what the webhook said stands. kUnavailable: the
  /// service is stopping, and the operation stays open. References outlive the task.
  Task<Result<Allocation>> allocate(const AssignmentInput& input, const model::Operation& operation);
  /// The operation is over, one way or another.
  void ended(const std::string& operation_id);

  /// A call for an operator to look at: nothing comes of it.
  struct Trial {
    Allocation allocation;
    WebhookExchange exchange;
  };
  Task<Result<Trial>> try_out(const AssignmentInput& input, const model::Operation& operation);

  void stop() { webhooks_.stop(); }
  [[nodiscard]] const WebhookJournal& journal() const { return journal_; }
  [[nodiscard]] std::vector<WebhookStatus> webhooks() const { return webhooks_.all(); }

 private:
  Task<Result<Trial>> ask(const AssignmentInput& input, const model::Operation& operation, Webhooks::Asker asker);
  std::optional<WebhookAnswer> recall(const std::string& operation_id) const;

  const Clock& clock_;
  Webhooks webhooks_;
  WebhookJournal journal_;
  mutable std::mutex mutex_;                      // protects answers_
  std::map<std::string, WebhookAnswer> answers_;  ///< by operation that is not over
};

}  // namespace muster::provisioning
