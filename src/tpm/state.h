#pragma once

#include "tpm/esys.h"

namespace muster::tpm {

struct Tpm::State {
  Esys esys;
  std::optional<Held> active = {};  ///< goes before the connection
};

/// A key at its handle, or derived from its template for as long as it is held.
struct Primary {
  Held held;
  Bytes public_key;  ///< TPM2B_PUBLIC
  bool persistent;
};

/// Derives a key from its template, which takes some seconds in a TPM of hardware.
Result<Primary> derive(const Esys& esys, KeyRole role);
/// What stands at the key's handle, whatever it is. kNotFound when nothing does.
Result<Primary> find_primary(const Esys& esys, KeyRole role);

/// Keeps an object at a handle that is free.
Result<Held> make_persistent(const Esys& esys, const Held& object, Handle handle);

}  // namespace muster::tpm
