#pragma once

#include <string>

#include "muster/hub_access.h"
#include "muster/verb.h"

namespace muster::cli {

/// What commands for a hub's owner begin with.
struct HubCommand {
  ClientOptions client = {};
  std::string hub = {};
  std::string device_id = {};
};

/// What keeps a command from its hub: no connection named, or the service that was asked for the hub's key.
inline int report_connecting(const Program& program, const Error& error) {
  return error.code == ErrorCode::kInvalidArgument ? report_usage(program, error) : report(program, error);
}

/// A verb for a hub's owner; `Command` is a HubCommand.
template <class Command>
Verb<Command> add_hub_verb(CLI::App& noun, Selection& selection, int (*action)(const Program&, const Command&),
                           const VerbText& text) {
  Verb<Command> verb = add_client_verb(noun, selection, action, text);
  verb.app
      ->add_option("--hub-name", verb.command->hub,
                   "The hub, when the connection is the service's that serves it; default: the connection is the hub's")
      ->type_name("HOST");
  return verb;
}

/// For one that is about a device.
template <class Command>
Verb<Command> with_device(Verb<Command> verb) {
  verb.app->add_option("--device-id,-d", verb.command->device_id, "The device")->required()->type_name("ID");
  return verb;
}

}  // namespace muster::cli
