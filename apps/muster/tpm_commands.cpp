#include <fmt/format.h>
#include <fmt/ranges.h>

#include "crypto/tpm/key_input.h"
#include "crypto/tpm/parent_key.h"
#include "muster/commands.h"
#include "muster/files.h"
#include "muster/tpm_device_verbs.h"
#include "muster/verb.h"

namespace muster::cli {
namespace {

namespace json = boost::json;
namespace tpm = crypto::tpm;

struct InspectCommand {
  std::string file = {};
  bool storage_root_key = false;
  OutputFormat output = OutputFormat::kTable;
};

json::array texts(const std::vector<std::string>& list) {
  return json::array(list.begin(), list.end());
}

/// What is told of a key that could be read.
json::object describe(const tpm::PublicArea& area, tpm::KeyRole role) {
  const auto problems = tpm::find_problems(area, role);
  json::object out{{"usable", problems.empty()},
                   {"problems", texts(problems)},
                   {"key", tpm::key_name(area)},
                   {"nameAlgorithm", tpm::algorithm_name(area.name_algorithm)},
                   {"symmetric", tpm::symmetric_name(area.symmetric)},
                   {"attributes", texts(tpm::attribute_names(area.attributes))},
                   {"policy", tpm::policy_name(area.policy)}};
  if (const tpm::KeyTemplate* nearest = tpm::nearest_template(area, role)) {
    out["template"] = fmt::format("{} ({})", nearest->name, nearest->text);
    out["differences"] = texts(tpm::differences(area, *nearest));
  }
  if (role == tpm::KeyRole::kEndorsement) {
    out["registrationId"] = tpm::default_registration_id(area);
    out["endorsementKey"] = to_base64(area.octets);
  } else {
    out["storageRootKey"] = to_base64(area.octets);
  }
  return out;
}

std::string joined(const json::value* list, std::string_view separator) {
  std::string out;
  for (const json::value& text : list->get_array()) {
    if (!out.empty()) out += separator;
    out += std::string_view(text.get_string());
  }
  return out;
}

std::string line(std::string_view name, std::string_view text) {
  return fmt::format("{:<18}{}\n", name, text);
}

std::string as_text(const json::value& value) {
  const json::object& key = value.get_object();
  const auto text = [&](std::string_view member) { return std::string_view(key.at(member).get_string()); };
  std::string out = line("Key", text("key"));
  out += line("Usable", key.at("usable").get_bool() ? "yes" : "no");
  for (const json::value& problem : key.at("problems").get_array()) {
    out += line("  because", std::string_view(problem.get_string()));
  }
  if (key.contains("template")) {
    const bool exact = key.at("differences").get_array().empty();
    out += line(exact ? "Template" : "Nearest template", text("template"));
    for (const json::value& difference : key.at("differences").get_array()) {
      out += line("  differs in", std::string_view(difference.get_string()));
    }
  } else {
    out += line("Template", "none known for this kind of key");
  }
  out += line("Name algorithm", text("nameAlgorithm"));
  out += line("Symmetric", text("symmetric"));
  out += line("Attributes", joined(&key.at("attributes"), " "));
  out += line("Policy", text("policy"));
  if (key.contains("registrationId")) {
    out += line("Registration id", text("registrationId"));
    out += line("Endorsement key", text("endorsementKey"));
  } else {
    out += line("Storage root key", text("storageRootKey"));
  }
  return out;
}

int inspect(const Program& program, const InspectCommand& command) {
  const auto content = read_file(command.file);
  if (!content) return report_usage(program, content.error());
  const auto area = tpm::endorsement_key_from_file(*content);
  if (!area) return report(program, area.error());
  const auto role = command.storage_root_key ? tpm::KeyRole::kStorageRoot : tpm::KeyRole::kEndorsement;
  const json::object described = describe(*area, role);
  const int printed = print(program, command.output, described, as_text);
  return described.at("usable").get_bool() ? printed : static_cast<int>(ExitCode::kRefused);
}

void add_inspect(CLI::App& noun, Selection& selection) {
  const auto verb = add_verb(noun, selection, inspect,
                             {"inspect", "Tell what an endorsement key is, whether it will work, and why not",
                              "  muster tpm inspect ek.pub\n"
                              "  muster tpm inspect ek-certificate.pem --output json\n"},
                             InspectCommand{});
  verb.app
      ->add_option(
          "file", verb.command->file,
          "TPM2B_PUBLIC (binary or base64), EK certificate (PEM or DER) or public key (PEM); - is standard input")
      ->required()
      ->type_name("FILE");
  verb.app->add_flag("--storage-root-key", verb.command->storage_root_key, "Judge it as a storage root key");
  add_output_option(*verb.app, verb.command->output);
}

}  // namespace

void add_tpm_commands(CLI::App& app, Selection& selection) {
  CLI::App* noun = add_noun(app, "tpm", "TPMs of devices and their keys");
  add_inspect(*noun, selection);
  add_tpm_device_verbs(*noun, selection);
}

}  // namespace muster::cli
