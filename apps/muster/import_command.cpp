#include <fstream>
#include <iostream>
#include <memory>

#include <fmt/format.h>

#include "model/json.h"
#include "muster/entry_commands.h"
#include "muster/import_reporter.h"
#include "muster/transfer_commands.h"
#include "muster/transfer_format.h"
#include "muster/verb.h"

namespace muster::cli {
namespace {

using model::EnrollmentKind;
using model::TransferFormat;

struct ImportCommand {
  EnrollmentKind kind;
  ClientOptions client = {};
  std::string file = {};
  std::optional<std::string> format = {};
  std::string mode = "createOrUpdate";
  std::string report = {};
  int connections = 4;
  bool resume = false;

  [[nodiscard]] bool from_stdin() const { return file == "-"; }
};

std::size_t count_in(const boost::json::object& report, std::string_view member) {
  const auto value = model::optional_int(report, member);
  return value && *value && **value > 0 ? static_cast<std::size_t>(**value) : 0;
}

/// What the service reports of a chunk; it must account for every record.
Result<ChunkOutcome> read_outcome(const boost::json::value& answer, const ImportChunk& chunk) {
  const auto* report = answer.if_object();
  if (report == nullptr) return fail(ErrorCode::kInternal, "The service sent no report of the import.");
  ChunkOutcome outcome;
  outcome.totals = {.created = count_in(*report, "created"),
                    .updated = count_in(*report, "updated"),
                    .unchanged = count_in(*report, "unchanged"),
                    .failed = count_in(*report, "failed")};
  if (const auto errors = model::optional_array(*report, "errors"); errors && *errors != nullptr) {
    for (const auto& failure : **errors) {
      if (failure.is_object()) outcome.failures.push_back(failure.get_object());
    }
  }
  if (outcome.totals.all() != chunk.records || outcome.totals.failed != outcome.failures.size()) {
    return fail(ErrorCode::kInternal,
                fmt::format("The service's report from line {} on does not add up.", chunk.first_line));
  }
  return outcome;
}

Result<std::vector<SendChunk>> make_senders(const Program& program, const ImportCommand& command,
                                            TransferFormat format) {
  std::vector<SendChunk> senders;
  for (int i = 0; i < command.connections; ++i) {
    auto service = connect_service(program, command.client.connection);
    if (!service) return std::unexpected(service.error());
    senders.push_back([service = *std::move(service), kind = command.kind, format,
                       mode = command.mode](const ImportChunk& chunk) -> Result<ChunkOutcome> {
      const auto answer = service.import(kind, format, mode, chunk.first_line, chunk.body);
      return answer ? read_outcome(*answer, chunk) : std::unexpected(answer.error());
    });
  }
  return senders;
}

/// What distinguishes this import from another one of the same file.
std::string task_of(const Program& program, const ImportCommand& command, TransferFormat format) {
  const auto access = find_service(command.client.connection, program.environment);
  return fmt::format("{} {} {} {}", model::to_string(command.kind), format == TransferFormat::kCsv ? "csv" : "ndjson",
                     command.mode, access ? access->connection.host_name : "");
}

/// Where the import begins: at the beginning of the file, or where an earlier run stopped.
Result<ImportState> beginning(const Program& program, const ImportCommand& command, TransferFormat format) {
  if (command.from_stdin()) {
    if (command.resume) return invalid("Standard input cannot be resumed; the same import again is safe.");
    return ImportState();
  }
  auto now = describe_file(command.file);
  if (!now) return now;
  now->task = task_of(program, command, format);
  const auto then = read_state(state_path(command.file));
  if (!command.resume) {
    if (then && *then) {
      program.err << fmt::format("muster: an import of this file was cut off at line {}; --resume goes on there\n",
                                 (*then)->done.line);
    }
    return now;
  }
  if (!then) return std::unexpected(then.error());
  if (!*then) return now;
  if (auto resumable = check_resumable(**then, *now); !resumable) return std::unexpected(resumable.error());
  return **then;
}

/// Everything that an import needs; made before anything is sent.
struct Prepared {
  std::unique_ptr<std::ifstream> file;  ///< null: standard input
  std::optional<ImportSource> source = {};
  std::vector<SendChunk> senders = {};
  std::optional<ImportReporter> reporter = {};
};

Result<Prepared> prepare(const Program& program, const ImportCommand& command) {
  const auto format = transfer_format(command.format, command.file);
  if (!format) return std::unexpected(format.error());
  Prepared out;
  auto senders = make_senders(program, command, *format);
  if (!senders) return std::unexpected(senders.error());
  out.senders = *std::move(senders);
  auto state = beginning(program, command, *format);
  if (!state) return std::unexpected(state.error());
  if (!command.from_stdin()) out.file = std::make_unique<std::ifstream>(command.file, std::ios::binary);
  if (out.file && !*out.file) return invalid(fmt::format("Cannot open {}.", command.file));
  auto source = ImportSource::open(out.file ? *out.file : std::cin, *format, {});
  if (!source) return invalid(fmt::format("{}: {}", command.file, source.error().message));
  out.source = *std::move(source);
  const bool resumed = state->done != ImportPosition();
  if (resumed) {
    if (auto skipped = out.source->skip_to(state->done); !skipped) return std::unexpected(skipped.error());
  }
  const auto state_file = command.from_stdin() ? std::nullopt : std::optional(state_path(command.file));
  auto reporter = ImportReporter::open(program, *std::move(state),
                                       {.state_file = state_file, .report_file = command.report, .resumed = resumed});
  if (!reporter) return std::unexpected(reporter.error());
  out.reporter.emplace(*std::move(reporter));
  return out;
}

std::string format_totals(const ImportTotals& totals) {
  return fmt::format("created {}  updated {}  unchanged {}  failed {}\n", totals.created, totals.updated,
                     totals.unchanged, totals.failed);
}

int print_totals(const Program& program, const ImportCommand& command, const ImportTotals& totals) {
  const boost::json::object value{{"created", totals.created},
                                  {"updated", totals.updated},
                                  {"unchanged", totals.unchanged},
                                  {"failed", totals.failed}};
  print(program, command.client.output, value, [&](const auto&) { return format_totals(totals); });
  return static_cast<int>(totals.failed == 0 ? ExitCode::kOk : ExitCode::kRefused);
}

int run_import(const Program& program, const ImportCommand& command) {
  auto prepared = prepare(program, command);
  if (!prepared) return report_usage(program, prepared.error());
  ImportReporter& reporter = *prepared->reporter;
  ImportJob job(*prepared->source, std::move(prepared->senders), program.sleep,
                [&](const ImportChunk& chunk, const ChunkOutcome& outcome) { reporter.note(chunk, outcome); });
  if (auto ran = job.run(); !ran) {
    reporter.abandon();
    return report(program, ran.error());
  }
  const auto completed = reporter.complete();
  const int code = print_totals(program, command, reporter.totals());
  return completed ? code : report(program, completed.error());
}

std::string examples(EnrollmentKind kind) {
  if (kind == EnrollmentKind::kGroup) {
    return "  muster group import --file groups.csv\n"
           "  muster group export --show-keys | muster group import --file - --format ndjson \\\n"
           "      --connection-string-file other.connection-string\n";
  }
  return "  muster enrollment import --file devices.csv\n"
         "  muster enrollment import --file devices.ndjson --mode create --report failures.ndjson\n"
         "  muster enrollment import --file devices.csv --resume\n"
         "  generate-devices | muster enrollment import --file - --format ndjson\n";
}

}  // namespace

void add_import_verb(CLI::App& noun, EnrollmentKind kind, Selection& selection) {
  const auto [verb, command] = add_client_verb(
      noun, selection, run_import,
      {"import", "Create and update many at once from a file; bad lines cost no others", examples(kind)},
      ImportCommand{.kind = kind});
  verb->add_option("--file,-f", command->file, "CSV or NDJSON file of any size; - for standard input")
      ->required()
      ->type_name("FILE");
  as_choice(verb->add_option("--format", command->format, "csv or ndjson (default: by the end of the file's name)"),
            {"csv", "ndjson"});
  as_choice(verb->add_option("--mode", command->mode,
                             "What to do with entries that exist (default createOrUpdate: what is not given stays)"),
            {"create", "createOrUpdate", "createOrReplace"});
  verb->add_option("--report", command->report, "Write the lines that failed to this file, as NDJSON")
      ->type_name("FILE");
  verb->add_flag("--resume", command->resume, "Go on where an import of this file was cut off");
  as_number(verb->add_option("--connections", command->connections, "Requests under way at once, up to 32 (default 4)"),
            1, 32);
}

}  // namespace muster::cli
