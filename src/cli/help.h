// The one list of options: names, arguments, meaning, and the commands that take them. --help, the parser,
// and through them the man page and the completions stand on it.
#pragma once

#include "cli/options.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cli {

using Commands = unsigned; // a bit for each Command
constexpr Commands bit(Command command) {
    return 1U << static_cast<unsigned>(command);
}
constexpr Commands judging = bit(Command::report) | bit(Command::check) | bit(Command::audit);
constexpr Commands observing = judging | bit(Command::ports) | bit(Command::port) | bit(Command::states);
constexpr Commands every =
    observing | bit(Command::watch) | bit(Command::explain) | bit(Command::rules) | bit(Command::record);

struct OptionInfo {
    std::string_view name;     // long name without dashes
    char letter;               // 0 for none
    std::string_view argument; // empty: takes none
    bool repeatable;
    Commands commands;
    std::string_view sentence;
};

std::span<const OptionInfo> option_table();

/// The text of --help: of one command, or of the program when `command` is none.
std::string help_text(std::optional<Command> command, Invocation manners);

} // namespace cli
