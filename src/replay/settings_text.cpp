#include "replay/settings_text.h"

#include "base/number.h"
#include "base/text.h"
#include "replay/lines.h"
#include "replay/sysctl_commands.h"
#include "replay/yaml_settings.h"
#include "snapshot/sysctls.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace replay {
namespace {

constexpr const char* kernel_key = "kernel.osrelease";

bool is_comment(std::string_view line) {
    return line.empty() || line.front() == '#' || line.front() == ';';
}

void add_setting(SettingsText& settings, std::string_view name, std::string_view value, std::size_t line,
                 std::size_t host = 0) {
    settings.lines.push_back({fmt::format("{} = {}", name, value), line, is_variable(value), host});
}

/// The names in a text that were understood, and the lines where they stand.
class Understood {
  public:
    void add(const std::string& name, std::size_t first, std::size_t last) {
        names_.insert(name);
        for (std::size_t line = first; line <= last; ++line) {
            places_.emplace(line, name);
        }
    }

    /// Every other one.
    std::vector<NamedOnly> others(const std::vector<std::string>& lines) const {
        std::vector<NamedOnly> others;
        for (std::size_t i = 0; i < lines.size(); ++i) {
            for (NamedSysctl& named : sysctls_named_in(lines[i])) {
                const bool is_known =
                    named.is_told ? names_.contains(named.name) : places_.contains({i + 1, named.name});
                if (!is_known) {
                    others.push_back({std::move(named.name), i + 1});
                }
            }
        }
        return others;
    }

