#include "base/bytes.h"
#include "muster/commands.h"
#include "muster/connect_management.h"
#include "muster/files.h"
#include "muster/table.h"
#include "muster/verb.h"

namespace muster::cli {
namespace {

struct CertificateCommand {
  ClientOptions client = {};
  std::string name = {};
  std::string path = {};
  std::string etag = {};
  bool verified = false;
};

std::string format_certificates(const boost::json::value& answer) {
  const auto* object = answer.if_object();
  const auto* value = object == nullptr ? nullptr : object->if_contains("value");
  return format_list({{"NAME", {"name"}},
                      {"SUBJECT", {"properties", "subject"}},
                      {"VERIFIED", {"properties", "isVerified"}},
                      {"EXPIRES", {"properties", "expiry"}},
                      {"THUMBPRINT", {"properties", "thumbprint"}}},
                     value != nullptr && value->is_array() ? value->get_array() : boost::json::array());
}

std::string format_certificate(const boost::json::value& certificate) {
  return certificate.is_object() ? format_object(certificate.get_object()) : pretty_json(certificate);
}

int print_certificate(const Program& program, const CertificateCommand& command,
                      const Result<boost::json::value>& certificate) {
  if (!certificate) return report(program, certificate.error());
  return print(program, command.client.output, *certificate, format_certificate);
}

boost::json::object upload_of(const crypto::Certificate& certificate, bool verified) {
  return {{"certificate", to_base64(as_bytes(certificate.to_pem()))}, {"isVerified", verified}};
}

enum class Existing { kRefused, kReplaced };

/// Puts the file's certificate under the name; what exists is replaced by its etag, given or as it is now.
int put(const Program& program, const CertificateCommand& command, Existing existing) {
  const auto certificate = read_certificate_file(command.path);
  if (!certificate) return report_usage(program, certificate.error());
  const auto management = connect_management(program, command.client.connection);
  if (!management) return report_usage(program, management.error());
  std::string etag = command.etag;
  if (existing == Existing::kReplaced && etag.empty()) {
    const auto current = management->get_certificate(command.name);
    if (!current) return report(program, current.error());
    etag = etag_of(*current);
  }
  return print_certificate(program, command,
                           management->put_certificate(command.name, upload_of(*certificate, command.verified), etag));
}

int create(const Program& program, const CertificateCommand& command) {
  return put(program, command, Existing::kRefused);
}

int update(const Program& program, const CertificateCommand& command) {
  return put(program, command, Existing::kReplaced);
}

int list(const Program& program, const CertificateCommand& command) {
  const auto management = connect_management(program, command.client.connection);
  if (!management) return report_usage(program, management.error());
  const auto certificates = management->list_certificates();
  if (!certificates) return report(program, certificates.error());
  return print(program, command.client.output, *certificates, format_certificates);
}

int show(const Program& program, const CertificateCommand& command) {
  const auto management = connect_management(program, command.client.connection);
  if (!management) return report_usage(program, management.error());
  return print_certificate(program, command, management->get_certificate(command.name));
}

int remove(const Program& program, const CertificateCommand& command) {
  const auto management = connect_management(program, command.client.connection);
  if (!management) return report_usage(program, management.error());
  std::string etag = command.etag;
  if (etag.empty()) {  // deleting needs one (service-api.md 8.5)
    const auto current = management->get_certificate(command.name);
    if (!current) return report(program, current.error());
    etag = etag_of(*current);
  }
  const auto removed = management->remove_certificate(command.name, etag);
  return removed ? done() : report(program, removed.error());
}

void add_name(const Verb<CertificateCommand>& verb) {
  verb.app->add_option("--certificate-name,--name,-n", verb.command->name, "Its name in the service")
      ->required()
      ->type_name("NAME");
}

void add_upload(const Verb<CertificateCommand>& verb) {
  verb.app->add_option("--path,-p", verb.command->path, "Certificate file (PEM or DER)")->required()->type_name("FILE");
  verb.app->add_flag("--verified,-v", verb.command->verified, "Trust it without proof of possession");
}

}  // namespace

void add_certificate_commands(CLI::App& app, Selection& selection) {
  CLI::App* noun = add_noun(app, "certificate", "CA certificates of the service: trust for groups of devices");
  const auto add = [&](auto action, const VerbText& text) { return add_client_verb(*noun, selection, action, text); };
  const auto creating =
      add(create, {"create", "Upload a CA certificate",
                   "  muster certificate create --certificate-name plant-root --path plant-root.pem --verified\n"});
  add_name(creating);
  add_upload(creating);
  creating.app
      ->add_option("--etag", creating.command->etag, "Replace the certificate that has this etag, as update does")
      ->type_name("ETAG");

  add(list, {"list", "List the CA certificates", "  muster certificate list\n"});
  add_name(add(show,
               {"show", "Show a CA certificate", "  muster certificate show --certificate-name plant-root -o json\n"}));

  const auto updating = add(
      update, {"update", "Replace a CA certificate by a renewed one",
               "  muster certificate update --certificate-name plant-root --path plant-root-2027.pem --verified\n"});
  add_name(updating);
  add_upload(updating);
  add_etag_option(*updating.app, updating.command->etag);

  const auto deleting =
      add(remove, {"delete", "Delete a CA certificate", "  muster certificate delete --certificate-name plant-root\n"});
  add_name(deleting);
  add_etag_option(*deleting.app, deleting.command->etag);
}

}  // namespace muster::cli
