#include "muster/completion.h"

#include <algorithm>
#include <functional>
#include <vector>

#include <fmt/format.h>

namespace muster::cli {
namespace {

/// An option as it is written, and what may follow it.
struct Word {
  std::vector<std::string> names;
  std::string type;
  std::string help;
};

std::vector<Word> options_of(const CLI::App& app) {
  std::vector<Word> out;
  for (const CLI::Option* option : app.get_options()) {
    Word word{.names = {},
              .type = option->get_type_size() == 0 ? "" : option->get_type_name(),
              .help = option->get_description()};
    // What add_verb gives as the type of a choice stands in the option text.
    if (!option->get_option_text().empty()) word.type = option->get_option_text();
    for (const std::string& name : option->get_lnames()) word.names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) word.names.push_back("-" + name);
    if (!word.names.empty()) out.push_back(std::move(word));
  }
  return out;
}

/// Calls `visit` with every command and the words that lead to it, "muster enrollment create".
void walk(const CLI::App& app, const std::string& path,
          const std::function<void(const CLI::App&, const std::string&)>& visit) {
  visit(app, path);
  for (const CLI::App* sub : app.get_subcommands(nullptr)) {
    for (const std::string& name : [&] {
           std::vector<std::string> names = sub->get_aliases();
           names.insert(names.begin(), sub->get_name());
           return names;
         }()) {
      walk(*sub, path + " " + name, visit);
    }
  }
}

std::vector<std::string> sub_names(const CLI::App& app) {
  std::vector<std::string> out;
  for (const CLI::App* sub : app.get_subcommands(nullptr)) {
    out.push_back(sub->get_name());
    for (const std::string& alias : sub->get_aliases()) out.push_back(alias);
  }
  return out;
}

bool is_choice(const std::string& type) {
  return type.find('|') != std::string::npos;
}

bool is_path(const std::string& type) {
  return type.find("FILE") != std::string::npos || type.find("FOLDER") != std::string::npos ||
         type.find("DIR") != std::string::npos;
}

std::string choices(std::string type) {
  std::ranges::replace(type, '|', ' ');
  return type;
}

/// In single quotes for a POSIX shell and for fish.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out.push_back(c);
    }
  }
  return out + "'";
}

/// "name|name) action ;;" lines for the option before the cursor.
std::string value_cases(const CLI::App& app, const std::string& path) {
  std::string out;
  for (const Word& word : options_of(app)) {
    if (word.type.empty()) continue;
    std::string patterns;
    for (const std::string& name : word.names) {
      patterns += fmt::format("{}{}", patterns.empty() ? "" : "|", quoted(path + " " + name));
    }
    std::string action = "return";
    if (is_choice(word.type)) action = fmt::format("words={}; options=", quoted(choices(word.type)));
    if (is_path(word.type)) action = "files=yes";
    out += fmt::format("    {}) {} ;;\n", patterns, action);
  }
  return out;
}

constexpr std::string_view kBashHead =
    R"sh(# Completion of muster's commands. Load it with: eval "$(muster completion bash)"
_muster() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} path=muster word words= options= files=
  COMPREPLY=()
  for word in "${COMP_WORDS[@]:1:$((COMP_CWORD-1))}"; do
    case "$path $word" in
)sh";

constexpr std::string_view kBashTail = R"sh(  esac
  if [[ $files ]]; then
    COMPREPLY=($(compgen -f -- "$current"))
  elif [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$current"))
  else
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  fi
}
complete -o filenames -F _muster muster
)sh";

std::string join(const std::vector<std::string>& words, std::string_view separator) {
  return fmt::format("{}", fmt::join(words, separator));
}

std::string option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const Word& word : options_of(app)) names.insert(names.end(), word.names.begin(), word.names.end());
  return join(names, " ");
}

}  // namespace

std::string bash_completion(const CLI::App& app) {
  std::string paths;
  std::string words;
  std::string values;
  walk(app, "muster", [&](const CLI::App& command, const std::string& path) {
    if (path != "muster") paths += fmt::format("      {}) path=\"$path $word\" ;;\n", quoted(path));
    words += fmt::format("    {}) words={}; options={} ;;\n", quoted(path), quoted(join(sub_names(command), " ")),
                         quoted(option_names(command)));
    values += value_cases(command, path);
  });
  return std::string(kBashHead) + paths + "    esac\n  done\n  case $path in\n" + words +
         "  esac\n  case \"$path $previous\" in\n" + values + std::string(kBashTail);
}

std::string zsh_completion(const CLI::App& app) {
  // As a file, zsh runs the script when it is to complete for the first time; then it has to answer at once.
  return "#compdef muster\n"
         "# Completion of muster's commands. Load it with: eval \"$(muster completion zsh)\"; or keep it as _muster in "
         "a\n"
         "# folder of $fpath.\n"
         "(( $+functions[compdef] )) || { autoload -U +X compinit && compinit -u }\n"
         "autoload -U +X bashcompinit && bashcompinit\n" +
         bash_completion(app) + "[[ ${funcstack[1]:-} != _muster ]] || _bash_complete -o filenames -F _muster\n";
}

std::string fish_completion(const CLI::App& app) {
  std::string out =
      "# Completion of muster's commands. Load it with: muster completion fish | source\n"
      "function __muster_at\n"
      "    set -l words (commandline -opc)\n"
      "    set -l path muster\n"
      "    for word in $words[2..-1]\n"
      "        string match -q -- '-*' $word; or set path \"$path $word\"\n"
      "    end\n"
      "    string match -q -- \"$argv[1]\" $path; and return 0\n"
      "    test \"$argv[2]\" = open; and string match -q -- \"$argv[1] *\" $path\n"
      "end\n"
      "complete -c muster -f\n";
  walk(app, "muster", [&](const CLI::App& command, const std::string& path) {
    for (const CLI::App* sub : command.get_subcommands(nullptr)) {
      out += fmt::format("complete -c muster -n {} -a {} -d {}\n", quoted("__muster_at '" + path + "'"),
                         quoted(sub->get_name()), quoted(sub->get_description()));
    }
    for (const Word& word : options_of(command)) {
      std::string names;
      for (const std::string& name : word.names) {
        names += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      std::string value;
      if (is_choice(word.type)) {
        value = " -x -a " + quoted(choices(word.type));
      } else if (is_path(word.type)) {
        value = " -r -F";
      } else if (!word.type.empty()) {
        value = " -x";
      }
      out += fmt::format("complete -c muster -n {}{}{} -d {}\n", quoted("__muster_at '" + path + "' open"), names,
                         value, quoted(word.help));
    }
  });
  return out;
}

}  // namespace muster::cli
