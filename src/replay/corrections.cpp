#include "replay/corrections.h"

#include "base/number.h"
#include "base/text.h"
#include "kernel/sysctl_history.h"
#include "replay/sysctl_commands.h"
#include "snapshot/sysctls.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace replay {
namespace {

std::string assignment(std::string_view name, std::string_view value) {
    return fmt::format("{} = {}", name, value);
}

/// As a comment, in the form of the file; empty where a line cannot be left out.
std::string without(const CorrectedLine& line, std::string_view name) {
    const bool is_whole = line.text.find(name.substr(name.rfind('.') + 1)) != std::string::npos;
    const bool is_command = line.text.find("--sysctl") != std::string::npos || line.text.ends_with('\\') ||
                            sysctls_named_in(line.text).size() > 1;
    if (!is_whole || is_command || line.file.ends_with(".json")) {
        return {};
    }
    const std::size_t start = std::min(line.text.find_first_not_of(" \t"), line.text.size());
    return line.text.substr(0, start) + "# " + line.text.substr(start);
}

/// Behind the name in a line, however it is written; else behind what separates a value.
std::size_t behind_name(std::string_view text, std::string_view name) {
    std::string slashed(name);
    std::replace(slashed.begin(), slashed.end(), '.', '/');
    for (const std::string_view way : {name, std::string_view(slashed), name.substr(name.rfind('.') + 1)}) {
        if (const std::size_t at = text.find(way); at != std::string_view::npos) {
            return at + way.size();
        }
    }
    const std::size_t sign = text.find_first_of(":=");
    return sign == std::string_view::npos ? 0 : sign + 1;
}

struct Part {
    std::size_t start = 0;
    std::size_t length = 0;
};

/// Where the words of `wanted` stand from `start` on, with whatever blanks between them.
std::optional<Part> find_words(std::string_view text, std::size_t start, std::string_view wanted) {
    const auto words = base::words(wanted);
    for (std::size_t at = words.empty() ? std::string_view::npos : text.find(words.front(), start);
         at != std::string_view::npos; at = text.find(words.front(), at + 1)) {
        std::size_t end = at;
        bool is_there = true;
        for (const std::string_view word : words) {
            end = std::min(text.find_first_not_of(end == at ? "" : " \t", end), text.size());
            is_there = is_there && text.substr(end).starts_with(word);
            end += word.size();
        }
        if (is_there) {
            return Part{at, end - at};
        }
    }
    return std::nullopt;
}

/// With another value or name where `before` stands from `start` on, in the form of the file; where it cannot
/// be found, an assignment in a file of assignments, and nothing elsewhere.
std::string replaced(const CorrectedLine& line, std::size_t start, std::string_view before,
                     std::string_view after, std::string_view otherwise) {
    if (const auto part = find_words(line.text, start, before)) {
        return line.text.substr(0, part->start) + std::string(after) +
               line.text.substr(part->start + part->length);
    }
    return line.text.empty() || line.text.find('=') != std::string::npos ? std::string(otherwise)
                                                                         : std::string();
}

std::string revalued(const CorrectedLine& line, std::string_view name, std::string_view before,
                     std::string_view after) {
    return replaced(line, behind_name(line.text, name), before, after, assignment(name, after));
}

std::string renamed(const CorrectedLine& line, const std::string& name, const std::string& value) {
    std::string better(kernel::successor_of(name));
    const std::string small = base::lower_ascii(name);
    if (better.empty() && small != name && snapshot::find_sysctl(small) != nullptr) {
        better = small;
    }
    if (small == "net.ipv4.tcp_tw_recycle") {
        better.clear(); // was taken away
    } else if (better.empty()) {
        std::vector<std::string> names;
        for (const auto& [directory, prefix] :
             {std::pair{"net/ipv4", "net.ipv4."}, std::pair{"net/core", "net.core."}}) {
            for (const std::string& leaf :
                 kernel::sysctls_in(directory, kernel::newest_release).value_or(std::vector<std::string>())) {
                names.push_back(prefix + leaf);
            }
        }
        better = base::closest(name, names).value_or("");
        better = better == name ? "" : better; // of another release
    }
    return better.empty() ? without(line, name) : replaced(line, 0, name, better, assignment(better, value));
}

/// The words for on and off as the kernel has them.
std::string_view switch_of(std::string_view word) {
    constexpr auto on = std::to_array<std::string_view>({"yes", "on", "true", "enabled"});
    constexpr auto off = std::to_array<std::string_view>({"no", "off", "false", "disabled"});
    return std::find(on.begin(), on.end(), word) != on.end()      ? "1"
           : std::find(off.begin(), off.end(), word) != off.end() ? "0"
                                                                  : "";
}

/// Without quotes, seconds as a unit, dashes between numbers and comments; empty for anything else.
std::string plain_numbers(std::string_view value) {
    std::string plain;
    for (const char c : value.substr(0, std::min(value.find('#'), value.size()))) {
        const bool is_sign = c == '-' && (plain.empty() || plain.back() == ' ');
        const bool is_between = c == '"' || c == '\'' || c == ',' || (c == '-' && !is_sign);
        plain += is_between ? ' ' : c;
    }
    plain = base::lower_ascii(base::one_line(plain));
    for (const std::string_view unit : {"seconds", "sec", "s"}) {
        if (plain.ends_with(unit)) {
            plain = base::trim(std::string_view(plain).substr(0, plain.size() - unit.size()));
            break;
        }
    }
    if (const std::string_view number = switch_of(plain); !number.empty()) {
        return std::string(number);
    }
    return plain.find_first_not_of("0123456789 ") == std::string::npos ? plain : "";
}

/// What was meant, if that can be told; else the default.
std::string accepted(const snapshot::SysctlInfo& info, std::string_view value) {
    const std::string numbers = plain_numbers(value);
    const bool fits = info.kind != snapshot::SysctlInfo::Kind::ports &&
                      snapshot::well_formed(info, numbers) &&
                      kernel::in_bounds(info, numbers, kernel::newest_release);
    return fits ? numbers : base::one_line(info.default_value);
}

/// A line that is no assignment: one that lost its sign, or has a command before it.
std::string mended(std::string_view text) {
    std::string_view rest = base::trim(text);
    for (const std::string_view before : {"sudo ", "sysctl ", "-w ", "--write ", "export "}) {
        rest = base::trim(rest.starts_with(before) ? rest.substr(before.size()) : rest);
    }
    const std::size_t end = rest.find_first_of("= \t:");
    const std::string_view name = rest.substr(0, std::min(end, rest.size()));
    if (end != std::string_view::npos && snapshot::find_sysctl(name) != nullptr) {
        const std::size_t value = std::min(rest.find_first_not_of("= \t:", end), rest.size());
        if (value < rest.size()) {
            return assignment(name, rest.substr(value));
        }
    }
    return text.empty() ? std::string() : "# " + std::string(base::trim(text));
}

} // namespace

