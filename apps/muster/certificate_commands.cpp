#include <memory>

#include "base/bytes.h"
#include "muster/commands.h"
#include "muster/connect_management.h"
#include "muster/files.h"
#include "muster/table.h"

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

int create(const Program& program, const CertificateCommand& command) {
  const auto certificate = read_certificate_file(command.path);
  if (!certificate) return report_usage(program, certificate.error());
  const auto management = connect_management(program, command.client.connection);
  if (!management) return report_usage(program, management.error());
  const boost::json::object body{{"certificate", to_base64(as_bytes(certificate->to_pem()))},
                                 {"isVerified", command.verified}};
  return print_certificate(program, command, management->put_certificate(command.name, body, command.etag));
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

using Action = int (*)(const Program&, const CertificateCommand&);

struct Verb {
  CLI::App* app;
  std::shared_ptr<CertificateCommand> command;
};

Verb add(CLI::App& noun, Selection& selection, Action action, const std::string& name, const std::string& purpose,
         const std::string& examples) {
  Verb verb{add_verb(noun, name, purpose, examples), std::make_shared<CertificateCommand>()};
  add_client_options(*verb.app, verb.command->client);
  verb.app->callback([&selection, action, command = verb.command] {
    selection.run = [&program = selection.program, action, command] { return action(program, *command); };
  });
  return verb;
}

void add_name(const Verb& verb) {
  verb.app->add_option("--certificate-name,--name", verb.command->name, "Its name in the service")
      ->required()
      ->type_name("NAME");
}

void add_etag(const Verb& verb, const std::string& help) {
  verb.app->add_option("--etag", verb.command->etag, help)->type_name("ETAG");
}

}  // namespace

void add_certificate_commands(CLI::App& app, Selection& selection) {
  CLI::App* noun = add_noun(app, "certificate", "CA certificates of the service: trust for groups of devices");
  const Verb creating =
      add(*noun, selection, create, "create", "Upload a CA certificate, or replace one with --etag",
          "  muster certificate create --certificate-name plant-root --path plant-root.pem --verified\n");
  add_name(creating);
  creating.app->add_option("--path", creating.command->path, "Certificate file (PEM or DER)")
      ->required()
      ->type_name("FILE");
  creating.app->add_flag("--verified", creating.command->verified, "Trust it without proof of possession");
  add_etag(creating, "Replace the certificate that has this etag");

  add(*noun, selection, list, "list", "List the CA certificates", "  muster certificate list\n");
  add_name(add(*noun, selection, show, "show", "Show a CA certificate",
               "  muster certificate show --certificate-name plant-root -o json\n"));
  const Verb deleting = add(*noun, selection, remove, "delete", "Delete a CA certificate",
                            "  muster certificate delete --certificate-name plant-root\n");
  add_name(deleting);
  add_etag(deleting, "Only when it still has this etag");
}

}  // namespace muster::cli
