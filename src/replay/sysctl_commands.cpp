#include "replay/sysctl_commands.h"

#include "base/text.h"
#include "replay/shell_words.h"
#include "replay/yaml_settings.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>

namespace replay {
namespace {

std::optional<CommandSetting> setting_in(std::string_view word, bool of_container) {
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos || equals + 1 == word.size() ||
        !is_sysctl_name(word.substr(0, equals))) {
        return std::nullopt;
    }
    return CommandSetting{std::string(word.substr(0, equals)), std::string(word.substr(equals + 1)),
                          of_container};
}

/// One pass over the words of a line.
class CommandReader {
  public:
    explicit CommandReader(const std::vector<ShellWord>& words) : words_(words) {}

    std::vector<CommandSetting> read() {
        bool is_start = true; // of a command
        for (std::size_t i = 0; i < words_.size(); ++i) {
            if (words_[i].is_sign) {
                is_sysctl_ = is_echo_ = false;
                is_start = true;
                continue;
            }
            take(i, is_start);
            is_start = false;
        }
        return std::move(found_);
    }

  private:
    void take(std::size_t i, bool is_start) {
        constexpr std::string_view option = "--sysctl";
        const std::string& word = words_[i].text;
        if (is_start && (word == "echo" || word == "printf")) {
            is_echo_ = true;
            take_echo(i);
        } else if (is_echo_) {
            return; // a text for people, or for a file
        } else if (word == option && i + 1 < words_.size()) {
            add(setting_in(words_[i + 1].text, true));
        } else if (word.starts_with("--sysctl=")) {
            add(setting_in(std::string_view(word).substr(option.size() + 1), true));
        } else if (is_sysctl_) {
            add(setting_in(word, false));
        } else {
            is_sysctl_ = word.substr(word.find_last_of("/=") + 1) == "sysctl";
        }
    }

    /// echo 1 > /proc/sys/net/...
    void take_echo(std::size_t i) {
        constexpr std::string_view root = "/proc/sys/";
        const bool is_one = words_.size() >= i + 4 && !words_[i + 1].is_sign && words_[i + 2].text == ">" &&
                            words_[i + 3].text.starts_with(root) &&
                            (words_.size() == i + 4 || words_[i + 4].is_sign);
        if (is_one) {
            add(setting_in(words_[i + 3].text.substr(root.size()) + "=" + words_[i + 1].text, false));
        }
    }

    void add(std::optional<CommandSetting> setting) {
        if (setting) {
            found_.push_back(std::move(*setting));
        }
    }

