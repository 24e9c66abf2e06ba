// Prints what the completions are made of: the commands and options of the program, one a line, fields
// between tabs.
#include "cli/help.h"
#include "snapshot/sysctls.h"

#include <cstdio>
#include <string>

#include <fmt/format.h>

int main() {
    for (const cli::CommandInfo& info : cli::commands()) {
        std::string formats;
        for (const std::string_view format : info.formats) {
            formats += formats.empty() ? "" : " ";
            formats += format;
        }
        fmt::print("command\t{}\t{}\t{}\t{}\n", info.name, info.arguments, info.sentence, formats);
        for (const cli::OptionInfo& option : cli::option_table()) {
            if ((option.commands & cli::bit(info.command)) != 0) {
                fmt::print("option\t{}\t{}\t{}\t{}\t{}\t{}\n", info.name, option.name,
                           option.letter != 0 ? std::string(1, option.letter) : "", option.argument,
                           option.repeatable ? "repeatable" : "once", option.sentence);
            }
        }
    }
    for (const snapshot::SysctlInfo& sysctl : snapshot::known_sysctls()) {
        fmt::print("sysctl\t{}\n", sysctl.name);
    }
}
