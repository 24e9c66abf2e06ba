#include "replay/settings_text.h"

#include "base/text.h"
#include "replay/lines.h"
#include "replay/yaml_settings.h"
#include "snapshot/sysctls.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace replay {
namespace {

constexpr const char* kernel_key = "kernel.osrelease";

bool is_comment(std::string_view line) {
    return line.empty() || line.front() == '#' || line.front() == ';';
}

void add_setting(SettingsText& settings, std::string_view name, std::string_view value, std::size_t line) {
    settings.lines.push_back({fmt::format("{} = {}", name, value), line, is_variable(value)});
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
    if (found->empty()) {
        return base::Error{"no sysctl is set in it"};
    }
    for (const YamlSetting& setting : *found) {
        add_setting(settings, setting.name, setting.value, setting.line);
    }
    return base::Nothing{};
}

/// What the kernel printed is no request: it holds whatever the program does not know as well.
void keep_known(SettingsText& dump) {
    std::erase_if(dump.lines, [](const SettingLine& line) {
        return snapshot::find_sysctl(assignment_in(line.text).first) == nullptr;
    });
}

void read_lines(std::string_view text, SettingsText& settings) {
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
    }
    if (settings.is_dump) {
        keep_known(settings);
    }
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
    } else if (yaml) {
        if (const base::Status read = read_yaml(text, settings); !read) {
            return read.error();
        }
    } else {
        read_lines(text, settings);
    }
    return settings;
}

} // namespace replay
