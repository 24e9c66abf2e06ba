#include "replay/shell_command.h"

#include "base/text.h"
#include "replay/shell_words.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <vector>

namespace replay {

namespace {

using Words = std::span<const std::string>;

bool has_alphanumeric(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    });
}

/// Two prompts may differ by the time, or by the number of the command.
std::string without_digits(std::string_view prompt) {
    std::string plain(base::trim(prompt));
    std::erase_if(plain, [](char c) { return c >= '0' && c <= '9'; });
    return plain;
}

/// Behind a bare sign: "# and 28000 more" is no command.
bool is_usual_command(std::string_view command) {
    const std::string_view word = command.substr(0, command.find(' '));
    return is_one_of(word, {"ss",     "netstat", "cat",      "sysctl", "uptime",    "exit",
                            "logout", "date",    "hostname", "free",   "ls",        "ps",
                            "uname",  "dmesg",   "top",      "ip",     "lsof",      "nstat",
                            "echo",   "kubectl", "docker",   "sudo",   "systemctl", "journalctl",
                            "ssh",    "oc",      "podman",   "crictl", "nsenter",   "^C"});
}

bool is_bare(std::string_view prompt) {
    return !has_alphanumeric(prompt);
}

/// "PS C:\\Users> ss": PowerShell ends its prompt with another sign.
std::optional<PromptLine> prompt_of_powershell(std::string_view line) {
    const std::size_t sign = line.find('>');
    const std::string_view after = line.substr(std::min(sign, line.size() - 1) + 1);
    if (sign == std::string_view::npos || (!after.empty() && after.front() != ' ')) {
        return std::nullopt;
    }
    return PromptLine{line.substr(0, sign), base::trim(after)};
}

/// "➜  ~ git:(main) ✗ ss" of oh-my-zsh: a sign, a directory, a command.
std::optional<PromptLine> prompt_with_arrow(std::string_view line, std::string_view arrow) {
    std::size_t end = line.find_first_not_of(' ', arrow.size());
    if (end == std::string_view::npos) {
        return std::nullopt;
    }
    end = std::min(line.find(' ', end), line.size());
    constexpr std::string_view branch = " git:(";
    if (line.substr(end).starts_with(branch)) {
        end = std::min(line.find(')', end), line.size() - 1) + 1;
    }
    std::string_view command = base::trim(line.substr(end));
    constexpr std::string_view changed = "✗";
    command.remove_prefix(command.starts_with(changed) ? changed.size() : 0);
    return PromptLine{line.substr(0, end), base::trim(command)};
}

constexpr std::string_view zsh_arrow = "➜";
constexpr std::string_view powershell = "PS ";

} // namespace

std::optional<PromptLine> prompt_line(std::string_view line) {
    line = base::trim(line);
    if (line.starts_with(powershell)) {
        return prompt_of_powershell(line);
    }
    if (line.starts_with(zsh_arrow)) {
        return prompt_with_arrow(line, zsh_arrow);
    }
    constexpr std::size_t longest = 120;
    const std::size_t sign = line.find_first_of("#$%");
    if (sign == std::string_view::npos || sign > longest) {
        return std::nullopt;
    }
    const std::string_view after = line.substr(sign + 1);
    const bool counts = line[sign] == '%' && sign > 0 && line[sign - 1] >= '0' && line[sign - 1] <= '9';
    if (counts || (!after.empty() && after.front() != ' ' && after.front() != '^')) {
        return std::nullopt; // "99%", "$HOME"
    }
    return PromptLine{line.substr(0, sign), base::trim(after)};
}

bool ends_command(const PromptLine& line, const std::optional<std::string_view>& above) {
    if (is_bare(line.prompt) && !line.command.empty() && !is_usual_command(line.command)) {
        return false;
    }
    if (above) {
        return without_digits(line.prompt) == without_digits(*above);
    }
    const bool names_host = line.prompt.find('@') != std::string_view::npos;
    const bool names_shell = line.prompt.starts_with("bash-") || line.prompt.starts_with("sh-") ||
                             line.prompt.starts_with(powershell) || line.prompt.starts_with(zsh_arrow);
    const bool names_place =
        line.prompt.find_first_of("~/]") != std::string_view::npos && base::words(line.prompt).size() <= 2;
    return names_host || names_shell || (line.command.empty() && (is_bare(line.prompt) || names_place));
}

