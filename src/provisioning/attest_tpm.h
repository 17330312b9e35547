#pragma once

#include "base/result.h"
#include "base/task.h"
#include "provisioning/decision.h"
#include "provisioning/request.h"
#include "provisioning/settings.h"
#include "store/store.h"
#include "wire/sas_token.h"

namespace muster::provisioning {

/// What came of a device that showed the public keys of its TPM.
struct Challenge {
  Decision decision;  ///< kChallenged or kRefused
  Bytes activation;   ///< for the TPM (device-api.md 5.5); empty when refused
};

/// Judges the keys in `request.tpm` and makes a challenge for them (device-api.md 5.3 step 2, R-061). `request`
/// outlives the task. An Error means that the store could not answer; nothing has been decided then.
Task<Result<Challenge>> challenge_tpm(const DeviceRequest& request, store::Store& store,
                                      const AttestationSettings& settings, Random& random);

/// Judges a token by the challenges that its TPM was given; form, resource and life of the token are judged already,
/// and `enrollment` demands a TPM. All references outlive the task.
Task<Result<Decision>> attest_tpm(DecisionBuilder builder, const model::Enrollment& enrollment,
                                  const wire::SasToken& token, const DeviceRequest& request, store::Store& store);

/// The device's hub key, for its TPM only (device-api.md 5.7). kInternal when the entry's keys cannot be used any more.
Result<Bytes> wrap_hub_key(const DeviceRequest& request, const model::Enrollment& enrollment,
                           const model::TpmChallenge& challenge, Random& random);

/// The hub's keys of a challenge, if it is there and still for the TPM of the enrollment: what an operation needs that
/// is taken up again.
Task<Result<std::optional<model::SasCredential>>> hub_keys_of(const model::InstanceId& instance,
                                                              const model::Operation& operation,
                                                              const model::Enrollment& enrollment, store::Store& store);

}  // namespace muster::provisioning
