#include <algorithm>

#include <fmt/format.h>
#include <openssl/crypto.h>

#include "crypto/tpm/octets.h"
#include "tpm/activation_blob.h"
#include "tpm/state.h"

namespace muster::tpm {
namespace {

constexpr TPMT_SYM_DEF kNoSymmetric = {.algorithm = TPM2_ALG_NULL, .keyBits = {}, .mode = {}};
constexpr TPMT_SYM_DEF kAes128Cfb = {.algorithm = TPM2_ALG_AES, .keyBits = {.aes = 128}, .mode = {.aes = TPM2_ALG_CFB}};
/// All devices fix the inner wrap at it (device-api.md 5.5), so a key for it has these octets.
constexpr TPMT_SYM_DEF_OBJECT kInnerWrap = {
    .algorithm = TPM2_ALG_AES, .keyBits = {.aes = 128}, .mode = {.aes = TPM2_ALG_CFB}};
constexpr std::size_t kInnerKeySize = 16;

/// Wiped before it is given back: it held a key.
struct WipeDigest {
  void operator()(TPM2B_DIGEST* digest) const {
    OPENSSL_cleanse(digest, sizeof *digest);
    Esys_Free(digest);
  }
};

/// A session whose secret is sent to the storage root key, so that nobody reads on the wires to the TPM what commands
/// under it take and return.
Result<Held> start_private_session(const Esys& esys, const Held& storage_root) {
  ESYS_TR session = ESYS_TR_NONE;
  const auto code = Esys_StartAuthSession(esys.get(), storage_root.get(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                          ESYS_TR_NONE, nullptr, TPM2_SE_HMAC, &kAes128Cfb, TPM2_ALG_SHA256, &session);
  if (auto good = check(code, "start a session"); !good) return std::unexpected(good.error());
  Held held(esys, session, Held::Kind::kTransient);
  constexpr TPMA_SESSION kPrivate = TPMA_SESSION_DECRYPT | TPMA_SESSION_ENCRYPT | TPMA_SESSION_CONTINUESESSION;
  if (auto good = check(Esys_TRSess_SetAttributes(esys.get(), session, kPrivate, kPrivate), "start a session"); !good) {
    return std::unexpected(good.error());
  }
  return held;
}

/// A session that satisfies the endorsement key's policy: PolicySecret(endorsement).
Result<Held> start_endorsement_session(const Esys& esys) {
  ESYS_TR session = ESYS_TR_NONE;
  auto code = Esys_StartAuthSession(esys.get(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                    nullptr, TPM2_SE_POLICY, &kNoSymmetric, TPM2_ALG_SHA256, &session);
  if (auto good = check(code, "start a policy session"); !good) return std::unexpected(good.error());
  Held held(esys, session, Held::Kind::kTransient);
  constexpr INT32 kNoExpiry = 0;
  code = Esys_PolicySecret(esys.get(), ESYS_TR_RH_ENDORSEMENT, session, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                           nullptr, nullptr, nullptr, kNoExpiry, nullptr, nullptr);
  if (auto good = check(code, "allow the use of its endorsement key"); !good) return std::unexpected(good.error());
  return held;
}

/// The key of the blob's inner wrap: what only this TPM with this owner can find out.
Result<SecretBytes> activate_credential(const Esys& esys, const ActivationBlob& blob, const Held& storage_root,
                                        const Held& private_session) {
  const auto endorsement = find(esys, kEndorsementKeyHandle);
  if (!endorsement) return std::unexpected(endorsement.error());
  const auto allowed = start_endorsement_session(esys);
  if (!allowed) return std::unexpected(allowed.error());
  TPM2B_DIGEST* found = nullptr;
  const auto code =
      Esys_ActivateCredential(esys.get(), storage_root.get(), endorsement->get(), private_session.get(), allowed->get(),
                              ESYS_TR_NONE, &blob.credential, &blob.to_endorsement_key, &found);
  const std::unique_ptr<TPM2B_DIGEST, WipeDigest> key(found);
  if (code != TSS2_RC_SUCCESS) return std::unexpected(misfit_error(code, "open the credential"));
  if (key->size != kInnerKeySize) return invalid("The activation blob wraps its key with other than AES-128.");
  return SecretBytes(ByteView(key->buffer, key->size));
}

Result<EsysPtr<TPM2B_PRIVATE>> import_key(const Esys& esys, const ActivationBlob& blob, const SecretBytes& inner_key,
                                          const Held& storage_root, const Held& private_session) {
  TPM2B_DATA wrap_key{};
  fill(wrap_key, wrap_key.buffer, inner_key.reveal());
  EsysPtr<TPM2B_PRIVATE> imported;
  const auto code =
      Esys_Import(esys.get(), storage_root.get(), private_session.get(), ESYS_TR_NONE, ESYS_TR_NONE, &wrap_key,
                  &blob.public_area, &blob.duplicate, &blob.to_storage_root_key, &kInnerWrap, out(imported));
  OPENSSL_cleanse(&wrap_key, sizeof wrap_key);
  if (code != TSS2_RC_SUCCESS) return std::unexpected(misfit_error(code, "import the key"));
  return imported;
}

Result<Held> load(const Esys& esys, const Held& parent, const TPM2B_PRIVATE& imported, const TPM2B_PUBLIC& area) {
  ESYS_TR object = ESYS_TR_NONE;
  const auto code =
      Esys_Load(esys.get(), parent.get(), ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &imported, &area, &object);
  if (auto good = check(code, "load the key"); !good) return std::unexpected(good.error());
  return Held(esys, object, Held::Kind::kTransient);
}

/// Opens the blob; the key is in the TPM, but does not stay.
Result<Held> open_blob(const Esys& esys, const ActivationBlob& blob) {
  const auto storage_root = find(esys, kStorageRootKeyHandle);
  if (!storage_root) return std::unexpected(storage_root.error());
  const auto session = start_private_session(esys, *storage_root);
  if (!session) return std::unexpected(session.error());
  const auto inner_key = activate_credential(esys, blob, *storage_root, *session);
  if (!inner_key) return std::unexpected(inner_key.error());
  const auto imported = import_key(esys, blob, *inner_key, *storage_root, *session);
  if (!imported) return std::unexpected(imported.error());
  return load(esys, *storage_root, **imported, blob.public_area);
}

/// Feeds a sequence, and gives what is left for its end.
Result<TPM2B_MAX_BUFFER> update_sequence(const Esys& esys, const Held& sequence, ByteView data) {
  TPM2B_MAX_BUFFER piece{};
  while (data.size() > sizeof piece.buffer) {
    fill(piece, piece.buffer, data.first(sizeof piece.buffer));
    data = data.subspan(sizeof piece.buffer);
    const auto code =
        Esys_SequenceUpdate(esys.get(), sequence.get(), ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &piece);
    if (auto good = check(code, "sign"); !good) return std::unexpected(good.error());
  }
  fill(piece, piece.buffer, data);
  return piece;
}

/// As a sequence, because that takes texts of every length.
Result<Bytes> hmac_with(const Esys& esys, const Held& key, ByteView data) {
  const TPM2B_AUTH no_authorization{};
  ESYS_TR started = ESYS_TR_NONE;
  auto code = Esys_HMAC_Start(esys.get(), key.get(), ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &no_authorization,
                              TPM2_ALG_SHA256, &started);
  if (auto good = check(code, "sign"); !good) return std::unexpected(good.error());
  Held sequence(esys, started, Held::Kind::kTransient);
  const auto last = update_sequence(esys, sequence, data);
  if (!last) return std::unexpected(last.error());
  EsysPtr<TPM2B_DIGEST> digest;
  code = Esys_SequenceComplete(esys.get(), sequence.get(), ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &*last,
                               ESYS_TR_RH_NULL, out(digest), nullptr);
  if (auto good = check(code, "sign"); !good) return std::unexpected(good.error());
  sequence.release();  // ended with its result
  return Bytes(digest->buffer, digest->buffer + digest->size);
}

std::unexpected<Error> no_active_key() {
  return fail(ErrorCode::kNotFound, "No key was activated in the TPM.");
}

}  // namespace

Result<void> Tpm::activate(ByteView octets) {
  const auto blob = parse_activation_blob(octets);
  if (!blob) return std::unexpected(blob.error());
  state_->active.reset();  // a TPM has room for few objects
  auto key = open_blob(state_->esys, *blob);
  if (!key) return std::unexpected(key.error());
  state_->active.emplace(*std::move(key));
  return {};
}

Result<Bytes> Tpm::hmac(ByteView data) {
  if (!state_->active) return no_active_key();
  return hmac_with(state_->esys, *state_->active, data);
}

Result<void> Tpm::may_keep_at(Handle handle) {
  const auto there = find(state_->esys, handle);
  if (!there) return there.error().code == ErrorCode::kNotFound ? Result<void>() : std::unexpected(there.error());
  const auto key = read_public(state_->esys, *there);
  if (!key) return std::unexpected(key.error());
  if (crypto::tpm::OctetReader(ByteView(*key).subspan(2)).u16() == TPM2_ALG_KEYEDHASH) return {};
  return fail(ErrorCode::kConflict,
              fmt::format("At 0x{:08X} of the TPM stands another object, which is left alone. Give another handle, or "
                          "remove it: tpm2_evictcontrol -c 0x{:08X}",
                          handle, handle));
}

Result<void> Tpm::keep_active(Handle handle) {
  if (!state_->active) return no_active_key();
  if (auto free = may_keep_at(handle); !free) return free;
  if (auto gone = evict(handle); !gone && gone.error().code != ErrorCode::kNotFound) return gone;
  const auto kept = make_persistent(state_->esys, *state_->active, handle);
  if (!kept) return std::unexpected(kept.error());
  return {};
}

Result<Bytes> Tpm::hmac_at(Handle handle, ByteView data) {
  const auto key = find(state_->esys, handle);
  if (!key) return std::unexpected(key.error());
  return hmac_with(state_->esys, *key, data);
}

}  // namespace muster::tpm
