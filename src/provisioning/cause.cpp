#include "provisioning/cause.h"

#include <algorithm>
#include <array>

namespace muster::provisioning {
namespace {

constexpr std::string_view kUnauthorized = "401, code 401002, \"Unauthorized\"";

constexpr std::array kTexts{
    CauseText{Cause::kUnknownIdScope, "unknown-id-scope", "404, code 404201, \"ID scope not found.\"",
              "The ID scope in the device's settings is not one of this service.",
              "Give the device the ID scope that `muster instance show` prints."},
    CauseText{Cause::kBadApiVersion, "bad-api-version", "400, code 400000",
              "The query parameter api-version is missing or is no version.",
              "Set api-version as the SDKs do, for instance 2021-06-01."},
    CauseText{Cause::kBadRegistrationId, "bad-registration-id", "400, code 400000",
              "The registration id has characters or a length that none may have.",
              "Use 1 to 128 letters, digits and - . _ : and begin with a letter or a digit."},
    CauseText{Cause::kMalformedBody, "malformed-body", "400, code 400000",
              "The body is not the JSON object that a register call carries.",
              "Send {\"registrationId\":\"...\"}; the facts say where the text breaks."},
    CauseText{Cause::kOtherRegistrationIdInBody, "other-registration-id-in-body", "400, code 400000",
              "The registration id in the body differs from the one in the path.", "Send the same id in both places."},
    CauseText{Cause::kTpmOnOtherTransport, "tpm-on-other-transport", kUnauthorized,
              "The device shows the keys of its TPM on a transport that cannot carry the challenge.",
              "TPMs prove themselves over HTTPS, and over AMQP by the SASL mechanism TPM; MQTT has no way for it."},
    CauseText{Cause::kMalformedTpmKeys, "malformed-tpm-keys", "400, code 400000",
              "A key in the member tpm is no public key of a TPM, or none that a TPM unwraps with.",
              "The facts name the fault. Keys travel as base64 of the TPM2B_PUBLIC; `muster tpm inspect` judges one."},
    CauseText{
        Cause::kThrottled, "throttled", "429, code 429001, with Retry-After", "More calls came than are admitted.",
        "Devices that honour Retry-After come through by themselves; raise the limits when the machine can bear it."},
    CauseText{Cause::kStoreFailed, "store-failed", "500, code 500000, or 429 with Retry-After",
              "The store could not do its part; this was not the device's fault.",
              "See the log for the tracking id, and the free space of the disk. The device tries again by itself."},
    CauseText{Cause::kUnknownOperation, "unknown-operation", "404, code 404202, \"Operation not found.\"",
              "The device asks about an operation that is another device's, was forgotten, or never was.",
              "The device must register again; results are kept as long as `operation-retention` says."},
    CauseText{Cause::kNeverRegistered, "never-registered", "404, code 404202, \"Registration not found.\"",
              "The device is enrolled, but asks for the result of a registration that never was.",
              "The device must register first."},
    CauseText{Cause::kNoCredentials, "no-credentials", kUnauthorized,
              "The device sent neither a token nor a certificate.",
              "Check that the device is given its key or its certificate, and that no proxy in front takes away the "
              "Authorization header or ends TLS."},
    CauseText{
        Cause::kOtherAuthorizationScheme, "other-authorization-scheme", kUnauthorized,
        "The Authorization header is not a SharedAccessSignature.",
        "Use the device SDK with the symmetric key; other schemes, such as Bearer or Basic, are not for devices."},
    CauseText{Cause::kMalformedToken, "malformed-token", kUnauthorized, "The token cannot be read.",
              "The facts name the broken field. sr, sig and se must stand there once, sig as percent-encoded base64, "
              "se in seconds since 1970."},
    CauseText{Cause::kTokenForOtherScope, "token-for-other-scope", kUnauthorized,
              "The token is made for another ID scope.",
              "The device's ID scope and the one it signs with differ; give it one ID scope, this service's."},
    CauseText{Cause::kTokenForOtherDevice, "token-for-other-device", kUnauthorized,
              "The token is made for another registration id.",
              "The resource in the token must be IDSCOPE/registrations/REGISTRATION-ID of the device that calls."},
    CauseText{Cause::kTokenOfServiceApi, "token-of-service-api", kUnauthorized,
              "The token is one of an operator, or for a hub; devices sign for their registration.",
              "Give the device its enrollment's key, never a connection string of the service."},
    CauseText{Cause::kTokenExpired, "token-expired", kUnauthorized, "The token ended long ago.",
              "Tokens are made when they are needed, not in the factory. Find out where the device keeps an old one."},
    CauseText{Cause::kDeviceClockBehind, "device-clock-behind", kUnauthorized,
              "The key is right, but the token had ended when it came: the device's clock is behind.",
              "Set the device's clock (NTP) before it registers. The facts tell by how much it is off when its tokens "
              "are made for an hour."},
    CauseText{Cause::kDeviceClockUnset, "device-clock-unset", kUnauthorized,
              "The token ended years ago: the device's clock was never set.",
              "Set the clock (NTP, or the Date header of any HTTPS answer) before the device makes its token."},
    CauseText{Cause::kWrongKey, "wrong-key", kUnauthorized,
              "An individual enrollment was found, but neither of its keys made the token.",
              "Compare the device's key with `muster enrollment show --show-keys`; keys may have been regenerated."},
    CauseText{Cause::kGroupKeyUsedDirectly, "group-key-used-directly", kUnauthorized,
              "The device signs with the group's own key.",
              "Never put a group's key on a device. Derive the device's key: `muster group compute-device-key`."},
    CauseText{Cause::kKeyDerivedFromGroup, "key-derived-from-group", kUnauthorized,
              "The key is derived from a group, but an individual enrollment with other keys stands before that group.",
              "Delete the individual enrollment, or give the device the key of it."},
    CauseText{Cause::kKeyDerivedForOtherId, "key-derived-for-other-id", kUnauthorized,
              "The key is derived from a group, but for another spelling of the registration id.",
              "Derive the key from the id exactly as the device sends it; lower case is the safe spelling."},
    CauseText{Cause::kKeyNotDecoded, "key-not-decoded", kUnauthorized,
              "The right key was used as text; it must be base64-decoded before it signs.",
              "Decode the key from base64 and sign with the octets."},
    CauseText{Cause::kNoEnrollment, "no-enrollment", kUnauthorized, "No enrollment is for this device.",
              "Create it: `muster enrollment create`, or a group for its kind of proof."},
    CauseText{Cause::kNoGroupDerivesKey, "no-group-derives-key", kUnauthorized,
              "There is no individual enrollment for this id, and no group's key derives the device's.",
              "Compare the device's key with `muster group compute-device-key`, or enroll the device by itself."},
    CauseText{Cause::kSimilarIdEnrolled, "similar-id-enrolled", kUnauthorized,
              "An enrollment with nearly the same id exists.",
              "Compare the ids letter by letter; one of them may be a slip."},
    CauseText{Cause::kEnrollmentDeleted, "enrollment-deleted", kUnauthorized,
              "The device registered before through an entry that is not there any more.",
              "Create the enrollment or group again, or move the device to another one."},
    CauseText{Cause::kDemandsCertificate, "demands-certificate", kUnauthorized,
              "The individual enrollment demands a certificate; the device sent a token.",
              "Give the device its certificate, or change the enrollment's attestation to symmetricKey."},
    CauseText{Cause::kDemandsToken, "demands-token", kUnauthorized,
              "The individual enrollment demands a token; the device sent a certificate.",
              "Give the device its symmetric key, or change the enrollment's attestation to x509. An SDK sends a token "
              "only when it has no certificate."},
    CauseText{Cause::kDemandsTpm, "demands-tpm", kUnauthorized,
              "The individual enrollment demands a TPM; the device sent something else.",
              "Let the device use its TPM, or change the enrollment's attestation."},
    CauseText{Cause::kEnrollmentDisabled, "enrollment-disabled", "202, then status \"disabled\"",
              "The device is proven, but its enrollment is disabled.",
              "Enable it: `muster enrollment update --provisioning-status enabled`."},
    CauseText{Cause::kGroupDisabled, "group-disabled", "202, then status \"disabled\"",
              "The device is proven, but its enrollment group is disabled.",
              "Enable the group, or give this device an individual enrollment. The group nearest to the device counts, "
              "whatever others say."},
    CauseText{Cause::kNoCommonName, "no-common-name", kUnauthorized,
              "The certificate's subject has no usable common name.",
              "Issue certificates whose subject has exactly one CN: the registration id."},
    CauseText{Cause::kCommonNameMismatch, "common-name-mismatch", kUnauthorized,
              "The certificate's common name is not the registration id.",
              "Register with the common name as registration id, or issue a certificate for this id."},
    CauseText{Cause::kCommonNameNearMiss, "common-name-near-miss", kUnauthorized,
              "The certificate's common name is the registration id but for blanks, a prefix or a separator.",
              "Issue the certificate with exactly the registration id as CN."},
    CauseText{
        Cause::kCertificateNotEnrolled, "certificate-not-enrolled", kUnauthorized,
        "The individual enrollment holds other certificates than the one the device presents.",
        "Put the device's certificate into the enrollment: `muster enrollment update --secondary-certificate-path`."},
    CauseText{Cause::kCertificateRenewed, "certificate-renewed", kUnauthorized,
              "The certificate is a new one for the same key as an enrolled one.",
              "Put the renewed certificate into the enrollment: an enrollment knows certificates, not keys."},
    CauseText{Cause::kCertificateReissued, "certificate-reissued", kUnauthorized,
              "The certificate has the subject and issuer of an enrolled one, but another key: it was rolled or is a "
              "forgery.",
              "When the device was rolled, put the new certificate into the enrollment; when not, look into it."},
    CauseText{Cause::kSelfSignedNotEnrolled, "self-signed-not-enrolled", kUnauthorized,
              "The certificate is self-signed and no individual enrollment holds it.",
              "Create an individual enrollment with this certificate."},
    CauseText{Cause::kNoGroupForCa, "no-group-for-ca", kUnauthorized,
              "The certificate leads to a CA that is here, but no group is made for it.",
              "Create a group: `muster group create --root-ca-name NAME`."},
    CauseText{
        Cause::kCaUnknown, "ca-unknown", kUnauthorized, "The certificate leads to a CA that nobody uploaded.",
        "Upload and verify the CA, then create a group for it: `muster certificate create`, `muster group create`."},
    CauseText{Cause::kIntermediateMissing, "intermediate-missing", kUnauthorized,
              "The certificate's issuer was not sent by the device and is not known here.",
              "Give the device its whole chain, leaf first and then the intermediates, or upload the intermediate."},
    CauseText{Cause::kCaUnverified, "ca-unverified", kUnauthorized,
              "A group is made for the CA, but the CA's certificate is not verified.",
              "When the certificate is truly your CA's, upload it again as verified: `muster certificate update "
              "--verified`."},
    CauseText{Cause::kReferencedCaGone, "referenced-ca-gone", kUnauthorized,
              "The enrollment names CA certificates of which none is here and verified.",
              "Upload the CA under that name, or change the enrollment."},
    CauseText{
        Cause::kForeignCaOfSameName, "foreign-ca-of-same-name", kUnauthorized,
        "A CA of the issuer's name is here, but it has another key.",
        "The CA was renewed with a new key, or another CA has its name. Upload the one that issued the certificate."},
    CauseText{
        Cause::kLeafExpired, "leaf-expired", kUnauthorized, "The device's certificate has expired.",
        "Issue a new one. To take stock that lay too long in the warehouse, see the setting for expired certificates."},
    CauseText{Cause::kLeafNotYetValid, "leaf-not-yet-valid", kUnauthorized,
              "The device's certificate is not valid yet.",
              "It was issued by a machine whose clock is ahead, or this service's clock is behind; the facts tell by "
              "how much."},
    CauseText{Cause::kIssuerExpired, "issuer-expired", kUnauthorized,
              "A CA certificate on the way to the trusted one has expired.",
              "Renew that CA with the same key and name, upload it and put it into the group; devices need no new "
              "certificates."},
    CauseText{Cause::kIssuerNotYetValid, "issuer-not-yet-valid", kUnauthorized,
              "A CA certificate on the way to the trusted one is not valid yet.",
              "Wait, or issue it again with an earlier start; the facts tell the dates."},
    CauseText{Cause::kNotACa, "not-a-ca", kUnauthorized,
              "A certificate in the chain signed another, but is not marked as a CA.",
              "Issue that certificate with basicConstraints CA:TRUE and keyCertSign."},
    CauseText{Cause::kPathTooLong, "path-too-long", kUnauthorized,
              "A CA of the chain allows fewer CAs below it than there are.",
              "Issue that CA with a larger pathLenConstraint, or issue devices from a higher CA."},
    CauseText{Cause::kNameConstraint, "name-constraint", kUnauthorized,
              "A CA of the chain may not issue for this name.",
              "Issue the certificate from a CA whose name constraints permit it."},
    CauseText{Cause::kKeyUsage, "key-usage", kUnauthorized,
              "The certificate's key usage forbids what the key was used for.",
              "Device certificates need digitalSignature, CAs keyCertSign."},
    CauseText{Cause::kExtendedKeyUsage, "extended-key-usage", kUnauthorized,
              "The certificate is not meant for clients.",
              "Issue it with the extended key usage clientAuth, or with none."},
    CauseText{Cause::kWeakKey, "weak-key", kUnauthorized,
              "A key of the chain is too weak, or of a kind that is not accepted.",
              "Use RSA of at least 2048 bits or ECDSA on P-256, P-384 or P-521."},
    CauseText{Cause::kWeakSignature, "weak-signature", kUnauthorized,
              "A certificate of the chain is signed with a broken algorithm.", "Sign with SHA-256 or better."},
    CauseText{Cause::kBadSignature, "bad-signature", kUnauthorized,
              "A certificate of the chain is not signed by its issuer: it was changed or does not belong here.",
              "Install the chain again as the CA issued it."},
    CauseText{Cause::kUnknownCriticalExtension, "unknown-critical-extension", kUnauthorized,
              "A certificate has a critical extension that is not understood.",
              "Issue it without that extension, or mark the extension as not critical."},
    CauseText{Cause::kTooManyCertificates, "too-many-certificates", kUnauthorized,
              "The device sent more certificates, or larger ones, than are accepted.",
              "Send the leaf and its intermediates only."},
    CauseText{Cause::kCertificateUnacceptable, "certificate-unacceptable", kUnauthorized,
              "The certificate or its chain breaks a rule of RFC 5280.",
              "The facts name the certificate and the rule."},
    CauseText{Cause::kTpmOtherEndorsementKey, "tpm-other-endorsement-key", kUnauthorized,
              "The endorsement key is not the one of the enrollment: it is another TPM.",
              "A replaced mainboard or TPM needs its new key in the enrollment: `muster enrollment update "
              "--endorsement-key`. Compare it with what `muster tpm show` prints on the device."},
    CauseText{
        Cause::kTpmEnrolledKeyUnusable, "tpm-enrolled-key-unusable", kUnauthorized,
        "The key kept in the enrollment is none that a TPM unwraps with, so it cannot be challenged.",
        "Read the key from the device again (`muster tpm show`), check it with `muster tpm inspect` and update the "
        "enrollment."},
    CauseText{Cause::kTpmNoStorageRootKey, "tpm-no-storage-root-key", kUnauthorized,
              "Neither the device nor its enrollment names a storage root key.",
              "Take ownership of the TPM (`muster tpm own`), so that the device can send its storage root key."},
    CauseText{Cause::kTpmOtherStorageRootKey, "tpm-other-storage-root-key", kUnauthorized,
              "The device was challenged with one storage root key and answers with another.",
              "Do not clear the TPM or take ownership of it between challenge and answer; start again."},
    CauseText{Cause::kTpmNoChallenge, "tpm-no-challenge",
              "401, with a new challenge when the call shows the TPM's keys",
              "The device sent a token, but no challenge is pending that its TPM could have made it with.",
              "The device must begin without a token, with the keys of its TPM; challenges live as long as "
              "`tpm_challenge_minutes` says, and end with the registration they led to."},
    CauseText{Cause::kTpmChallengeExpired, "tpm-challenge-expired",
              "401, with a new challenge when the call shows the TPM's keys",
              "The TPM answered its challenge too late.",
              "Find out what takes the device so long, or raise `tpm_challenge_minutes`."},
    CauseText{Cause::kTpmChallengeSpent, "tpm-challenge-spent",
              "401, with a new challenge when the call shows the TPM's keys",
              "The challenge led to a registration already; its answer was sent once more.",
              "To register again the device must begin without a token. Whoever copied the answer gets nothing by it."},
    CauseText{
        Cause::kTpmWrongSignature, "tpm-wrong-signature", kUnauthorized,
        "A challenge is pending, but the key in it did not make the token.",
        "The TPM signs with an older key: see whether the device stored the new one at its handle (0x81000100), and "
        "whether two programs on the device register with one TPM."},
    CauseText{Cause::kNoHubLinked, "no-hub-linked", "202, then status \"failed\", code 400208",
              "The device is proven, but no hub is linked that it could go to.",
              "Link a hub: `muster hub create`, and let it take part in allocation."},
    CauseText{Cause::kStaticHubCount, "static-hub-count", "202, then status \"failed\", code 400208",
              "The allocation is static, which needs exactly one hub in the enrollment.",
              "Name one hub in the enrollment: `--iot-hubs`, or choose another allocation policy."},
    CauseText{Cause::kNamedHubsNotLinked, "named-hubs-not-linked", "202, then status \"failed\", code 400208",
              "None of the hubs that the enrollment names is linked.",
              "Link one of them, or change the enrollment's hubs."},
    CauseText{Cause::kHubRefused, "hub-refused", "202, then status \"failed\", code 400209",
              "The hub refused to take the device.",
              "Check the linked hub's key and its limits; the facts tell what it said."},
    CauseText{Cause::kHubUnreachable, "hub-unreachable",
              "202, then status \"assigning\"; \"failed\" with code 400209 when that lasts",
              "The device is proven, but its hub does not answer.",
              "Nothing to do for the device: it is assigned when its hub answers, and if it failed meanwhile, when it "
              "registers again. The facts tell what went wrong."},
    CauseText{Cause::kCustomAllocationFailed, "custom-allocation-failed", "202, then status \"failed\", code 400207",
              "The webhook of the custom allocation answered with another status than 200.",
              "See what was sent and answered: `muster webhook exchanges`, and ask it again: `muster webhook test`."},
    CauseText{Cause::kWebhookNotAllowed, "webhook-not-allowed", "202, then status \"failed\", code 400207",
              "The enrollment has no webhook, or one that this service may not call.",
              "Webhooks are called over https, and only those in `webhook_hosts` when that is configured; one on this "
              "machine has to be named there."},
    CauseText{Cause::kWebhookUnreachable, "webhook-unreachable", "202, then status \"failed\", code 400207",
              "The webhook of the custom allocation gave no answer, or none in time.",
              "The checks tell how far the call came: name, connection, certificate, time. Trust a certificate of your "
              "own with `ca_file` in `[outbound]`."},
    CauseText{Cause::kWebhookResting, "webhook-resting", "202, then status \"failed\", code 400207",
              "The webhook failed several times in a row and is not asked for some seconds.",
              "Mend the webhook; `muster webhook test` asks it at once, and with its success devices are sent there "
              "again."},
    CauseText{Cause::kWebhookAnswerInvalid, "webhook-answer-invalid", "202, then status \"failed\", code 400207",
              "The webhook answered 200, but with nothing that a device can be assigned by.",
              "It must answer with JSON whose iotHubHostName is one of the linkedHubs in the request; the checks tell "
              "what is wrong."},
    CauseText{Cause::kEnrollmentGoneMeanwhile, "enrollment-gone-meanwhile", "202, then status \"failed\", code 401002",
              "The enrollment was deleted or changed while the device was being registered.",
              "Nothing, if that was meant; else create it again and let the device register."},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kTexts.size(); ++i) {
    if (static_cast<std::size_t>(kTexts[i].cause) != i) return false;
  }
  return kTexts.size() == static_cast<std::size_t>(Cause::kEnrollmentGoneMeanwhile) + 1;
}
static_assert(in_order(), "every cause has its text, in the order of the enumeration");

}  // namespace

std::span<const CauseText> cause_texts() {
  return kTexts;
}

const CauseText& text_of(Cause cause) {
  return kTexts[static_cast<std::size_t>(cause)];
}

std::string_view to_string(Cause cause) {
  return text_of(cause).name;
}

const CauseText* find_cause(std::string_view name) {
  const auto* found = std::ranges::find(kTexts, name, &CauseText::name);
  return found == kTexts.end() ? nullptr : found;
}

}  // namespace muster::provisioning