  private:
    std::set<std::string, std::less<>> names_;
    std::set<std::pair<std::size_t, std::string>> places_;
};

/// Each setting stands on the line of its name.
void note_others(SettingsText& settings) {
    Understood understood;
    for (const SettingLine& line : settings.lines) {
        understood.add(plain_sysctl_name(assignment_in(line.text).first), line.line, line.line);
    }
    settings.named_only = understood.others(settings.as_written);
}

/// What may set anything: "{{ name }} = {{ value }}", a command with such a name, and a file in base64.
void note_open(SettingsText& settings) {
    EncodedFile encoded;
    for (std::size_t i = 0; i < settings.as_written.size(); ++i) {
        const std::string& line = settings.as_written[i];
        const std::string_view name = assignment_in(line).first;
        if (name.starts_with("{{") && name.ends_with("}}")) {
            settings.named_only.push_back({std::string(name), i + 1});
        }
        if (auto open = open_setting_in(line); open || (open = encoded.take(line, i + 1))) {
            settings.named_only.push_back({std::move(*open), i + 1});
        }
    }
}

// tuned.conf(5): the section [sysctl], without the options that every section has.

bool is_tuned(std::string_view text) {
    const auto lines = base::split(text, '\n');
    return std::any_of(lines.begin(), lines.end(),
                       [](std::string_view line) { return base::trim(line) == "[sysctl]"; });
}

/// "include=a,-b": the second may be missing.
void add_profiles(std::string_view names, std::vector<std::string>& profiles) {
    for (std::string_view name : base::split(names, ',')) {
        name = base::trim(name);
        name.remove_prefix(name.starts_with('-') ? 1 : 0);
        if (!name.empty()) {
            profiles.emplace_back(name);
        }
    }
}

void read_tuned(std::string_view text, SettingsText& settings) {
    std::string_view section;
    std::size_t number = 0;
    for (const std::string_view raw : base::split(text, '\n')) {
        ++number;
        const std::string_view line = base::trim(raw);
        if (line.starts_with('[') && line.ends_with(']')) {
            section = line;
            continue;
        }
        auto [name, value] = assignment_in(line);
        if (is_comment(line) || name.empty()) {
            continue;
        }
        if (section == "[main]" && name == "include") {
            add_profiles(value, settings.profiles);
        }
        if (section == "[sysctl]" && is_sysctl_name(name)) {
            value.remove_prefix(value.starts_with('>') || value.starts_with('<') ? 1 : 0); // only up, or down
            if (value.size() > 1 && value.front() == '"' && value.back() == '"') {
                value = value.substr(1, value.size() - 2);
            }
            add_setting(settings, name, base::trim(value), number);
        }
    }
}

bool is_yaml(std::string_view text, std::string_view name) {
    const std::string_view start = base::trim(text);
    return name.ends_with(".yml") || name.ends_with(".yaml") || name.ends_with(".json") ||
           start.starts_with("---") || start.starts_with('{') || start.starts_with("apiVersion:");
}

std::vector<std::string> lines_of(std::string_view text) {
    const auto lines = base::split(text, '\n');
    return {lines.begin(), lines.end()};
}

/// As YAML 1.1 counts them: more than a line end begins one.
std::vector<std::string> lines_of_yaml(std::string_view text) {
    constexpr auto breaks =
        std::to_array<std::string_view>({"\r\n", "\n", "\r", "\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9"});
    std::vector<std::string> lines;
    lines.reserve(2 + static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')));
    lines.emplace_back();
    while (!text.empty()) {
        const auto* found = std::find_if(breaks.begin(), breaks.end(),
                                         [&](std::string_view one) { return text.starts_with(one); });
        if (found != breaks.end()) {
            lines.emplace_back();
        } else {
            lines.back() += text.front();
        }
        text.remove_prefix(found != breaks.end() ? found->size() : 1);
    }
    return lines;
}

base::Status read_yaml(std::string_view text, SettingsText& settings) {
    const auto found = read_yaml_settings(text);
    if (!found) {
        return found.error();
    }
    Understood understood;
    for (const YamlName& name : found->names) {
        understood.add(name.name, name.first, name.last);
    }
    for (const YamlSetting& setting : found->settings) {
        add_setting(settings, setting.name, setting.value, setting.line, setting.host);
    }
    settings.named_only = understood.others(settings.as_written);
    note_open(settings);
    return base::Nothing{};
}

/// What the kernel printed is no request: it holds whatever the program does not know as well.
void keep_known(SettingsText& dump) {
    std::erase_if(dump.lines, [](const SettingLine& line) {
        return snapshot::find_sysctl(assignment_in(line.text).first) == nullptr;
    });
}

bool is_section(std::string_view line) {
    return line.starts_with('[') && line.ends_with(']');
}

bool is_name(std::string_view text) {
    text.remove_prefix(text.starts_with('-') ? 1 : 0);
    return is_sysctl_name(text);
}

/// A dump shows what holds together, in the order of the alphabet; a boot takes one line after the other, and
/// no range that begins below the ports of the privileged.
void order_ports(SettingsText& dump) {
    constexpr std::string_view start = "net.ipv4.ip_unprivileged_port_start";
    constexpr std::int64_t usual = 1024;
    std::stable_partition(dump.lines.begin(), dump.lines.end(), [&](const SettingLine& line) {
        const auto [name, value] = assignment_in(line.text);
        return name == start && base::parse_integer(value).value_or(usual) < usual;
    });
}

void read_lines(std::string_view text, SettingsText& settings) {
    Understood understood;
    std::size_t number = 0;
    for (const std::string_view raw : base::split(text, '\n')) {
        ++number;
        const std::string_view line = base::trim(raw);
        const auto [name, value] = assignment_in(line);
        if (name == kernel_key) {
            settings.is_dump = true; // nobody can set it
            settings.kernel = value;
        }
        const bool is_complaint = line.starts_with("sysctl: "); // of `sysctl -a 2>&1`
        if (is_comment(line) || is_complaint) {
            continue;
        }
        if (name.empty()) {
            settings.lines.push_back({std::string(line), number, false});
        } else {
            add_setting(settings, name, value, number);
        }
        if (is_name(name) || base::words(name).size() != 1) { // the latter is said to be no assignment
            for (const NamedSysctl& named : sysctls_named_in(line)) {
                understood.add(named.name, number, number);
            }
        }
    }
    settings.named_only = understood.others(settings.as_written);
    note_open(settings);
    if (settings.is_dump) {
        keep_known(settings);
        order_ports(settings);
        settings.named_only.clear();
    }
}

// A script, or a file of another program: what sets a sysctl in it for certain.

/// By what its lines are; where the name says so, one setting is enough.
bool is_sysctl_conf(std::string_view text, std::string_view name) {
    std::size_t settings = 0;
    std::size_t others = 0;
    bool is_foreign = text.starts_with("#!");
    for (const std::string_view raw : base::split(text, '\n')) {
        const std::string_view line = base::trim(raw);
        if (is_comment(line)) {
            continue;
        }
        const auto [key, value] = assignment_in(line);
        const std::string_view first = line.substr(0, line.find_first_of(" \t:="));
        const bool is_setting =
            key.empty() ? is_name(first)
                        : is_name(key) || (base::words(key).size() == 1 && sysctls_named_in(line).empty());
        is_setting ? ++settings : ++others;
        is_foreign |= is_section(line);
    }
    return name.ends_with(".conf") ? !is_foreign && (settings > 0 || others == 0)
                                   : !is_foreign && settings > 0 && settings >= others;
}

/// Sections, as those of an inventory, and commands that start a container are of hosts of their own.
void read_script(std::string_view text, SettingsText& settings) {
    std::size_t number = 0;
    std::size_t hosts = 0;
    std::size_t section = 0;
    std::size_t container = 0;
    bool goes_on = false;
    for (const std::string_view raw : base::split(text, '\n')) {
        ++number;
        std::string_view line = base::trim(raw);
        section = is_section(line) ? ++hosts : section;
        container = goes_on ? container : ++hosts;
        goes_on = line.ends_with('\\');
        line.remove_suffix(goes_on ? 1 : 0);
        const auto [name, value] = assignment_in(line);
        if (is_comment(line)) {
            continue;
        }
        if (is_name(name)) {
            add_setting(settings, name, value, number, section);
            continue;
        }
        for (const CommandSetting& setting : sysctl_commands_in(line)) {
            add_setting(settings, setting.name, setting.value, number,
                        setting.of_container ? container : section);
        }
    }
    note_others(settings);
    note_open(settings);
}

base::Status check_any(const SettingsText& settings) {
    const bool is_any = !settings.lines.empty() || !settings.profiles.empty() || !settings.named_only.empty();
    return is_any ? base::Status(base::Nothing{}) : base::Error{std::string(nothing_set)};
}

} // namespace

bool is_variable(std::string_view value) {
    value = value.substr(0, value.find('#')); // behind it people write to people
    constexpr auto marks = std::to_array<std::string_view>({"$", "{{", "{%", "<%"});
    return std::count(value.begin(), value.end(), '@') > 1 ||
           std::any_of(marks.begin(), marks.end(),
                       [&](std::string_view mark) { return value.find(mark) != std::string_view::npos; });
}

std::pair<std::string_view, std::string_view> assignment_in(std::string_view line) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) {
        return {};
    }
    return {base::trim(line.substr(0, equals)), base::trim(line.substr(equals + 1))};
}

base::Result<SettingsText> read_settings(std::string content, std::string_view name) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (auto plain = utf8_of_utf16(content)) {
        content = std::move(*plain);
    }
    std::string_view text = content;
    text.remove_prefix(text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0);
    if (text.find('\0') != std::string_view::npos) {
        return base::Error{"no text"};
    }
    SettingsText settings;
    const bool yaml = !is_tuned(text) && is_yaml(text, name);
    settings.as_written = yaml ? lines_of_yaml(text) : lines_of(text);
    if (is_tuned(text)) {
        read_tuned(text, settings);
        note_others(settings);
    } else if (yaml) {
        if (const base::Status read = read_yaml(text, settings); !read) {
            return read.error();
        }
    } else if (name.empty() || is_sysctl_conf(text, name)) {
        read_lines(text, settings);
        return settings;
    } else {
        read_script(text, settings);
    }
    const base::Status any = is_tuned(text) ? base::Status(base::Nothing{}) : check_any(settings);
    return any ? base::Result<SettingsText>(std::move(settings)) : any.error();
}

} // namespace replay
