#pragma once

#include <filesystem>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "muster/fake_service.h"
#include "muster/program.h"

namespace muster::cli {

/// What a command line did.
struct Ran {
  int code = -1;
  std::string out = {};
  std::string err = {};
  std::optional<TlsTarget> opened = {};
  std::optional<ServeOptions> served = {};
  std::optional<server::KeyProtection> backed_up = {};
  std::optional<std::filesystem::path> restored = {};
};

/// For tests: a process that is not there. Its environment names the service dps.example.net, its clock stands still.
class FakeProgram {
 public:
  explicit FakeProgram(const FakeService& service = {})
      : program{.out = out,
                .err = err,
                .environment = [](const std::string& name) -> std::optional<std::string> {
                  if (name != "MUSTER_CONNECTION_STRING") return std::nullopt;
                  return "HostName=dps.example.net;SharedAccessKeyName=owner;SharedAccessKey=AAECAwQFBgcICQoLDA0ODw==";
                },
                .clock = clock,
                .random = random,
                .sleep = [](std::chrono::milliseconds) {},
                .make_send = [send = service.send()](const HttpClientOptions&) { return send; },
                .open_tls = [this](const TlsTarget& target) -> Result<std::unique_ptr<OctetChannel>> {
                  opened = target;
                  return fail(ErrorCode::kUnavailable, "Cannot reach the fake.");
                },
                .machine = [] { return Machine{.host_name = "plant.example.net", .cores = 2}; },
                .serve =
                    [this](const ServeOptions& options) {
                      served = options;
                      return 0;
                    },
                .backup = [this](const server::BackupOptions& options,
                                 const server::BackupProgress&) -> Result<server::BackupReport> {
                  backed_up = options.key;
                  return server::BackupReport{};
                },
                .restore = [this](const server::RestoreOptions& options,
                                  const server::BackupProgress&) -> Result<server::BackupReport> {
                  restored = options.data;
                  return server::BackupReport{};
                }} {}
  FakeProgram(const FakeProgram&) = delete;
  FakeProgram& operator=(const FakeProgram&) = delete;

  std::ostringstream out;
  std::ostringstream err;
  ManualClock clock{from_micros(1'800'000'000'000'000)};
  SequenceRandom random;
  std::optional<TlsTarget> opened;
  std::optional<ServeOptions> served;
  std::optional<server::KeyProtection> backed_up;
  std::optional<std::filesystem::path> restored;
  Program program;
};

/// Runs a command line, split at blanks, against a fake service.
inline Ran run_line(const std::string& line, const FakeService& service = {}) {
  std::istringstream words("muster " + line);
  const std::vector<std::string> arguments{std::istream_iterator<std::string>(words), {}};
  std::vector<const char*> argv;
  argv.reserve(arguments.size());
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  FakeProgram process(service);
  const int code = run(static_cast<int>(argv.size()), argv.data(), process.program);
  return {.code = code,
          .out = process.out.str(),
          .err = process.err.str(),
          .opened = process.opened,
          .served = process.served,
          .backed_up = process.backed_up,
          .restored = process.restored};
}

}  // namespace muster::cli
