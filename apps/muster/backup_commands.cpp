#include <memory>

#include <fmt/format.h>

#include "crypto/sealing.h"
#include "muster/commands.h"
#include "muster/files.h"
#include "muster/version.h"

namespace muster::cli {
namespace {

using server::KeyProtection;

constexpr std::chrono::seconds kProgressInterval{2};

/// Says how far long work is, now and then; short work is over before there is anything to say.
class ProgressPrinter {
 public:
  explicit ProgressPrinter(const Program& program) : program_(program), said_(program.clock.now()) {}

  void operator()(std::string_view step, std::uint64_t done, std::uint64_t all) {
    const TimePoint now = program_.clock.now();
    if (now - said_ < kProgressInterval) return;
    said_ = now;
    program_.err << (all == 0 ? fmt::format("muster: {}\n", step)
                              : fmt::format("muster: {}, {} %\n", step, 100 * done / all))
                 << std::flush;
  }

 private:
  const Program& program_;
  TimePoint said_;
};

/// A refusal or a fault of the work itself, whatever its kind.
int report_failure(const Program& program, const Error& error) {
  report(program, error);
  return static_cast<int>(ExitCode::kRefused);
}

Result<std::filesystem::path> data_folder(const std::string& given, const Program& program) {
  const std::string folder = given.empty() ? program.environment("MUSTER_DATA").value_or("") : given;
  if (folder.empty()) return invalid("Which data folder? Give --data or set MUSTER_DATA.");
  return folder;
}

Result<SecretBytes> read_passphrase(const std::string& path) {
  auto passphrase = read_secret_file(path);
  if (!passphrase) return std::unexpected(passphrase.error());
  if (passphrase->size() < server::kShortestPassphrase) {
    return invalid(fmt::format("{}: a passphrase must have at least {} octets.", path, server::kShortestPassphrase));
  }
  return passphrase;
}

std::string size_text(std::uint64_t octets) {
  constexpr double kMega = 1e6;
  return octets < 1'000'000 ? fmt::format("{} octets", octets)
                            : fmt::format("{:.1f} MB", static_cast<double>(octets) / kMega);
}

// --- backup ---------------------------------------------------------------------------------------------------------
struct BackupCommand {
  std::string data;
  std::string output;
  std::string passphrase_file;
  bool include_key = false;
  bool leave_out_key = false;
};

Result<server::BackupOptions> read_options(const BackupCommand& command, const Program& program) {
  const int ways =
      (command.passphrase_file.empty() ? 0 : 1) + (command.include_key ? 1 : 0) + (command.leave_out_key ? 1 : 0);
  if (ways != 1) {
    return invalid(
        "What about the master key, without which the secrets in the backup cannot be read? Give one of\n"
        "  --passphrase-file FILE   seal it under a passphrase, to be kept apart from the backup\n"
        "  --include-master-key     put it in as it is: whoever gets the backup gets every secret\n"
        "  --without-master-key     leave it out: keep a copy of DIR/master.key elsewhere");
  }
  auto data = data_folder(command.data, program);
  if (!data) return std::unexpected(data.error());
  server::BackupOptions options{.data = *data, .output = command.output, .program = kVersion};
  if (command.include_key) options.key = KeyProtection::kPlain;
  if (!command.passphrase_file.empty()) {
    auto passphrase = read_passphrase(command.passphrase_file);
    if (!passphrase) return std::unexpected(passphrase.error());
    options.key = KeyProtection::kPassphrase;
    options.passphrase = std::move(*passphrase);
  }
  return options;
}

std::string_view key_advice(KeyProtection key) {
  switch (key) {
    case KeyProtection::kLeftOut:
      return "It holds no master key: a restore needs the one of this folder.";
    case KeyProtection::kPlain:
      return "It holds the master key as it is: guard it like the data folder itself.";
    case KeyProtection::kPassphrase:
      return "Its master key opens with the passphrase only: keep that apart from the backup.";
  }
  return "";
}

int run_backup(const Program& program, const BackupCommand& command) {
  const auto options = read_options(command, program);
  if (!options) return report_usage(program, options.error());
  const auto made = program.backup(*options, ProgressPrinter(program));
  if (!made) return report_failure(program, made.error());
  program.out << fmt::format("Backed up {} to {}: {}, schema {}.\n{}\n", options->data.string(),
                             options->output.string(), size_text(made->size), made->header.schema_version,
                             key_advice(options->key));
  return done();
}

// --- restore --------------------------------------------------------------------------------------------------------
struct RestoreCommand {
  std::string input;
  std::string data;
  std::string passphrase_file;
  std::string key_file;
};

Result<server::RestoreOptions> read_options(const RestoreCommand& command, const Program& program) {
  auto data = data_folder(command.data, program);
  if (!data) return std::unexpected(data.error());
  server::RestoreOptions options{.input = command.input, .data = *data, .passphrase = {}, .master_key = {}};
  if (!command.passphrase_file.empty()) {
    auto passphrase = read_passphrase(command.passphrase_file);
    if (!passphrase) return std::unexpected(passphrase.error());
    options.passphrase = std::move(*passphrase);
  }
  if (!command.key_file.empty()) {
    auto key = crypto::load_master_key(command.key_file);
    if (!key) return std::unexpected(key.error());
    options.master_key = std::move(*key);
  }
  return options;
}

int run_restore(const Program& program, const RestoreCommand& command) {
  const auto options = read_options(command, program);
  if (!options) return report_usage(program, options.error());
  const auto restored = program.restore(*options, ProgressPrinter(program));
  if (!restored) return report_failure(program, restored.error());
  program.out << fmt::format("Restored {} of {} (made by version {}): {}.\nStart it with: muster serve --data {} ...\n",
                             options->data.string(), format_time_seconds(restored->header.created),
                             restored->header.program, size_text(restored->size), options->data.string());
  return done();
}

}  // namespace

void add_backup_commands(CLI::App& app, Selection& selection) {
  auto backup = std::make_shared<BackupCommand>();
  CLI::App* verb =
      add_verb(app, "backup", "Copy everything a service keeps into one file, also while it runs",
               "  muster backup --data /var/lib/muster --output muster-2026-11-22.backup \\\n"
               "    --passphrase-file /root/backup.passphrase\n"
               "  muster backup --data /var/lib/muster --output /mnt/vault/muster.backup --without-master-key\n");
  verb->add_option("--data", backup->data, "Folder of the service; or MUSTER_DATA")->type_name("DIR");
  verb->add_option("--output", backup->output, "Backup to make")->required()->type_name("FILE");
  verb->add_option("--passphrase-file", backup->passphrase_file,
                   "Seal the master key under the passphrase in this file")
      ->type_name("FILE");
  verb->add_flag("--include-master-key", backup->include_key, "Put the master key in as it is");
  verb->add_flag("--without-master-key", backup->leave_out_key, "Leave the master key out");
  verb->callback([&selection, backup] {
    selection.run = [&program = selection.program, backup] { return run_backup(program, *backup); };
  });

  auto restore = std::make_shared<RestoreCommand>();
  verb = add_verb(app, "restore", "Put a backup into an empty data folder",
                  "  muster restore --input muster-2026-11-22.backup --data /var/lib/muster \\\n"
                  "    --passphrase-file /root/backup.passphrase\n");
  verb->add_option("--input", restore->input, "Backup to restore")->required()->type_name("FILE");
  verb->add_option("--data", restore->data, "Empty or missing folder; or MUSTER_DATA")->type_name("DIR");
  verb->add_option("--passphrase-file", restore->passphrase_file, "The passphrase that opens its master key")
      ->type_name("FILE");
  verb->add_option("--master-key-file", restore->key_file, "The master key, when the backup was made without")
      ->type_name("FILE");
  verb->callback([&selection, restore] {
    selection.run = [&program = selection.program, restore] { return run_restore(program, *restore); };
  });
}

}  // namespace muster::cli
