#include "cli/option_table.h"

#include <array>

namespace cli {
namespace {

constexpr Commands ports = bit(Command::ports);
constexpr Commands watching = bit(Command::watch);
constexpr Commands looking = observing | bit(Command::explain);
constexpr Commands for_people = bit(Command::report) | bit(Command::audit);
constexpr Commands auditing = bit(Command::audit) | bit(Command::explain);
constexpr Commands ruled = judging | bit(Command::rules) | bit(Command::explain) | watching;

constexpr auto table = std::to_array<OptionInfo>({
    {"warning", 'w', "RANGE", false, bit(Command::check), "warning range of the one rule that --rule names"},
    {"critical", 'c', "RANGE", false, bit(Command::check), "critical range of that rule"},
    {"to", 0, "ADDRESS:PORT", false, ports, "only this destination, even with no connection yet"},
    {"from", 0, "ADDRESS", false, ports, "only from this local address"},
    {"top", 0, "N", false, ports, "show at most N destinations (default 20)"},
    {"sort", 0, "KEY", false, ports, "by used (default), connections, rate or left"},
    {"format", 0, "FORMAT", false, observing, "form of the output"},
    {"output", 0, "FILE", false, looking, "write to FILE, replacing it in one step"},
    {"report", 0, "FORMAT:FILE", true, for_people,
     "also write FILE in this format, for instance junit:audit.xml"},
    {"fail-on", 0, "STATE", false, for_people,
     "warning (default), critical or never: a milder verdict exits 0"},
    {"expect-rate", 0, "N/s", false, auditing, "judge for so many new connections a second"},
    {"expect-destinations", 0, "N", false, auditing, "that this host opens, to so many destinations"},
    {"expect-hold", 0, "SECONDS", false, auditing, "each open for so long"},
    {"replay", 0, "PATH", false, looking, "judge a capture, or what else was kept; nothing live is read"},
    {"mask", 0, "", false, bit(Command::record), "hide addresses and names, the same ones the same way"},
    {"netns", 0, "NAME|PATH", false, looking | bit(Command::record) | watching,
     "look into another network namespace"},
    {"pid", 0, "N", false, looking | bit(Command::record) | watching, "look into the namespace of process N"},
    {"all-netns", 0, "", false, looking | bit(Command::record) | watching,
     "look into every namespace (needs CAP_SYS_ADMIN)"},
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
    {"interval", 0, "SECONDS", false, watching, "look again after so long (default 2)"},
    {"color", 0, "WHEN", false, every, "auto, always or never; NO_COLOR is obeyed"},
    {"verbose", 'v', "", true, every, "say more; -vv still more"},
    {"quiet", 'q', "", false, every, "say less"},
    {"help", 'h', "", false, every, "this text; of one command: 'tcpadvisor COMMAND --help'"},
    {"version", 'V', "", false, every, "name and version"},
});

} // namespace

std::span<const OptionInfo> option_table() {
    return table;
}

} // namespace cli
