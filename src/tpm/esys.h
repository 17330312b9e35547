#pragma once

#include <memory>
#include <utility>

#include <tss2/tss2_esys.h>
#include <tss2/tss2_tctildr.h>

#include "base/secret.h"
#include "tpm/response_code.h"
#include "tpm/tpm.h"

namespace muster::tpm {

/// What the stack allocates for its caller.
struct EsysFree {
  void operator()(void* memory) const { Esys_Free(memory); }
};
template <class T>
using EsysPtr = std::unique_ptr<T, EsysFree>;

/// Gives a stack function the address to write a result to: `check(Esys_ReadPublic(..., out(result), ...))`.
template <class T>
class OutPointer {
 public:
  explicit OutPointer(EsysPtr<T>& target) : target_(target) {}
  ~OutPointer() { target_.reset(raw_); }
  OutPointer(const OutPointer&) = delete;
  OutPointer& operator=(const OutPointer&) = delete;
  operator T**() { return &raw_; }  // NOLINT(google-explicit-constructor): stands for the address

 private:
  EsysPtr<T>& target_;
  T* raw_ = nullptr;
};
template <class T>
OutPointer<T> out(EsysPtr<T>& target) {
  return OutPointer<T>(target);
}

/// Octets into one of the specification's sized buffers; nothing when there is no room for them.
template <class Buffer>
bool fill(Buffer& buffer, std::span<BYTE> room, ByteView octets) {
  if (octets.size() > room.size()) return false;
  std::ranges::copy(octets, room.begin());
  buffer.size = static_cast<UINT16>(octets.size());
  return true;
}

/// A connection to a TPM: the way there, and the stack's context on it.
class Esys {
 public:
  static Result<Esys> open(const std::string& tcti);
  ~Esys();
  Esys(Esys&& other) noexcept
      : way_(std::exchange(other.way_, nullptr)), context_(std::exchange(other.context_, nullptr)) {}
  Esys& operator=(Esys&&) = delete;

  [[nodiscard]] ESYS_CONTEXT* get() const { return context_; }
  /// Sets what proves the right to use a hierarchy or object from now on.
  Result<void> authorize(ESYS_TR object, const SecretBytes& value);

 private:
  Esys() = default;

  TSS2_TCTI_CONTEXT* way_ = nullptr;
  ESYS_CONTEXT* context_ = nullptr;
};

/// Something in the TPM that this program holds: a transient object or a session, which it flushes, or a persistent
/// object, which it only forgets. The connection outlives it.
class Held {
 public:
  enum class Kind : std::uint8_t { kTransient, kPersistent };

  Held(const Esys& esys, ESYS_TR object, Kind kind) : context_(esys.get()), object_(object), kind_(kind) {}
  ~Held();
  Held(Held&& other) noexcept
      : context_(other.context_), object_(std::exchange(other.object_, ESYS_TR_NONE)), kind_(other.kind_) {}
  Held& operator=(Held&& other) noexcept {
    std::swap(context_, other.context_);
    std::swap(object_, other.object_);
    std::swap(kind_, other.kind_);
    return *this;
  }

  [[nodiscard]] ESYS_TR get() const { return object_; }
  /// After the TPM has taken it away by itself.
  ESYS_TR release() { return std::exchange(object_, ESYS_TR_NONE); }

 private:
  ESYS_CONTEXT* context_;
  ESYS_TR object_;
  Kind kind_;
};

/// Numbers of all objects or indices from `first` on, within the range that its first octet names.
Result<std::vector<Handle>> handles_from(const Esys& esys, Handle first);
/// Whether a persistent object or an index stands at a number.
Result<bool> exists(const Esys& esys, Handle handle);
/// What stands at a number. kNotFound when nothing does.
Result<Held> find(const Esys& esys, Handle handle);
/// The TPM2B_PUBLIC of a key.
Result<Bytes> read_public(const Esys& esys, const Held& key);
/// As it is sent: TPM2B_PUBLIC with its size.
Result<Bytes> to_octets(const TPM2B_PUBLIC& key);

}  // namespace muster::tpm
