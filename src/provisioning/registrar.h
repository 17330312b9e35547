#pragma once

#include <chrono>
#include <optional>

#include "base/clock.h"
#include "base/random.h"
#include "provisioning/attempt_journal.h"
#include "provisioning/custom_allocation.h"
#include "provisioning/decision.h"
#include "provisioning/device_queue.h"
#include "provisioning/ending.h"
#include "provisioning/hub_link.h"
#include "provisioning/hub_patience.h"
#include "provisioning/leftovers.h"
#include "provisioning/registration_observer.h"
#include "provisioning/request.h"
#include "provisioning/settings.h"
#include "store/store.h"

namespace muster::provisioning {

/// The answer to a register call.
struct RegisterAnswer {
  Decision decision;
  std::shared_ptr<const model::Operation> operation;  ///< null: refused or challenged
  Bytes activation;                                   ///< challenged: for the device's TPM (device-api.md 5.5)
  std::chrono::seconds retry_after{};
};

/// The answer to a status poll.
struct StatusAnswer {
  Decision decision;
  store::SharedOperationState state;  ///< null: refused
  Bytes hub_key;                      ///< TPM, assigned: the hub's key, for the TPM only (device-api.md 5.7)
  std::chrono::seconds retry_after{};
};

/// The answer to a registration look-up.
struct LookupAnswer {
  Decision decision;
  std::shared_ptr<const model::Registration> record;  ///< null: refused, or the device never registered
  Bytes hub_key;                                      ///< as in StatusAnswer
};

/// Takes devices from their first call to their hub (design section 3): attest, begin a durable operation, assign,
/// write the record; all of it in one transaction when nobody else has to be asked. Knows nothing of transports.
///
/// Lifecycle: one per process. resume_open_operations() once after the start. Dropping it waits for the assignments
/// under way. Thread-safe; assignments run on a thread of its own, those of one device one after the other. Errors of
/// its calls mean that the store could not do its part: kUnavailable should be told as throttling.
class Registrar {
 public:
  struct Parts {
    store::Store& store;
    HubLink& hubs;
    const Clock& clock;
    Random& random;
    AttemptJournal& attempts;
    RegistrationObserver* observer = nullptr;  ///< may be null
    /// How long a hub may fail a registration before the device is told that it failed (hub-api.md 5.4).
    std::chrono::seconds hub_patience = std::chrono::minutes(5);
    const model::GeoTable* geo = nullptr;  ///< may be null
    CustomAllocation* custom = nullptr;    ///< null: registrations that need a webhook fail
  };

  Registrar(Parts parts, AttestationSettings settings);
  ~Registrar() = default;
  Registrar(const Registrar&) = delete;
  Registrar& operator=(const Registrar&) = delete;

  /// A device that shows the keys of its TPM and no token is challenged, and so is one whose token fits no challenge
  /// any more; only the keys of an enrolled TPM are. Else this judges the device and, when it is proven, starts its
  /// operation. Repeating the call while the operation runs gives the same operation (design section 3). Of this and
  /// the next three the request outlives the task.
  Task<Result<RegisterAnswer>> register_device(const DeviceRequest& request);
  /// Whether the device would be let in by its evidence, or is known to be disabled: the end of a handshake. A refusal
  /// is explained and kept, anything else leaves no trace.
  Task<Result<Decision>> judge(const DeviceRequest& request);
  /// kNotFound when the operation is unknown, purged or another device's.
  Task<Result<StatusAnswer>> operation_status(const DeviceRequest& request, std::string operation_id);
  Task<Result<LookupAnswer>> look_up(const DeviceRequest& request);

  /// Takes up the operations that were open when the last process ended; returns how many.
  Task<Result<std::size_t>> resume_open_operations();
  /// Where assignments run, to see whether its thread still works.
  [[nodiscard]] Executor& executor() { return queue_.executor(); }
  /// For what has to be done to a device in turn with its registrations.
  [[nodiscard]] DeviceQueue& queue() { return queue_; }
  /// Operations that this process is at work on.
  [[nodiscard]] std::size_t in_flight() const { return queue_.in_flight(); }
  /// Waits until no assignment is under way.
  void wait_until_idle() { queue_.wait_until_idle(); }
  /// Goes on with what hubs failed, whether or not its devices ask for it: registrations, and devices that are to go
  /// from hubs. To be called every few seconds; returns at once.
  void tend();
  [[nodiscard]] const Leftovers& leftovers() const { return leftovers_; }

 private:
  struct Work {
    model::InstanceId instance;
    model::Operation operation;
    std::optional<model::HubCredential> credential;  ///< absent after a restart: found again from the enrollment
    std::optional<model::Attempt> attempt;           ///< of the call that began it; absent when taken up again
  };

  Task<Result<RegisterAnswer>> challenge(const DeviceRequest& request, std::vector<model::Check> before = {});
  Result<Bytes> hub_key_for(const DeviceRequest& request, const Decision& decision, const model::Registration* record);
  Task<Result<std::optional<model::HubCredential>>> credential_for(const Work& work,
                                                                   const model::Enrollment& enrollment);
  Task<bool> refused(const DeviceRequest& request, std::string call, const Decision& decision);
  store::EndAtOnce end_at_once(const DeviceRequest& request, const Decision& decision, Ending& ending);
  store::OperationEnd operation_end(Ending& ending);
  void note_recorded(const model::InstanceId& instance, const model::Operation& operation,
                     const model::Registration& record);
  void enqueue(Work work);
  Task<bool> run(Work work);
  Task<model::Attempt> attempt_so_far(const Work& work);
  Task<Result<void>> finish(const Work& work, Ending& ending);
  Task<Result<Allocation>> allocation_for(const AssignmentInput& input, const model::Operation& operation);
  void ended(const std::string& operation_id);
  DevicePlace place_of(const model::InstanceId& instance, std::string address);
  bool gives_up(const Work& work, Ending& ending, const Error& error);
  void keep_stuck(const Work& work, model::Attempt attempt, const Error& error);
  void stuck(const Work& work) const;
  [[nodiscard]] std::chrono::seconds retry_after(const model::InstanceId& instance, const model::Operation& operation);

  Parts parts_;
  AttestationSettings settings_;
  HubPatience patience_;
  Leftovers leftovers_;
  DeviceQueue queue_;  ///< last: ends before what its work uses
};

}  // namespace muster::provisioning
