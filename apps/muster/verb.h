#pragma once

#include <memory>
#include <string>
#include <utility>

#include "muster/command.h"

namespace muster::cli {

/// A verb and what its options are read into, which lives as long as the parsed command line.
template <class Command>
struct Verb {
  CLI::App* app;
  std::shared_ptr<Command> command;
};

/// What the help says of a verb; the examples one in each line.
struct VerbText {
  std::string name;
  std::string purpose;
  std::string examples;
};

/// A verb of a noun that runs `action` with what its options gave; `command` is where they begin.
template <class Command>
Verb<Command> add_verb(CLI::App& noun, Selection& selection, int (*action)(const Program&, const Command&),
                       const VerbText& text, Command command = {}) {
  Verb<Command> verb{add_verb(noun, text.name, text.purpose, text.examples),
                     std::make_shared<Command>(std::move(command))};
  verb.app->callback([&selection, action, command = verb.command] {
    selection.run = [&program = selection.program, action, command] { return action(program, *command); };
  });
  return verb;
}

/// The same for a client of the service: with the options of the connection in `Command::client`.
template <class Command>
Verb<Command> add_client_verb(CLI::App& noun, Selection& selection, int (*action)(const Program&, const Command&),
                              const VerbText& text, Command command = {}) {
  Verb<Command> verb = add_verb(noun, selection, action, text, std::move(command));
  add_client_options(*verb.app, verb.command->client);
  return verb;
}

}  // namespace muster::cli