CorrectedLine Corrections::line_at(const std::string& origin) const {
    const std::size_t colon = origin.rfind(':');
    CorrectedLine line{origin.substr(0, colon), 0, "", ""};
    const auto number =
        base::parse_integer(colon == std::string::npos ? "" : std::string_view(origin).substr(colon + 1));
    line.line = static_cast<std::size_t>(std::max<std::int64_t>(number.value_or(0), 0));
    const auto text = texts_.find(line.file);
    if (text != texts_.end() && line.line > 0 && line.line <= text->second.size()) {
        line.text = text->second[line.line - 1];
        while (line.text.ends_with('\r') || line.text.ends_with(' ')) {
            line.text.pop_back();
        }
    }
    return line;
}

std::optional<CorrectedLine> Corrections::outvoted(const std::string& name) const {
    const auto loser = boot_.outvoted.find(name);
    if (loser == boot_.outvoted.end()) {
        return std::nullopt;
    }
    CorrectedLine line = line_at(loser->second.origin);
    line.corrected = without(line, name);
    return line;
}

std::optional<CorrectedLine> Corrections::by_hand(const std::string& name) const {
    const auto unread = boot_.by_hand.find(name);
    return unread != boot_.by_hand.end() ? std::optional(line_at(unread->second.origin)) : std::nullopt;
}

