#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/tpm/key_template.h"

namespace muster::tpm {

/// A TPM's number for an object that stays in it.
using Handle = std::uint32_t;

/// Where devices keep their keys (device-api.md 5.1).
inline constexpr Handle kEndorsementKeyHandle = 0x81010001;
inline constexpr Handle kStorageRootKeyHandle = 0x81000001;
inline constexpr Handle kDeviceKeyHandle = 0x81000100;

/// Where persistent objects of a TPM's owner may be (TCG "Registry of Reserved TPM 2.0 Handles", 2.3.1).
inline constexpr Handle kFirstOwnerHandle = 0x81000000;
inline constexpr Handle kLastOwnerHandle = 0x817FFFFF;

/// What proves the right to use a hierarchy; empty unless somebody has set it.
struct Authorizations {
  SecretBytes owner = {};
  SecretBytes endorsement = {};
  SecretBytes lockout = {};
};

/// What a TPM says of itself.
struct Facts {
  std::string manufacturer;          ///< "IFX", "STM", "IBM" ...: the letters of its maker
  std::string model;                 ///< the maker's words for it
  std::string firmware;              ///< "7.85.4555.0"
  std::string specification;         ///< revision of the TPM 2.0 library specification, "1.38"
  bool owner_authorization = false;  ///< somebody has set one; so for the next two
  bool endorsement_authorization = false;
  bool lockout_authorization = false;
  bool locked_out = false;      ///< after too many wrong authorizations
  bool clear_disabled = false;  ///< the owner cannot clear it; the platform's firmware may
};

/// The two keys that a TPM derives from what it has in itself.
using crypto::tpm::KeyRole;

/// Where it stands, or is to stand.
Handle handle_of(KeyRole role);

struct PrimaryKey {
  Bytes public_key;         ///< TPM2B_PUBLIC; what it is and whether it can serve, crypto::tpm tells
  bool persistent = false;  ///< stands at its handle; otherwise it was derived to be looked at and is gone again
};

/// What taking ownership does with an object at the handle that is no such key.
enum class ForeignObject : std::uint8_t { kKeep, kReplace };

/// What became of a key's handle.
enum class Change : std::uint8_t { kNone, kMade, kReplaced };

enum class ClearBy : std::uint8_t { kLockout, kPlatform };

/// A device's TPM 2.0, reached through the TPM2 Software Stack. Whatever a call loads, it flushes, also when it fails;
/// only `persist`, `keep_active`, `evict` and `clear` change what stays. Not thread-safe. Errors name what the TPM
/// refused and what to do: kUnavailable when there is no TPM to talk to, kUnauthorized for authorizations.
class Tpm {
 public:
  /// `tcti`: how the TPM is reached, "device:/dev/tpmrm0" or "swtpm:host=127.0.0.1,port=2321"; the words are those of
  /// the stack (tss2-tcti(7)).
  static Result<Tpm> open(const std::string& tcti, Authorizations authorizations = {});
  ~Tpm();
  Tpm(Tpm&&) noexcept;
  Tpm& operator=(Tpm&&) noexcept;

  Result<Facts> facts();
  /// The key at its handle; otherwise the one that `persist` would put there, which needs the hierarchy's
  /// authorization.
  Result<PrimaryKey> primary_key(KeyRole role);
  /// The X.509 certificate (DER) that the TPM's maker stored of the RSA-2048 endorsement key (TCG EK Credential Profile
  /// 2.2.1.4); nullopt when there is none.
  Result<std::optional<Bytes>> endorsement_certificate();
  /// Whether an object stands at a handle.
  Result<bool> has(Handle handle);

  /// Makes the key stand at its handle unless one of use does: another template than ours is as good. kConflict when
  /// an object is there that cannot serve and is kept.
  Result<Change> persist(KeyRole role, ForeignObject foreign);
  /// Takes a persistent object away; what it was for is lost. kNotFound when there is none.
  Result<void> evict(Handle handle);
  /// TPM2_Clear: a new owner. Takes away all keys, data and authorizations of the owner, this API's keys too; the seed
  /// of the endorsement key stays, so that `persist` makes the same one again.
  Result<void> clear(ClearBy by);

  /// Brings the HMAC key of an activation blob (device-api.md 5.5) into the TPM, where it is the active key until the
  /// next one or the end of this object. Only the TPM with the endorsement and storage root key that the blob was made
  /// for can; both must stand at their handles. kInvalidArgument for a blob that is malformed or was made for another
  /// TPM or owner, which leaves no key active.
  Result<void> activate(ByteView blob);
  /// HMAC-SHA256 with the active key. kNotFound when there is none.
  Result<Bytes> hmac(ByteView data);
  /// Whether a key may be kept at a handle: nothing stands there, or such a key. kConflict for any other object, which
  /// belongs to somebody else.
  Result<void> may_keep_at(Handle handle);
  /// Makes the active key stand at such a handle, in place of the key that is there.
  Result<void> keep_active(Handle handle);
  /// HMAC-SHA256 with the key at `handle`, which stays in the TPM. kNotFound when there is none.
  Result<Bytes> hmac_at(Handle handle, ByteView data);

 private:
  struct State;
  explicit Tpm(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace muster::tpm
