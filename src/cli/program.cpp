#include "cli/program.h"

#include "cli/commands.h"
#include "cli/help.h"
#include "cli/looks.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/surroundings.h"
#include "cli/time_limit.h"
#include "cli/trace.h"
#include "kernel/privileges.h"

#include <exception>

namespace cli {
namespace {

/// Icinga joins standard error to the output of a plugin: the story of a run is for people who ask for it.
bool wants_trace(const Options& options) {
    constexpr int trace_verbosity = 3;
    return options.verbosity >= trace_verbosity && options.manners != Invocation::plugin;
}

int help(const Options& options) {
    const bool whole_program = options.manners == Invocation::person && !options.command_named;
    const auto command = whole_program ? std::nullopt : std::optional(options.command);
    const std::string text =
        options.version ? "tcpadvisor " TCPADVISOR_VERSION "\n" : help_text(command, options.manners);
    Options plain = options;
    plain.output.reset();
    if (const base::Status written = deliver(plain, text); !written) {
        return fail(options, written.error().what);
    }
    constexpr int plugin_help = 3; // what the plugin guidelines ask for
    return options.manners == Invocation::plugin ? plugin_help : 0;
}

int dispatch(const Options& options) {
    if (options.help || options.version || options.replay || judges_files(options) ||
        options.command == Command::rules) {
        kernel::give_up_capabilities(); // no host is looked at
    }
    if (options.help || options.version) {
        return help(options);
    }
    if (wants_trace(options)) {
        start_trace();
    }
    const bool looks_again = options.command == Command::watch || options.interval_s;
    if (!looks_again) { // each look has a deadline of its own
        start_timeout(options);
    }
    switch (options.command) {
    case Command::report:
    case Command::audit:
        return judge(options);
    case Command::check:
        return looks_again ? look_again_and_again(options, judge) : judge(options);
    case Command::ports:
        return ports(options);
    case Command::port:
        return port(options);
    case Command::states:
        return states(options);
    case Command::watch:
        return watch(options);
    case Command::explain:
        return explain(options);
    case Command::rules:
        return rules_command(options);
    case Command::record:
        return record(options);
    }
    return fail(options, "unknown command");
}

} // namespace

int run(const std::vector<std::string>& argv) {
    set_up_surroundings();
    Options options;
    try {
        const auto parsed = parse_options(argv);
        if (!parsed) {
            options = parsed.error().understood;
            options.reports.clear(); // who mistook an option may have named the wrong file as well
            return fail(options, parsed.error().message,
                        {options.manners == Invocation::plugin ? "see check_tcpadvisor --help"
                                                               : "see tcpadvisor --help"});
        }
        options = *parsed;
        return dispatch(options);
    } catch (const std::exception& error) {
        return fail(options, std::string("internal error: ") + error.what());
    }
}

} // namespace cli
