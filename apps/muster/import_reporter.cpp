#include "muster/import_reporter.h"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "muster/table.h"

namespace muster::cli {
namespace {

/// What a cut-off import does again at most; doing it again is safe, saving after each chunk would cost more.
constexpr std::chrono::seconds kSaveInterval{1};

ProgressLine::Terminal terminal_of(const Program& program) {
  return program.err_is_terminal ? ProgressLine::Terminal::kYes : ProgressLine::Terminal::kNo;
}

std::string member_text(const boost::json::object& object, std::string_view member) {
  const auto* value = object.if_contains(member);
  if (value == nullptr) return "";
  return value->is_string() ? std::string(value->get_string()) : boost::json::serialize(*value);
}

/// "line 17: pump-17: 400000 deviceId: ..."
std::string failure_text(const boost::json::object& failure) {
  std::string id = member_text(failure, "registrationId");
  if (id.empty()) id = member_text(failure, "enrollmentGroupId");
  return printable(fmt::format("line {}: {}{}{} {}", member_text(failure, "line"), id, id.empty() ? "" : ": ",
                               member_text(failure, "errorCode"), member_text(failure, "message")));
}

void add(ImportTotals& totals, const ImportTotals& more) {
  totals.created += more.created;
  totals.updated += more.updated;
  totals.unchanged += more.unchanged;
  totals.failed += more.failed;
}

}  // namespace

ImportReporter::ImportReporter(const Program& program, ImportState state,
                               std::optional<std::filesystem::path> state_file)
    : program_(program),
      state_(std::move(state)),
      state_file_(std::move(state_file)),
      progress_(program.err, terminal_of(program), program.clock,
                state_file_ ? std::optional(state_.file_size) : std::nullopt),
      begun_(state_),
      saved_at_(program.clock.now()) {
}

Result<ImportReporter> ImportReporter::open(const Program& program, ImportState state, const Options& options) {
  ImportReporter reporter(program, std::move(state), options.state_file);
  if (!options.report_file.empty()) {
    reporter.report_.emplace(options.report_file, options.resumed ? std::ios::app : std::ios::trunc);
    if (!*reporter.report_) return invalid(fmt::format("Cannot write {}.", options.report_file));
  }
  return reporter;
}

void ImportReporter::note(const ImportChunk& chunk, const ChunkOutcome& outcome) {
  for (const auto& failure : outcome.failures) tell(failure);
  add(state_.totals, outcome.totals);
  state_.done = chunk.end;
  if (program_.clock.now() - saved_at_ >= kSaveInterval) save();
  progress_.show(state_.totals.all() - begun_.totals.all(), state_.done.offset - begun_.done.offset,
                 begun_.done.offset);
}

void ImportReporter::tell(const boost::json::object& failure) {
  progress_.clear();
  program_.err << failure_text(failure) << '\n';
  if (report_) *report_ << boost::json::serialize(failure) << '\n';
}

void ImportReporter::save() {
  saved_at_ = program_.clock.now();
  if (!state_file_) return;
  if (report_) report_->flush();
  // Without the state the import itself is no worse off.
  if (auto saved = write_state(*state_file_, state_); !saved) {
    progress_.clear();
    program_.err << "muster: " << saved.error().message << '\n';
  }
}

Result<void> ImportReporter::complete() {
  progress_.clear();
  std::error_code ignored;
  if (state_file_) std::filesystem::remove(*state_file_, ignored);
  if (report_ && !report_->flush()) return fail(ErrorCode::kInternal, "The report could not be written.");
  return {};
}

void ImportReporter::abandon() {
  progress_.clear();
  if (state_.done == ImportPosition()) return;  // there is nothing to go on with
  save();
  program_.err << fmt::format("muster: {} entries were imported before", state_.totals.all() - state_.totals.failed);
  program_.err << (state_file_ ? "; go on with --resume\n" : "; the same import again is safe\n");
}

}  // namespace muster::cli
