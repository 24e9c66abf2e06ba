#include "cli/help.h"

#include "base/text.h"
#include "cli/options.h"

#include <array>

#include <fmt/format.h>

namespace cli {

namespace {

constexpr Commands only_ports = bit(Command::ports);
constexpr Commands watching = bit(Command::watch);
constexpr Commands looking = observing | bit(Command::explain);
constexpr Commands for_people = bit(Command::report) | bit(Command::audit);
constexpr Commands auditing = bit(Command::audit) | bit(Command::explain);
constexpr Commands ruled = judging | bit(Command::rules) | bit(Command::explain) | watching;

constexpr auto table = std::to_array<OptionInfo>({
    {"warning", 'w', "RANGE", false, bit(Command::check), "warning range of the one rule that --rule names"},
    {"critical", 'c', "RANGE", false, bit(Command::check), "critical range of that rule"},
    {"to", 0, "ADDRESS:PORT", false, only_ports, "only this destination, even with no connection yet"},
    {"from", 0, "ADDRESS", false, only_ports, "only from this local address"},
    {"device", 0, "INTERFACE", false, only_ports, "only sockets bound to it; a link-local --to needs it"},
    {"top", 0, "N", false, only_ports, "show at most N destinations (default 20)"},
    {"sort", 0, "KEY", false, only_ports, "by used (default), connections, rate or left"},
    {"format", 0, "FORMAT", false, observing, "form of the output"},
    {"output", 0, "FILE", false, looking, "write to FILE, replacing it in one step"},
    {"report", 0, "FORMAT:FILE", true, for_people,
     "also write FILE in this format, for instance junit:audit.xml"},
    {"fail-on", 0, "STATE", false, for_people,
     "warning (default), critical or never: a milder verdict exits 0"},
    {"expect-rate", 0, "N/s", false, auditing, "judge for so many new connections a second"},
    {"expect-destinations", 0, "N", false, auditing, "that this host opens, to so many destinations"},
    {"expect-hold", 0, "SECONDS", false, auditing, "each open for so long"},
    {"files", 0, "PATH", true, bit(Command::audit),
     "judge files instead of this host: sysctl.conf, sysctl.d, 'sysctl -a', tuned, YAML (several may "
     "follow)"},
    {"root", 0, "DIR", false, bit(Command::audit), "judge what a boot of the image in DIR would set"},
    {"kernel", 0, "VERSION", false, bit(Command::audit),
     "the kernel that the files are for, as in 5.14 (default: as they say, or the newest)"},
    {"replay", 0, "PATH", false, looking, "judge a capture or what else was kept (- is standard input)"},
    {"mask", 0, "", false, bit(Command::record), "hide addresses and names, the same ones the same way"},
    {"snapshot", 0, "N", false, looking, "of several snapshots in the text of --replay (default: the last)"},
    {"netns", 0, "NAME|PATH", false, looking | bit(Command::record) | watching,
     "look into another network namespace"},
    {"pid", 0, "N", false, looking | bit(Command::record) | watching, "look into the namespace of process N"},
    {"all-netns", 0, "", false, looking | bit(Command::record) | watching,
     "look into every namespace (needs CAP_SYS_ADMIN)"},
    {"this-netns", 0, "", false, looking | bit(Command::record) | watching,
     "look into no other namespace (of 'report' by root, and all_netns = true)"},
    {"assume", 0, "KEY=VALUE", true, looking | watching, "judge as if a sysctl had this value"},
    {"state-dir", 0, "DIR", false, judging | bit(Command::explain) | watching,
     "what earlier runs of 'check' left is in DIR"},
    {"no-state", 0, "", false, judging | bit(Command::explain) | watching,
     "know nothing of earlier runs, leave nothing"},
    {"rule", 0, "ID", true, judging | watching, "judge only this rule"},
    {"exclude-rule", 0, "ID", true, judging | watching, "leave this rule out"},
    {"tag", 0, "TAG", true, judging | watching, "only rules with this tag (ports, close-wait, ...)"},
    {"set", 0, "RULE.KEY=VALUE", true, ruled, "change a threshold or parameter of a rule"},
    {"config", 0, "FILE", false, ruled, "settings, instead of /etc/tcpadvisor/tcpadvisor.toml"},
    {"rules", 0, "DIR", false, ruled, "more rules, instead of /etc/tcpadvisor/rules.d"},
    {"timeout", 't', "SECONDS", false, looking | bit(Command::record) | watching,
     "give up after so long (default 10)"},
    {"list", 0, "", false, bit(Command::explain), "list all topics"},
    {"lang", 0, "LANG", false, bit(Command::explain),
     "en or zh (simplified Chinese); default: as LC_ALL, LC_MESSAGES or LANG say"},
    {"interval", 0, "SECONDS", false, watching | bit(Command::check),
     "look again after so long (watch: by default 2), until SIGTERM"},
    {"wait", 0, "SECONDS", false, bit(Command::report), "look twice, so far apart, to know rates at once"},
    {"color", 0, "WHEN", false, every, "auto, always or never; NO_COLOR is obeyed"},
    {"verbose", 'v', "", true, every, "say more; -vv still more; -vvv how it was found out"},
    {"quiet", 'q', "", false, every, "say less"},
    {"help", 'h', "", false, every, "this text; of one command: 'tcpadvisor COMMAND --help'"},
    {"version", 'V', "", false, every, "name and version"},
});

} // namespace

std::span<const OptionInfo> option_table() {
    return table;
}

namespace {

constexpr std::string_view program_examples =
    R"(  tcpadvisor                          what is wrong on this host, and what to do
  tcpadvisor ports --to 10.0.0.5:5432 how many connections to it are still possible
  tcpadvisor port 8080                who holds it: "Address already in use"
  tcpadvisor states                   connections by state
  tcpadvisor explain CLOSE_WAIT       what it means and what to do
  check_tcpadvisor                    for Nagios and Icinga: one line, exit code 0-3
)";

std::string_view examples_of(Command command) {
    switch (command) {
    case Command::report:
        return "  tcpadvisor report\n"
               "  tcpadvisor report --replay incident.capture\n"
               "  tcpadvisor report --replay sosreport-web1/\n"
               "  tcpadvisor --assume net.ipv4.tcp_tw_reuse=1\n";
    case Command::check:
        return "  tcpadvisor check\n"
               "  tcpadvisor check --rule ephemeral-port-exhaustion -w 60 -c 80\n"
               "  tcpadvisor check --tag ports         one service for each topic\n"
               "  tcpadvisor check --exclude-rule close-wait-unread --format json\n"
               "  tcpadvisor check --interval 60 --format prometheus --output tcpadvisor.prom\n";
    case Command::audit:
        return "  tcpadvisor audit\n"
               "  tcpadvisor audit --expect-rate 500/s --expect-destinations 2 --expect-hold 0.2\n"
               "  tcpadvisor audit --fail-on critical --report junit:audit.xml\n"
               "  tcpadvisor audit --files roles/web/files/sysctl.d --kernel 5.14\n"
               "  tcpadvisor audit --format sysctl --output 60-tcpadvisor.conf\n";
    case Command::ports:
        return "  tcpadvisor ports\n"
               "  tcpadvisor ports --to 192.0.2.1:443\n"
               "  tcpadvisor ports --to 192.0.2.1:443 --assume net.ipv4.tcp_tw_reuse=1\n"
               "  tcpadvisor ports --to [2001:db8::1]:443 --from 2001:db8::2 --format json\n";
    case Command::port:
        return "  tcpadvisor port 8080\n"
               "  tcpadvisor port 8080 --pid 4711\n"
               "  tcpadvisor port 8080 --replay incident.capture --format json\n";
    case Command::states:
        return "  tcpadvisor states\n"
               "  tcpadvisor states --format json\n";
    case Command::watch:
        return "  tcpadvisor watch\n"
               "  tcpadvisor watch --interval 10 >> tcp.log\n";
    case Command::explain:
        return "  tcpadvisor explain ephemeral-port-exhaustion\n"
               "  tcpadvisor explain ephemeral-port-exhaustion --replay incident.capture\n"
               "  tcpadvisor explain \"Cannot assign requested address\"\n"
               "  tcpadvisor explain TIME_WAIT\n"
               "  tcpadvisor explain TIME_WAIT --lang zh\n"
               "  tcpadvisor explain tcp_tw_reuse\n";
    case Command::rules:
        return "  tcpadvisor rules list -v\n"
               "  tcpadvisor rules lint /etc/tcpadvisor/rules.d/my.toml\n"
               "  tcpadvisor rules test my-cases.toml\n";
    case Command::record:
        return "  tcpadvisor record incident.capture\n"
               "  tcpadvisor record --mask for-the-vendor.capture\n"
               "  tcpadvisor report --replay incident.capture\n";
    }
    return {};
}

std::string option_lines(Commands wanted) {
    std::string text;
    for (const OptionInfo& option : option_table()) {
        if ((option.commands & wanted) != wanted) {
            continue;
        }
        std::string left = option.letter != 0 ? fmt::format("-{}, ", option.letter) : std::string("    ");
        left += fmt::format("--{}", option.name);
        if (!option.argument.empty()) {
            left += fmt::format(" {}", option.argument);
        }
        const std::vector<std::string> lines = base::wrap(option.sentence, 48);
        text += left.size() <= 27 ? fmt::format("  {:<27} {}\n", left, lines.front())
                                  : fmt::format("  {}\n{:<30}{}\n", left, "", lines.front());
        for (std::size_t i = 1; i < lines.size(); ++i) {
            text += fmt::format("{:<30}{}\n", "", lines[i]);
        }
    }
    return text;
}

std::string program_help() {
    std::string text = "Tells whether this host's TCP stack is about to hurt its applications, why, and\n"
                       "what to do.\n\nExamples:\n";
    text += program_examples;
    text += "\nUsage: tcpadvisor [COMMAND] [OPTION...]\n\nCommands:\n";
    for (const CommandInfo& info : commands()) {
        text += fmt::format("  {:<9} {}\n", info.name, info.sentence);
    }
    text += "\nOptions of every command:\n" + option_lines(every);
    text += "\nOptions of a command: tcpadvisor COMMAND --help. Manual: tcpadvisor(1).\n";
    return text;
}

} // namespace

std::string help_text(std::optional<Command> command, Invocation manners) {
    if (!command) {
        return program_help();
    }
    const CommandInfo& info = info_of(*command);
    const std::string name =
        manners == Invocation::plugin ? "check_tcpadvisor" : fmt::format("tcpadvisor {}", info.name);
    std::string text = fmt::format("{}: {}\n\nExamples:\n{}", name, info.sentence, examples_of(*command));
    text += fmt::format("\nUsage: {}{}{} [OPTION...]\n\nOptions:\n", name, info.arguments.empty() ? "" : " ",
                        info.arguments);
    text += option_lines(bit(*command));
    if (!info.formats.empty()) {
        const std::vector<std::string> formats(info.formats.begin(), info.formats.end());
        text += fmt::format("\nFormats: {} (default {}).", base::join(formats, ", "), info.formats.front());
    }
    if ((bit(*command) & judging) != 0) {
        text += "\nExit status: 0 OK or INFO, 1 WARNING, 2 CRITICAL, 3 UNKNOWN or error.";
    }
    return text + "\nManual: tcpadvisor(1).\n";
}

} // namespace cli
