#pragma once

#include <functional>
#include <ostream>

#include "base/clock.h"
#include "base/random.h"
#include "muster/device_client.h"
#include "muster/environment.h"
#include "muster/exit_code.h"
#include "muster/http.h"
#include "muster/serve_options.h"
#include "muster/tls_channel.h"
#include "server/backup/backup.h"

namespace muster::cli {

/// What the commands need of the process, so that a whole command line is tested in memory.
struct Program {
  std::ostream& out;
  std::ostream& err;
  bool err_is_terminal = false;
  Environment environment;
  const Clock& clock;
  Random& random;
  Sleep sleep;
  std::function<HttpSend(const HttpClientOptions&)> make_send;
  std::function<Result<std::unique_ptr<OctetChannel>>(const TlsTarget&)> open_tls;
  std::function<Machine()> machine;
  std::function<int(const ServeOptions&)> serve;
  std::function<Result<server::BackupReport>(const server::BackupOptions&, const server::BackupProgress&)> backup;
  std::function<Result<server::BackupReport>(const server::RestoreOptions&, const server::BackupProgress&)> restore;
};

/// Parses a command line (argv, the program's name first) and runs what it asks for; the value is the exit code of the
/// process (ExitCode, or what serve returned).
int run(int argc, const char* const* argv, const Program& program);

}  // namespace muster::cli