namespace {

using ShellWords = std::span<const ShellWord>;

/// How many words say where errors go: "2>/dev/null", "2>&1", "2>> FILE"; 0 if the first is none of them.
std::size_t words_of_errors(ShellWords words) {
    const auto is_sign = [&](std::size_t i, std::string_view sign) {
        return i < words.size() && words[i].is_sign && words[i].text == sign;
    };
    if (words[0].is_sign || words[0].text != "2" || !is_sign(1, ">")) {
        return 0;
    }
    const std::size_t target = is_sign(2, ">") || is_sign(2, "&") ? 3 : 2;
    return target < words.size() && !words[target].is_sign ? target + 1 : 0;
}

/// The words of one simple command, without where its errors go; none if the shell does more with it than run
/// it.
std::optional<std::vector<std::string>> simple_command(ShellWords words) {
    std::vector<std::string> simple;
    while (!words.empty()) {
        const std::size_t errors = words_of_errors(words);
        if (errors == 0 && (words[0].is_sign || words[0].is_open)) {
            return std::nullopt;
        }
        if (errors == 0) {
            simple.push_back(words[0].text);
        }
        words = words.subspan(std::max<std::size_t>(errors, 1));
    }
    return simple;
}

std::string_view name_of(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

/// What an option asks for: the long names that leave nothing out, and the letters.
struct KnownOptions {
    std::initializer_list<std::string_view> long_names;
    std::string_view letters;                      // that may stand in one word
    std::string_view protocols;                    // those of them that ask for other protocols
    std::initializer_list<std::string_view> parts; // what leaves IPv6 or connections out
};

Asked asked_by_options(Words words, const KnownOptions& known) {
    bool all = false;
    bool tcp = false;
    bool others = false;
    for (const std::string& word : words) {
        const bool is_long = word.starts_with("--");
        if (is_one_of(word, known.parts) || !word.starts_with('-')) {
            return Asked::part;
        }
        if (is_long && !is_one_of(word, known.long_names)) {
            return word.starts_with("--family") || word.starts_with("--protocol") ? Asked::part
                                                                                  : Asked::anything;
        }
        const std::string_view letters = is_long ? std::string_view() : std::string_view(word).substr(1);
        if (letters.find_first_of("46l") != std::string_view::npos) {
            return Asked::part;
        }
        if (letters.find_first_not_of(known.letters) != std::string_view::npos) {
            return Asked::anything;
        }
        all = all || word == "--all" || letters.find('a') != std::string_view::npos;
        tcp = tcp || word == "--tcp" || letters.find('t') != std::string_view::npos;
        others = others || is_one_of(word, {"--udp", "--raw", "--unix"}) ||
                 letters.find_first_of(known.protocols) != std::string_view::npos;
    }
    return all && (tcp || !others) ? Asked::all : Asked::part;
}

Asked asked_by_ss(Words words) {
    static const KnownOptions known{{"--tcp", "--all", "--numeric", "--processes", "--options", "--info",
                                     "--extended", "--memory", "--oneline", "--udp", "--raw", "--unix",
                                     "--resolve", "--context", "--contexts", "--cgroup", "--tos",
                                     "--inet-sockopt", "--threads"},
                                    "tanpoiemrOTZzbuwx",
                                    "uwx",
                                    {"--ipv4", "--ipv6", "--listening"}};
    return asked_by_options(words, known);
}

Asked asked_by_netstat(Words words) {
    static const KnownOptions known{{"--tcp", "--all", "--numeric", "--numeric-hosts", "--numeric-ports",
                                     "--numeric-users", "--programs", "--program", "--timers", "--extend",
                                     "--verbose", "--wide", "--continuous", "--notrim", "--udp", "--raw",
                                     "--unix"},
                                    "tanpoevWcTZuwx",
                                    "uwx",
                                    {"--inet", "--inet6", "--ip", "--tcp6", "--listening", "-A"}};
    return asked_by_options(words, known);
}

bool is_table_of_proc(std::string_view path) {
    return path.starts_with("/proc/") && (path.find("/net/tcp") != std::string_view::npos ||
                                          path.find("/net/sockstat") != std::string_view::npos);
}

/// Leading options; those of `with_value` take the next word, too.
std::size_t options_at(Words words, std::size_t from, std::initializer_list<std::string_view> with_value) {
    while (from < words.size() && words[from].starts_with('-')) {
        from += is_one_of(words[from], with_value) ? 2 : 1;
    }
    return from;
}

/// How many of the words belong to what runs another command; none if it is nothing of that kind. watch is
/// none: it shows what fits on the screen. Nor is timeout, which may end it early.
std::optional<std::size_t> words_of_wrapper(Words words) {
    const std::string_view name = name_of(words[0]);
    const bool assigns = words[0].find('=') != std::string::npos && words[0].find('/') > words[0].find('=');
    if (assigns) {
        return 1;
    }
    if (is_one_of(name, {"time", "command", "exec", "nohup", "env", "busybox", "toybox", "wsl"})) {
        return options_at(words, 1, {});
    }
    if (is_one_of(name, {"sudo", "doas"})) {
        return options_at(words, 1, {"-u", "-g"});
    }
    if (is_one_of(name, {"nice", "ionice"})) {
        return options_at(words, 1, {"-n", "-c"});
    }
    if (name == "nsenter") {
        return options_at(words, 1, {"-t", "--target"});
    }
    if (name == "chroot") {
        return options_at(words, 1, {}) + 1;
    }
    if (name == "ip" && words.size() > 3 && words[1] == "netns" && words[2] == "exec") {
        return 4;
    }
    if (is_one_of(name, {"docker", "podman", "nerdctl", "crictl", "docker-compose"})) {
        const auto exec = std::find(words.begin(), words.end(), "exec");
        const auto from = static_cast<std::size_t>(exec - words.begin());
        return from < 3
                   ? std::optional(
                         options_at(words, from + 1, {"-u", "--user", "-e", "--env", "-w", "--workdir"}) + 1)
                   : std::nullopt;
    }
    if (is_one_of(name, {"kubectl", "oc", "k", "lxc"})) {
        const auto mark = std::find(words.begin(), words.end(), "--");
        return mark == words.end() ? std::nullopt
                                   : std::optional(static_cast<std::size_t>(mark - words.begin()) + 1);
    }
    return std::nullopt;
}

/// ssh hands its words to a shell, as sh -c does.
std::optional<std::string> inner_shell(Words words) {
    const std::string_view name = name_of(words[0]);
    std::size_t from = words.size();
    if (name == "ssh") {
        from = options_at(words, 1, {"-p", "-i", "-l", "-o", "-J", "-F", "-c", "-m", "-b", "-W"}) + 1;
    } else if (is_one_of(name, {"sh", "bash", "ash", "dash"}) && words.size() == 3 &&
               is_one_of(words[1], {"-c", "-lc", "-ec"})) {
        from = 2;
    }
    if (from >= words.size()) {
        return std::nullopt;
    }
    return base::join({words.begin() + static_cast<std::ptrdiff_t>(from), words.end()}, " ");
}

Asked asked_by_line(std::string_view line, int shells);

/// `shells`: how many may stand in each other.
Asked asked_by_words(Words words, int shells) {
    while (!words.empty()) {
        if (const auto inner = inner_shell(words)) {
            return shells > 0 ? asked_by_line(*inner, shells - 1) : Asked::anything;
        }
        const auto wrapper = words_of_wrapper(words);
        if (!wrapper) {
            break;
        }
        words = words.subspan(std::min(*wrapper, words.size()));
    }
    if (words.empty()) {
        return Asked::anything;
    }
    const std::string_view name = name_of(words[0]);
    const Words rest = words.subspan(1);
    if (name == "ss") {
        return asked_by_ss(rest);
    }
    if (name == "netstat") {
        return asked_by_netstat(rest);
    }
    const bool tables = !rest.empty() && std::all_of(rest.begin(), rest.end(), is_table_of_proc);
    return name == "cat" && tables ? Asked::all : Asked::anything;
}

/// What prints nothing that could be taken for a table, before one.
bool prints_no_table(Words words) {
    return !words.empty() &&
           is_one_of(name_of(words[0]), {"date", "hostname", "uptime", "uname", "clear", "sysctl", "echo"});
}

/// Of several commands, each must show all sockets.
Asked asked_by_line(std::string_view line, int shells) {
    const auto words = shell_words(line);
    if (!words) {
        return Asked::anything;
    }
    const auto is_end = [](const ShellWord& word) { return word.is_sign && word.text == ";"; };
    Asked asked = Asked::anything;
    for (auto begin = words->begin(); begin != words->end();) {
        const auto end = std::find_if(begin, words->end(), is_end);
        const auto command = simple_command({begin, end});
        if (!command) {
            return Asked::anything;
        }
        if (!command->empty() && !prints_no_table(*command)) {
            asked = asked_by_words(*command, shells);
            if (asked != Asked::all) {
                return asked;
            }
        }
        begin = end == words->end() ? end : end + 1;
    }
    return asked;
}

} // namespace

Asked asked_by(std::string_view command) {
    constexpr std::size_t longest = 1024; // that people type at a prompt
    constexpr int most_shells = 4;        // ssh to a host, docker exec there, sh -c
    return command.size() <= longest ? asked_by_line(command, most_shells) : Asked::anything;
}

} // namespace replay
