#pragma once

#include "model/attempt.h"
#include "model/enrollment.h"
#include "model/named_value.h"
#include "model/registration.h"

namespace muster::model {

inline constexpr std::array kEnrollmentKindNames{
    NamedValue<EnrollmentKind>{EnrollmentKind::kIndividual, "individual"},
    NamedValue<EnrollmentKind>{EnrollmentKind::kGroup, "group"},
};

inline constexpr std::array kProvisioningStatusNames{
    NamedValue<ProvisioningStatus>{ProvisioningStatus::kEnabled, "enabled"},
    NamedValue<ProvisioningStatus>{ProvisioningStatus::kDisabled, "disabled"},
};

inline constexpr std::array kAllocationPolicyNames{
    NamedValue<AllocationPolicy>{AllocationPolicy::kHashed, "hashed"},
    NamedValue<AllocationPolicy>{AllocationPolicy::kGeoLatency, "geoLatency"},
    NamedValue<AllocationPolicy>{AllocationPolicy::kStatic, "static"},
    NamedValue<AllocationPolicy>{AllocationPolicy::kCustom, "custom"},
};

inline constexpr std::array kCertificateRoleNames{
    NamedValue<CertificateRole>{CertificateRole::kClient, "client"},
    NamedValue<CertificateRole>{CertificateRole::kSigning, "signing"},
};

inline constexpr std::array kRegistrationStatusNames{
    NamedValue<RegistrationStatus>{RegistrationStatus::kUnassigned, "unassigned"},
    NamedValue<RegistrationStatus>{RegistrationStatus::kAssigning, "assigning"},
    NamedValue<RegistrationStatus>{RegistrationStatus::kAssigned, "assigned"},
    NamedValue<RegistrationStatus>{RegistrationStatus::kFailed, "failed"},
    NamedValue<RegistrationStatus>{RegistrationStatus::kDisabled, "disabled"},
};

inline constexpr std::array kAttemptOutcomeNames{
    NamedValue<AttemptOutcome>{AttemptOutcome::kRefused, "refused"},
    NamedValue<AttemptOutcome>{AttemptOutcome::kPending, "pending"},
    NamedValue<AttemptOutcome>{AttemptOutcome::kNotJudged, "notJudged"},
    NamedValue<AttemptOutcome>{AttemptOutcome::kChallenged, "challenged"},
    NamedValue<AttemptOutcome>{AttemptOutcome::kJoined, "joined"},
    NamedValue<AttemptOutcome>{AttemptOutcome::kAssigned, "assigned"},
    NamedValue<AttemptOutcome>{AttemptOutcome::kFailed, "failed"},
    NamedValue<AttemptOutcome>{AttemptOutcome::kDisabled, "disabled"},
};

inline constexpr std::array kSubstatusNames{
    NamedValue<Substatus>{Substatus::kInitialAssignment, "initialAssignment"},
    NamedValue<Substatus>{Substatus::kDeviceDataMigrated, "deviceDataMigrated"},
    NamedValue<Substatus>{Substatus::kDeviceDataReset, "deviceDataReset"},
    NamedValue<Substatus>{Substatus::kReprovisionedToInitialAssignment, "reprovisionedToInitialAssignment"},
};

}  // namespace muster::model
