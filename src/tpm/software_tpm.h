#pragma once

#include <string>

#include <sys/types.h>

#include "base/temporary_folder.h"

namespace muster::tpm {

/// For tests: a TPM in software (swtpm) with fresh state, on ports of the loopback address, for as long as it lives.
class SoftwareTpm {
 public:
  SoftwareTpm();
  ~SoftwareTpm();
  SoftwareTpm(const SoftwareTpm&) = delete;
  SoftwareTpm& operator=(const SoftwareTpm&) = delete;

  [[nodiscard]] std::string tcti() const;

 private:
  bool start();

  TemporaryFolder state_;
  std::uint16_t port_ = 0;
  pid_t process_ = -1;
};

}  // namespace muster::tpm
