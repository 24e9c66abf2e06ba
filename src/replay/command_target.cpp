#include "replay/command_target.h"

#include "base/text.h"
#include "replay/shell_words.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace replay {

namespace {

std::string_view base_name(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

bool is_letter_or_digit(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// The command, or the text that a shell there gets: "ss -tan | head".
bool is_table_command(std::string_view word) {
    const auto inner = base::words(word.substr(0, 200));
    return std::any_of(inner.begin(), inner.end(), [](std::string_view part) {
        return is_one_of(base_name(part), {"ss", "netstat", "cat"});
    });
}

/// What runs a command on the same host, in the same namespace.
bool is_local_wrapper(std::string_view word) {
    const std::size_t equals = word.find('=');
    return is_one_of(base_name(word), {"sudo", "doas", "time", "command", "exec", "nohup", "env", "busybox",
                                       "toybox", "nice", "ionice", "timeout", "watch", "do", "then"}) ||
           (equals != std::string_view::npos && equals > 0 && word.front() != '-');
}

bool is_shell(std::string_view word) {
    return is_one_of(base_name(word), {"sh", "bash", "ash", "zsh", "dash", "fish", "su"});
}

/// The last of the commands in one line that goes somewhere or prints a table decides.
std::vector<std::string> words_to_table(std::string_view command, bool& prints_table) {
    std::vector<std::string> words;
    const auto split = shell_words(command);
    for (const ShellWord& word : split ? *split : std::vector<ShellWord>()) {
        if (word.is_sign && is_one_of(word.text, {";", "&", "|"})) {
            words.clear();
        } else if (!word.is_sign && is_table_command(word.text)) {
            prints_table = true;
            if (is_one_of(base_name(word.text), {"ss", "netstat", "cat"}) || !words.empty()) {
                return words;
            }
        } else if (!word.is_sign) {
            words.push_back(word.text);
        }
    }
    return words;
}

/// The first word behind `from` that is no option; -n, -c and others of one letter take the next word.
std::string_view first_argument(const std::vector<std::string>& words, std::size_t from,
                                std::string_view with_value) {
    while (from < words.size() && words[from].starts_with('-')) {
        const bool takes =
            words[from].size() == 2 && with_value.find(words[from][1]) != std::string_view::npos;
        from += takes ? 2 : 1;
    }
    return from < words.size() ? std::string_view(words[from]) : std::string_view();
}

std::string_view argument_behind(const std::vector<std::string>& words,
                                 std::initializer_list<std::string_view> verbs, std::string_view with_value) {
    const auto verb = std::find_if(words.begin(), words.end(), [&](const std::string& word) {
        return is_one_of(base_name(word), verbs);
    });
    return verb == words.end()
               ? std::string_view()
               : first_argument(words, static_cast<std::size_t>(verb - words.begin()) + 1, with_value);
}

/// "web1" of "ssh root@web1", "web-1" of "kubectl exec -n shop web-1 --"; else nothing.
std::string name_of_target(const std::vector<std::string>& words) {
    std::string_view name = argument_behind(words, {"ssh"}, "pilcobJFmWLRDE");
    if (name.empty()) {
        name = argument_behind(words, {"exec", "rsh", "shell", "attach"}, "ncuew");
    }
    name = name.substr(name.find('@') == std::string_view::npos ? 0 : name.find('@') + 1);
    return is_host_name(base_name(name)) ? std::string(base_name(name)) : std::string();
}

/// Options that say how to run it, not where, do not count: -it and -i are the same.
std::string joined_target(const std::vector<std::string>& words) {
    std::string whole;
    for (const std::string& word : words) {
        if (!is_shell(word) &&
            !is_one_of(word, {"--", "-it", "-ti", "-i", "-t", "-T", "-q", "-c", "-tt", "-l"})) {
            whole += (whole.empty() ? "" : " ") + word;
        }
    }
    return whole;
}

bool takes_elsewhere(const std::vector<std::string>& words) {
    return !words.empty() &&
           (is_one_of(base_name(words.front()),
                      {"ssh", "kubectl", "oc", "k", "docker", "podman", "nerdctl", "crictl", "docker-compose",
                       "lxc", "lxc-attach", "incus", "nsenter", "machinectl", "vagrant", "gcloud", "mosh"}) ||
            (base_name(words.front()) == "ip" && words.size() > 3 && words[1] == "netns" &&
             words[2] == "exec"));
}

/// Without them a tool that goes elsewhere does something else: "kubectl get pods".
bool is_visit(const std::vector<std::string>& words) {
    return is_one_of(base_name(words.front()), {"ssh", "mosh", "nsenter", "lxc-attach"}) ||
           std::any_of(words.begin(), words.end(), [](const std::string& word) {
               return is_one_of(word, {"exec", "rsh", "shell", "ssh", "debug"});
           });
}

void drop_local_wrappers(std::vector<std::string>& words) {
    std::size_t local = 0;
    while (local < words.size() && is_local_wrapper(words[local])) {
        ++local;
        while (local < words.size() &&
               (words[local].starts_with('-') ||
                words[local].find_first_not_of("0123456789.s") == std::string::npos)) {
            local += is_one_of(words[local], {"-u", "-g", "-n"}) ? 2 : 1;
        }
    }
    words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(std::min(local, words.size())));
}

/// `ss -N NAME` and `ss --net=NAME` switch the namespace themselves.
std::string namespace_of_ss(std::string_view command) {
    const auto words = base::words(command);
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i].starts_with("--net=")) {
            return std::string(words[i].substr(6));
        }
        if ((words[i] == "-N" || words[i] == "--net") && i + 1 < words.size()) {
            return std::string(words[i + 1]);
        }
    }
    return {};
}

} // namespace

bool is_host_name(std::string_view name) {
    const auto fits = [](char c) { return is_letter_or_digit(c) || c == '.' || c == '-' || c == '_'; };
    return !name.empty() && is_letter_or_digit(name.front()) && std::all_of(name.begin(), name.end(), fits) &&
           name.find_first_not_of("0123456789") != std::string_view::npos;
}

CommandTarget target_of(std::string_view command) {
    constexpr std::size_t longest = 1024; // that people type at a prompt
    CommandTarget target;
    if (command.size() > longest) {
        return target;
    }
    const auto typed = base::words(command);
    target.closes_shell = typed.size() == 1 && is_one_of(typed[0], {"exit", "logout", "^D"});
    target.asks_for_name = !typed.empty() && typed.size() <= 2 && is_one_of(typed[0], {"hostname"});
    std::vector<std::string> words = words_to_table(command, target.prints_table);
    drop_local_wrappers(words);
    if (takes_elsewhere(words) && is_visit(words)) {
        target.whole = joined_target(words);
        target.name = name_of_target(words);
        target.opens_shell = !target.prints_table;
        target.keeps_prompt = is_one_of(base_name(words.front()), {"ip", "nsenter"});
    } else if (target.prints_table) {
        target.whole = namespace_of_ss(command);
    }
    target.name = target.name.empty() ? target.whole : target.name;
    return target;
}

std::string_view host_in_prompt(std::string_view prompt) {
    prompt = base::trim(prompt);
    const std::size_t at = prompt.rfind('@');
    const std::size_t begin = at == std::string_view::npos ? 0 : at + 1;
    const std::size_t end = prompt.find_first_of(": ])>", begin);
    const std::string_view host = prompt.substr(begin, end - begin);
    const bool named = at != std::string_view::npos || (end != std::string_view::npos && prompt[end] == ':');
    return named && is_host_name(host) ? host : std::string_view();
}

} // namespace replay
