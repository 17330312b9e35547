#include <memory>

#include <fmt/format.h>

#include "muster/commands.h"
#include "muster/files.h"
#include "muster/serve_settings.h"

namespace muster::cli {
namespace {

struct ServeCommand {
  std::string config_path;
  ServeFlags flags;
  bool print_config = false;
};

Result<ServeOptions> load(const Program& program, const ServeCommand& command) {
  std::optional<ConfigFile> config;
  if (!command.config_path.empty()) {
    auto text = read_file(command.config_path);
    if (!text) return std::unexpected(text.error());
    config = ConfigFile{command.config_path, *std::move(text)};
  }
  return load_serve_options(config, program.environment, command.flags, program.machine());
}

int run_serve(const Program& program, const ServeCommand& command) {
  if (command.print_config) {
    program.out << example_config();
    return done();
  }
  const auto options = load(program, command);
  return options ? program.serve(*options) : report_usage(program, options.error());
}

}  // namespace

void add_serve_command(CLI::App& app, Selection& selection) {
  auto command = std::make_shared<ServeCommand>();
  CLI::App* verb = add_verb(app, "serve", "Run the service",
                            "  muster serve --host-name dps.example.net\n"
                            "  muster serve --config /etc/muster.toml --log-format json\n"
                            "  muster serve --print-config > muster.toml\n");
  verb->add_option("--config", command->config_path, "Configuration (TOML); the environment and flags win over it")
      ->type_name("FILE");
  verb->add_flag("--print-config", command->print_config, "Print an example configuration that shows every key");
  for (const ServeSetting& setting : serve_settings()) {
    if (setting.flag.empty()) continue;
    auto* option = verb->add_option(std::string(setting.flag), command->flags[std::string(setting.key)],
                                    fmt::format("{}; or {}", setting.help, setting.environment));
    option->type_name(std::string(setting.metavar))->type_size(1)->expected(1);
    option->multi_option_policy(setting.type == SettingType::kTextList ? CLI::MultiOptionPolicy::TakeAll
                                                                       : CLI::MultiOptionPolicy::TakeLast);
  }
  verb->callback([&selection, command] {
    selection.run = [&program = selection.program, command] { return run_serve(program, *command); };
  });
}

}  // namespace muster::cli
