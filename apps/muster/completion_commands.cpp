#include "muster/commands.h"
#include "muster/completion.h"

namespace muster::cli {

void add_completion_command(CLI::App& app, Selection& selection) {
  CLI::App* noun = add_noun(app, "completion", "A script that completes commands at your shell's prompt");
  const auto add = [&](const std::string& shell, const std::string& load, std::string (*make)(const CLI::App&)) {
    CLI::App* verb = add_verb(*noun, shell, "For " + shell, "  " + load + "\n");
    verb->callback([&selection, &app, make] {
      // The commands are known only now that all are declared, and go with the parser; so the script is made at once.
      selection.run = [&program = selection.program, script = make(app)] {
        program.out << script;
        return done();
      };
    });
  };
  add("bash", "eval \"$(muster completion bash)\"", bash_completion);
  add("zsh", "eval \"$(muster completion zsh)\"", zsh_completion);
  add("fish", "muster completion fish | source", fish_completion);
}

}  // namespace muster::cli