    const std::vector<ShellWord>& words_;
    std::vector<CommandSetting> found_;
    bool is_sysctl_ = false; // what follows are its arguments
    bool is_echo_ = false;
};

// Names in whatever form.

bool is_name_sign(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// Up to a sign of a comment, for shells and YAML.
std::string_view without_comment(std::string_view line) {
    const std::string_view text = base::trim(line);
    if (text.starts_with("#") || text.starts_with(";") || text.starts_with("//")) {
        return {};
    }
    const std::size_t sign = std::min(line.find(" #"), line.find("\t#"));
    return line.substr(0, std::min(sign, line.size()));
}

/// Not the end of another word: "example.net.ipv4" is none, "/proc/sys/net/ipv4" is one.
bool may_begin(std::string_view before) {
    if (before.empty() || before.ends_with("/sys/") || before.ends_with("sysctl.")) {
        return true;
    }
    const char last = before.back();
    return !is_name_sign(last) && last != '.' && last != '/' && last != '$';
}

std::string_view name_at(std::string_view text) {
    constexpr auto parts = std::to_array<std::string_view>(
        {"ipv4", "ipv6", "core", "netfilter", "bridge", "unix", "sctp", "mptcp"});
    const auto is_sign = [](char c) {
        return is_name_sign(c) || std::string_view("./*-").find(c) != std::string_view::npos;
    };
    const auto* end = std::find_if_not(text.begin(), text.end(), is_sign);
    std::string_view name = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    name = name.substr(0, name.find_last_not_of("./-") + 1);
    name.remove_prefix(std::min<std::size_t>(4, name.size()));
    const std::string_view part = name.substr(0, name.find_first_of("./"));
    const bool is_part =
        part.size() < name.size() && std::find(parts.begin(), parts.end(), part) != parts.end();
    return is_part || part == "nf_conntrack_max" ? text.substr(0, name.size() + 4) : std::string_view();
}

bool is_told(std::string_view before, std::string_view behind) {
    constexpr std::string_view quotes = "\"'`([ \t";
    if (before.ends_with('^')) {
        return true; // of a pattern
    }
    const std::size_t last = before.find_last_not_of(quotes);
    const bool is_sentence = last != std::string_view::npos && last + 1 < before.size() &&
                             std::isalnum(static_cast<unsigned char>(before[last])) != 0;
    const std::size_t next = behind.find_first_not_of("\"'` \t");
    const bool is_set = next != std::string_view::npos && (behind[next] == '=' || behind[next] == ':');
    return is_sentence && !is_set;
}

void add_dotted(std::string_view line, std::vector<NamedSysctl>& named) {
    for (std::size_t at = line.find("net"); at != std::string_view::npos; at = line.find("net", at + 1)) {
        const std::string_view rest = line.substr(at);
        const bool is_start = rest.size() > 4 && (rest[3] == '.' || rest[3] == '/');
        const std::string_view name =
            is_start && may_begin(line.substr(0, at)) ? name_at(rest) : std::string_view();
        if (!name.empty()) {
            named.push_back({plain_sysctl_name(name), is_told(line.substr(0, at), rest.substr(name.size()))});
        }
    }
}

/// "netIpv4TcpTwReuse" as "net_ipv4_tcp_tw_reuse".
std::string with_underscores(std::string_view word) {
    std::string text;
    for (const char c : word) {
        const bool is_capital = c >= 'A' && c <= 'Z';
        text += is_capital ? "_" : "";
        text += is_capital ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return text;
}

/// Variables and keys that are called like sysctls.
void add_underscored(std::string_view line, std::vector<NamedSysctl>& named) {
    constexpr auto roots =
        std::to_array<std::string_view>({"net_ipv4_", "net_ipv6_", "net_core_", "net_netfilter_"});
    for (std::size_t at = 0; at < line.size();) {
        const auto* end = std::find_if_not(line.begin() + at, line.end(), is_name_sign);
        const std::string_view word = line.substr(at, static_cast<std::size_t>(end - line.begin()) - at);
        const std::string plain = word.starts_with("net") ? with_underscores(word) : std::string(word);
        for (const std::string_view root : roots) {
            const std::size_t start = plain.find(root);
            if (start != std::string::npos && start + root.size() < plain.size()) {
                const std::string leaf = plain.substr(start + root.size());
                named.push_back(
                    {plain_sysctl_name("net/" + std::string(root.substr(4, root.size() - 5)) + "/" + leaf),
                     true});
            }
        }
        at += word.size() + 1;
    }
}

/// "-qw" and "--write", not "-n", "-p" and "--system".
bool is_write(std::string_view option) {
    return option == "--write" || (!option.starts_with("--") && option.find('w') != std::string_view::npos);
}

/// The words of a command, whatever list it stands in.
std::vector<std::string> plain_words(std::string_view text) {
    std::string plain(text.substr(0, text.find_first_of("|;&>")));
    constexpr std::string_view marks = "\"'`[],()";
    for (std::size_t i = 0; i < plain.size(); ++i) {
        if (marks.find(plain[i]) != std::string_view::npos) {
            const bool is_format = i >= 2 && plain[i - 1] == 'f' && plain[i - 2] == ' '; // Python's f"{key}"
            plain[i - (is_format ? 1 : 0)] = ' ';
            plain[i] = ' ';
        }
    }
    const auto words = base::words(plain);
    return {words.begin(), words.end()};
}

/// The first name of those that `sysctl` with these arguments sets, if it is filled in later.
std::optional<std::string> open_name_in(std::string_view arguments) {
    bool writes = false;
    for (const std::string& word : plain_words(arguments)) {
        if (word.starts_with('-')) {
            writes |= is_write(word);
            continue;
        }
        const std::string name = word.substr(0, word.find('='));
        const bool is_open = writes && name.find_first_of("${%") != std::string::npos;
        return is_open ? std::optional(word) : std::nullopt;
    }
    return std::nullopt;
}

/// "/etc/sysctl.d/9.conf", which stands in a text; empty if none does.
std::string path_in(std::string_view line) {
    const std::size_t at = std::min(line.find("sysctl.d/"), line.find("etc/sysctl.conf"));
    if (at == std::string_view::npos) {
        return {};
    }
    constexpr std::string_view ends = " \t\"'`,;:=<>(){}[]";
    const std::size_t before = line.substr(0, at).find_last_of(ends);
    const std::size_t start = before == std::string_view::npos ? 0 : before + 1;
    return std::string(line.substr(start, line.substr(start).find_first_of(ends)));
}

bool is_encoded(std::string_view line) {
    return line.find("base64") != std::string_view::npos || line.find("b64") != std::string_view::npos;
}

} // namespace

std::optional<std::string> open_setting_in(std::string_view line) {
    constexpr std::string_view command = "sysctl";
    const std::string_view text = without_comment(line);
    for (std::size_t at = text.find(command); at != std::string_view::npos;) {
        const std::size_t start = at + command.size();
        const bool is_whole = at == 0 || !is_name_sign(text[at - 1]);
        at = text.find(command, start);
        auto open = is_whole ? open_name_in(text.substr(start, at - start)) : std::nullopt;
        if (open) {
            return "sysctl -w " + *open;
        }
    }
    return std::nullopt;
}

std::optional<std::string> EncodedFile::take(std::string_view line, std::size_t number) {
    constexpr std::size_t near = 4;
    const std::string_view text = without_comment(line);
    if (std::string path = path_in(text); !path.empty()) {
        path_ = std::move(path);
        path_line_ = number;
    }
    content_line_ = is_encoded(text) ? number : content_line_;
    const bool is_now = path_line_ == number || content_line_ == number;
    const bool are_both = path_line_ > 0 && content_line_ > 0;
    const std::size_t apart = std::max(path_line_, content_line_) - std::min(path_line_, content_line_);
    return is_now && are_both && apart <= near ? std::optional(path_) : std::nullopt;
}

std::vector<CommandSetting> sysctl_commands_in(std::string_view line) {
    const auto words = line.find("sys") != std::string_view::npos ? shell_words(line) : std::nullopt;
    return words ? CommandReader(*words).read() : std::vector<CommandSetting>();
}

std::optional<CommandSetting> sysctl_task_in(std::string_view text) {
    const auto words = shell_words(text);
    CommandSetting task;
    for (const ShellWord& word : words ? *words : std::vector<ShellWord>()) {
        const std::size_t equals = std::min(word.text.find('='), word.text.size());
        const std::string key = word.text.substr(0, equals);
        const std::string value = word.text.substr(std::min(equals + 1, word.text.size()));
        if (key == "name" || key == "key") {
            task.name = value;
        } else if (key == "value" || key == "val") {
            task.value = value;
        } else if (key == "state") {
            task.is_absent = value == "absent";
        }
    }
    const bool is_whole = is_sysctl_name(task.name) && (task.is_absent || !task.value.empty());
    return is_whole ? std::optional(task) : std::nullopt;
}

std::vector<NamedSysctl> sysctls_named_in(std::string_view line) {
    std::vector<NamedSysctl> named;
    const std::string_view text = without_comment(line);
    if (text.find("net") != std::string_view::npos) {
        add_dotted(text, named);
        add_underscored(text, named);
    }
    return named;
}

std::string plain_sysctl_name(std::string_view name) {
    std::string plain(name.substr(name.starts_with('-') ? 1 : 0));
    std::replace(plain.begin(), plain.end(), '/', '.');
    return plain;
}

} // namespace replay
