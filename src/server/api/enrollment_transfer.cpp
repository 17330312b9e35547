#include "server/api/enrollment_transfer.h"

#include <charconv>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "base/text.h"
#include "model/enrollment_csv.h"
#include "model/import_document.h"
#include "server/api/enrollment_words.h"
#include "server/api/import_run.h"
#include "server/api/paging.h"

namespace muster::server {
namespace {

namespace json = boost::json;
using model::EnrollmentKind;
using model::ExportSecrets;
using model::ImportMode;
using model::Right;
using model::TransferFormat;

/// Octets after which a page of an export ends; the entry that crosses the line still belongs to it.
constexpr std::size_t kPageOctets = 1024 * 1024;
constexpr std::size_t kPageEntries = 1000;
/// Entries read from the store in one go.
constexpr std::size_t kReadEntries = 64;
/// An id in an error is for finding the line; what is longer is no id.
constexpr std::size_t kShownId = 128;

/// "text/csv" of "text/csv; charset=utf-8".
std::string_view media_type(std::string_view header) {
  return trim(header.substr(0, header.find(';')));
}

std::optional<TransferFormat> format_of_type(std::string_view type) {
  if (equals_nocase(type, "application/x-ndjson")) return TransferFormat::kNdjson;
  if (equals_nocase(type, "text/csv")) return TransferFormat::kCsv;
  return std::nullopt;
}

std::expected<TransferFormat, ApiError> import_format(const ApiCall& call) {
  const auto format = format_of_type(media_type(call.request.header("Content-Type").value_or("")));
  if (!format) return refuse(415, 415000, "Content-Type must be application/x-ndjson or text/csv.");
  return *format;
}

/// The parameter `format`, else the Accept header, else NDJSON.
std::expected<TransferFormat, ApiError> export_format(const ApiCall& call) {
  if (const auto name = call.target.parameter("format")) {
    if (equals_nocase(*name, "ndjson")) return TransferFormat::kNdjson;
    if (equals_nocase(*name, "csv")) return TransferFormat::kCsv;
    return refuse(400, 400000, "format must be ndjson or csv.");
  }
  return format_of_type(media_type(call.request.header("Accept").value_or(""))).value_or(TransferFormat::kNdjson);
}

Result<ImportMode> import_mode(const ApiCall& call) {
  const auto name = call.target.parameter("mode");
  if (!name) return ImportMode::kCreateOrUpdate;
  const auto mode = model::parse_import_mode(*name);
  if (!mode) return invalid("mode must be create, createOrUpdate or createOrReplace.");
  return *mode;
}

Result<std::optional<std::size_t>> first_line(const ApiCall& call) {
  const auto text = call.target.parameter("firstLine");
  if (!text) return std::nullopt;
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size() || value == 0) {
    return invalid("firstLine must be the number of a line.");
  }
  return value;
}

json::object failure_to_json(EnrollmentKind kind, const ImportFailure& failure) {
  const ApiError mapped = to_api_error(kind, failure.error);
  json::object out{{"line", failure.line}};
  if (!failure.id.empty()) out[enrollment_words(kind).id_member] = failure.id.substr(0, kShownId);
  out["errorCode"] = mapped.code;
  out["message"] = mapped.message;
  return out;
}

json::object report_to_json(EnrollmentKind kind, const ImportReport& report) {
  json::array errors;
  errors.reserve(report.failures.size());
  for (const ImportFailure& failure : report.failures) errors.push_back(failure_to_json(kind, failure));
  return {{"created", report.created},
          {"updated", report.updated},
          {"unchanged", report.unchanged},
          {"failed", report.failures.size()},
          {"errors", std::move(errors)}};
}

std::string export_line(const model::Enrollment& entry, TransferFormat format, ExportSecrets secrets) {
  if (format == TransferFormat::kCsv) return model::csv_row(entry, secrets);
  return json::serialize(model::to_export_json(entry, secrets)) + '\n';
}

HttpResponse export_response(EnrollmentKind kind, TransferFormat format, std::string body, std::string_view next) {
  const bool csv = format == TransferFormat::kCsv;
  HttpResponse response{200, {}, std::move(body)};
  response.headers.emplace_back("Content-Type", csv ? "text/csv; charset=utf-8" : "application/x-ndjson");
  add_page_headers(response, enrollment_words(kind).item_type, next);
  return response;
}

}  // namespace

std::vector<Route> EnrollmentTransfer::routes() {
  std::vector<Route> out;
  for (const EnrollmentKind kind : {EnrollmentKind::kIndividual, EnrollmentKind::kGroup}) {
    const std::string collection(enrollment_words(kind).collection);
    out.push_back({"POST", {collection, "import"}, Right::kEnrollmentWrite, [this, kind](const ApiCall& call) {
                     return import_entries(call, kind);
                   }});
    out.push_back({"POST", {collection, "export"}, Right::kEnrollmentRead, [this, kind](const ApiCall& call) {
                     return export_entries(call, kind, ExportSecrets::kLeftOut);
                   }});
    // It shows keys, as attestationmechanism does, and so needs the same right (service-api.md 1.3).
    out.push_back({"POST", {collection, "export", "keys"}, Right::kEnrollmentWrite, [this, kind](const ApiCall& call) {
                     return export_entries(call, kind, ExportSecrets::kIncluded);
                   }});
  }
  return out;
}

Task<ApiResult> EnrollmentTransfer::import_entries(const ApiCall& call, EnrollmentKind kind) {
  const auto format = import_format(call);
  if (!format) co_return std::unexpected(format.error());
  const auto mode = import_mode(call);
  if (!mode) co_return refuse(mode.error());
  const auto first = first_line(call);
  if (!first) co_return refuse(first.error());
  auto document = model::ImportDocument::open(kind, *format, call.request.body, *first);
  if (!document) co_return refuse(document.error());
  ImportRun run(store_, random_, {.config = call.config, .kind = kind, .mode = *mode, .at = call.at});
  const auto report = co_await run.run(*document);
  if (!report) co_return refuse(report.error());
  co_return json_response(200, json::serialize(report_to_json(kind, *report)));
}

Task<ApiResult> EnrollmentTransfer::export_entries(const ApiCall& call, EnrollmentKind kind, ExportSecrets secrets) {
  const auto format = export_format(call);
  if (!format) co_return std::unexpected(format.error());
  auto page = read_page_request(call, kPageEntries);
  if (!page) co_return refuse(page.error());

  std::string body = *format == TransferFormat::kCsv ? model::csv_header(kind, secrets) : std::string();
  std::size_t left = page->limit;
  bool more = true;
  while (more && left > 0 && body.size() < kPageOctets) {
    auto listed =
        co_await store_.list_enrollments(call.config->instance.id, kind, page->after, std::min(left, kReadEntries));
    if (!listed) co_return refuse(listed.error());
    more = !listed->next.empty();
    for (const model::Enrollment& entry : listed->items) {
      if (body.size() >= kPageOctets) {
        more = true;
        break;
      }
      body += export_line(entry, *format, secrets);
      page->after = model::id_key(entry.id);
      --left;
    }
    co_await Yield();
  }
  co_return export_response(kind, *format, std::move(body), more ? std::string_view(page->after) : std::string_view());
}

}  // namespace muster::server
