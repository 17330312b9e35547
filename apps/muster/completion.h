#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace muster::cli {

// Scripts that complete nouns, verbs, options, choices and file names at a shell's prompt, made of the commands as they
// are declared, so that no list of them can be forgotten.

std::string bash_completion(const CLI::App& app);
/// Bash's, through zsh's own emulation of it.
std::string zsh_completion(const CLI::App& app);
std::string fish_completion(const CLI::App& app);

}  // namespace muster::cli
