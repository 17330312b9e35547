#pragma once

// The parts of diagnosis.h, by kind of evidence. Used inside the module only.

#include "provisioning/diagnosis.h"

namespace muster::provisioning::detail {

using Findings = std::vector<model::Finding>;

Task<Findings> diagnose_token(const DeviceRequest& request, const Decision& decision, store::Store& store);
Task<Findings> diagnose_certificate(const DeviceRequest& request, const Decision& decision,
                                    const AttestationSettings& settings, store::Store& store);
/// What stands for a reason that only TPMs have.
std::optional<Cause> tpm_cause(Reason reason);
/// A device that showed the keys of its TPM and is not enrolled with one.
Task<Findings> diagnose_tpm_keys(const DeviceRequest& request, const Decision& decision, store::Store& store);

/// The id without what people mistake: separators, letter case, 0 for O, 1 for l and I, leading zeros of numbers.
std::string id_skeleton(std::string_view id);

/// "2 h 5 min", "3 d 4 h", "12 s": a span of time for people, two units at most.
std::string describe_span(std::chrono::seconds span);

}  // namespace muster::provisioning::detail
