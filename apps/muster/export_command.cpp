#include <algorithm>

#include "muster/entry_commands.h"
#include "muster/export_file.h"
#include "muster/import_progress.h"
#include "muster/transfer_commands.h"
#include "muster/transfer_format.h"
#include "muster/verb.h"

namespace muster::cli {
namespace {

using model::EnrollmentKind;
using model::ExportSecrets;
using model::TransferFormat;

struct ExportCommand {
  EnrollmentKind kind;
  ConnectionOptions connection = {};
  std::string file = "-";
  std::optional<std::string> format = {};
  bool show_keys = false;

  [[nodiscard]] ExportSecrets secrets() const { return show_keys ? ExportSecrets::kIncluded : ExportSecrets::kLeftOut; }
};

Result<TransferFormat> format_of(const ExportCommand& command) {
  if (!command.format && command.file == "-") return TransferFormat::kNdjson;
  return transfer_format(command.format, command.file);
}

/// The page without the header, which every page of a CSV has.
std::string_view without_header(std::string_view page) {
  const std::size_t feed = page.find('\n');
  return feed == std::string_view::npos ? std::string_view() : page.substr(feed + 1);
}

/// How often a page is asked for anew whose answer did not come.
constexpr int kAttempts = 5;
constexpr std::chrono::milliseconds kFirstPause{500};

Result<ExportPage> fetch_page(const Program& program, const ServiceClient& service, const ExportCommand& command,
                              TransferFormat format, const std::string& continuation) {
  std::chrono::milliseconds pause = kFirstPause;
  for (int attempt = 1;; ++attempt) {
    auto page = service.export_page(command.kind, format, command.secrets(), continuation);
    const bool passing = !page && (page.error().code == ErrorCode::kLimitExceeded ||
                                   (page.error().code == ErrorCode::kUnavailable && !continuation.empty()));
    if (!passing || attempt == kAttempts) return page;
    program.sleep(pause);
    pause *= 2;
  }
}

Result<void> copy_pages(const Program& program, const ServiceClient& service, const ExportCommand& command,
                        TransferFormat format, ExportFile& file) {
  const bool terminal = program.err_is_terminal && command.file != "-";
  ProgressLine progress(program.err, terminal ? ProgressLine::Terminal::kYes : ProgressLine::Terminal::kNo,
                        program.clock, std::nullopt);
  std::size_t lines = 0;
  std::string continuation;
  bool first = true;
  do {
    auto page = fetch_page(program, service, command, format, continuation);
    progress.clear();
    if (!page) return std::unexpected(page.error());
    const bool repeated_header = format == TransferFormat::kCsv && !first;
    const std::string_view text = repeated_header ? without_header(page->body) : std::string_view(page->body);
    if (auto written = file.write(text); !written) return written;
    lines += static_cast<std::size_t>(std::ranges::count(text, '\n'));
    progress.show(lines, 0, 0);
    continuation = std::move(page->next);
    first = false;
  } while (!continuation.empty());
  progress.clear();
  return file.complete();
}

int run_export(const Program& program, const ExportCommand& command) {
  const auto format = format_of(command);
  if (!format) return report_usage(program, format.error());
  const auto service = connect_service(program, command.connection);
  if (!service) return report_usage(program, service.error());
  auto file =
      ExportFile::open(command.file, program.out, command.show_keys ? FileAccess::kOwner : FileAccess::kEveryone);
  if (!file) return report_usage(program, file.error());
  const auto copied = copy_pages(program, *service, command, *format, *file);
  return copied ? done() : report(program, copied.error());
}

std::string examples(EnrollmentKind kind) {
  if (kind == EnrollmentKind::kGroup) {
    return "  muster group export --file groups.csv\n"
           "  muster group export --show-keys --file groups.ndjson\n";
  }
  return "  muster enrollment export --file devices.csv\n"
         "  muster enrollment export --show-keys --file devices.ndjson\n"
         "  muster enrollment export | jq -r .registrationId\n";
}

}  // namespace

void add_export_verb(CLI::App& noun, EnrollmentKind kind, Selection& selection) {
  const auto [verb, command] =
      add_verb(noun, selection, run_export, {"export", "Write all to a file that import takes", examples(kind)},
               ExportCommand{.kind = kind});
  verb->add_option("--file,-f", command->file, "Where to; - for standard output (default)")->type_name("FILE");
  as_choice(verb->add_option("--format", command->format,
                             "csv or ndjson (default: by the end of the file's name, else ndjson)"),
            {"csv", "ndjson"});
  verb->add_flag("--show-keys", command->show_keys,
                 "With keys and certificates, as an import elsewhere needs them; the file is secret then");
  add_connection_options(*verb, command->connection);
}

}  // namespace muster::cli
