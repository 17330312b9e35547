#include <algorithm>

#include <fmt/format.h>

#include "model/enrollment_members.h"
#include "model/json.h"
#include "muster/bulk_file.h"
#include "muster/entry_commands.h"
#include "muster/files.h"
#include "muster/table.h"
#include "muster/transfer_commands.h"
#include "muster/verb.h"

namespace muster::cli {
namespace {

using boost::json::array;
using model::EnrollmentKind;

/// Most entries of one request (service-api.md 4).
constexpr std::size_t kRequestEntries = 10;
constexpr std::size_t kMaxBulkFile = 256UL * 1024 * 1024;

struct BulkCommand {
  EnrollmentKind kind;
  ClientOptions client = {};
  std::string file = {};
  std::string mode = {};
};

/// What a request carries of an entry: a deletion needs no more than id and etag.
boost::json::value sent_entry(const BulkCommand& command, const boost::json::value& entry) {
  if (command.mode != "delete") return entry;
  boost::json::object out;
  for (const std::string_view member : {model::id_member(command.kind), std::string_view("etag")}) {
    if (const auto* value = entry.get_object().if_contains(member)) out[member] = *value;
  }
  return out;
}

/// The failures of one request.
Result<array> send_some(const ServiceClient& service, const BulkCommand& command, const array& entries) {
  const auto answer = service.bulk(command.kind, command.mode, entries);
  if (!answer) return std::unexpected(answer.error());
  const auto* object = answer->if_object();
  const auto errors = object != nullptr ? model::optional_array(*object, "errors") : invalid("no object");
  if (!errors) return fail(ErrorCode::kInternal, "The service sent no report of the operation.");
  return *errors != nullptr ? **errors : array();
}

void tell(const Program& program, const BulkCommand& command, const boost::json::value& failure) {
  const auto* object = failure.if_object();
  if (object == nullptr) return;
  const auto text = [&](std::string_view member) {
    return std::string(model::optional_string(*object, member).value_or("").value_or(""));
  };
  const auto code = model::optional_int(*object, "errorCode");
  program.err << printable(fmt::format("{}: {} {}", text(model::id_member(command.kind)), code ? code->value_or(0) : 0,
                                       text("errorStatus")))
              << '\n';
}

int print_outcome(const Program& program, const BulkCommand& command, std::size_t sent, const array& errors) {
  const boost::json::object outcome{{"isSuccessful", errors.empty()}, {"errors", errors}};
  print(program, command.client.output, outcome,
        [&](const auto&) { return fmt::format("done {}  failed {}\n", sent - errors.size(), errors.size()); });
  return static_cast<int>(errors.empty() ? ExitCode::kOk : ExitCode::kRefused);
}

int bulk(const Program& program, const BulkCommand& command) {
  const auto text = read_file(command.file, kMaxBulkFile);
  if (!text) return report_usage(program, text.error());
  const auto entries = read_bulk_entries(command.kind, *text);
  if (!entries) return report_usage(program, entries.error());
  const auto service = connect_service(program, command.client.connection);
  if (!service) return report_usage(program, service.error());
  array errors;
  for (std::size_t begin = 0; begin < entries->size(); begin += kRequestEntries) {
    array some;
    const std::size_t end = std::min(begin + kRequestEntries, entries->size());
    for (std::size_t i = begin; i < end; ++i) some.push_back(sent_entry(command, (*entries)[i]));
    auto failed = send_some(*service, command, some);
    if (!failed) {
      program.err << fmt::format("muster: {} of {} entries were done before\n", begin - errors.size(), entries->size());
      return report(program, failed.error());
    }
    for (auto& failure : *failed) {
      tell(program, command, failure);
      errors.push_back(std::move(failure));
    }
  }
  return print_outcome(program, command, entries->size(), errors);
}

std::string examples(EnrollmentKind kind) {
  const std::string_view noun = kind == EnrollmentKind::kGroup ? "group" : "enrollment";
  return fmt::format(
      "  muster {0} bulk --mode create --file entries.json\n"
      "  muster {0} list --query \"SELECT * WHERE initialTwin.tags.site = 'ams'\" -o json |\n"
      "      muster {0} bulk --mode delete --file -\n",
      noun);
}

}  // namespace

void add_bulk_verb(CLI::App& noun, EnrollmentKind kind, Selection& selection) {
  const auto verb = add_client_verb(
      noun, selection, bulk,
      {"bulk", "Create, update or delete many, each for itself; `import` is faster and takes larger files",
       examples(kind)},
      BulkCommand{.kind = kind});
  as_choice(verb.app
                ->add_option("--mode", verb.command->mode,
                             "What to do (required); with an etag only when the entry still has it")
                ->required(),
            {"create", "update", "updateIfMatchETag", "delete"});
  verb.app
      ->add_option("--file,-f", verb.command->file,
                   "JSON array as `list -o json` prints it, or NDJSON; - for standard input")
      ->required()
      ->type_name("FILE");
}

}  // namespace muster::cli