std::optional<CorrectedLine> Corrections::refused(const std::string& name) const {
    const auto dead = boot_.dead.find(name);
    const auto set = boot_.values.find(name);
    if (dead == boot_.dead.end() && set == boot_.values.end()) {
        return std::nullopt;
    }
    const snapshot::BootValue& value = dead != boot_.dead.end() ? dead->second : set->second;
    CorrectedLine line = line_at(value.origin);
    const snapshot::SysctlInfo* info = snapshot::find_sysctl(name);
    const auto now = sysctls_.text(name);
    if (dead != boot_.dead.end() || (!now && now.error().why == base::Why::absent)) {
        line = naming(std::move(line), name);
        line.corrected = renamed(line, name, value.value);
    } else if (info != nullptr &&
               (boot_.refused.contains(name) || !snapshot::as_kernel_takes(*info, value.value))) {
        const std::string better = accepted(*info, value.value);
        const bool is_same = base::words(better) == base::words(value.value);
        line.corrected = better.empty() ? without(line, name)
                         : !is_same     ? revalued(line, name, value.value, better)
                         : name == local_ports
                             ? revalued(line, name, value.value, above_privileged(value.value))
                             : revalued(line, name, value.value, info->default_value);
    }
    return line;
}

std::string Corrections::above_privileged(const std::string& range) const {
    const auto words = base::words(range);
    const auto first = sysctls_.integer("net.ipv4.ip_unprivileged_port_start");
    const auto low = base::parse_integer(words.front());
    const auto high = base::parse_integer(words.back());
    const std::int64_t better = std::max<std::int64_t>(first ? *first : 0, 1024);
    return low && high && better < *high ? fmt::format("{} {}", better, *high) : std::string();
}

std::vector<CorrectedLine> Corrections::no_assignments() const {
    std::vector<CorrectedLine> lines;
    for (const std::string& origin : boot_.no_assignment_lines) {
        CorrectedLine line = line_at(origin);
        line.corrected = mended(line.text);
        lines.push_back(std::move(line));
    }
    return lines;
}

CorrectedLine Corrections::naming(CorrectedLine line, const std::string& name) const {
    constexpr std::size_t most_above = 8; // the members of one variable
    CorrectedLine above = line;
    for (std::size_t i = 0; i < most_above && above.line > 0; ++i) {
        const std::string plain = plain_sysctl_name(above.text);
        if (plain.find(name) != std::string::npos) {
            return above;
        }
        above = line_at(fmt::format("{}:{}", line.file, above.line - 1));
    }
    return line;
}

std::string Corrections::own_file() const {
    if (!boot_.values.empty()) {
        return line_at(boot_.values.begin()->second.origin).file;
    }
    const auto is_own = [this](const std::string& file) {
        const std::string_view rest = std::string_view(file).substr(std::min(label_.size(), file.size()));
        return file.starts_with(label_) && (rest.empty() || rest.rfind('/') == 0 || label_.ends_with('/'));
    };
    const auto own =
        std::find_if(texts_.begin(), texts_.end(), [&](const auto& text) { return is_own(text.first); });
    return own != texts_.end() ? own->first : std::string(drop_in_);
}

CorrectedLine Corrections::with_value(const std::string& name, const std::string& value) const {
    const auto set = boot_.values.find(name);
    if (set == boot_.values.end()) {
        return {own_file(), 0, "", assignment(name, value)};
    }
    CorrectedLine line = line_at(set->second.origin);
    line.corrected = revalued(line, name, set->second.value, value);
    return line;
}

std::optional<CorrectedLine> Corrections::left_out(const std::string& name) const {
    const auto set = boot_.values.find(name);
    if (set == boot_.values.end()) {
        return std::nullopt;
    }
    CorrectedLine line = line_at(set->second.origin);
    line.corrected = without(line, name);
    return line;
}

std::string Corrections::better_range(bool above_services) const {
    constexpr std::uint16_t above = 16384;
    const auto range = sysctls_.port_range();
    if (!range) {
        return {};
    }
    int low = above_services ? std::max(range->low, above) : range->low;
    int high = range->high;
    low += low % 2;
    high -= high % 2 == 0 ? 1 : 0;
    return low < high ? fmt::format("{} {}", low, high) : std::string();
}

} // namespace replay
