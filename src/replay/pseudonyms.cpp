#include "replay/pseudonyms.h"

#include "base/text.h"
#include "kernel/sysctl_files.h"
#include "snapshot/sysctls.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace replay {

namespace {

using AddressBytes = std::array<std::uint8_t, 16>;

std::mt19937_64 seeded() {
    std::random_device device; // getrandom() where there is one
    std::seed_seq seed{device(), device(), device(), device(), device(), device(), device(), device()};
    return std::mt19937_64(seed);
}

/// How many bytes at the start of `mask`, written there, tell the class of an IPv4 address.
std::size_t keep_v4_class(std::uint8_t* v4) {
    if (v4[0] == 127 || (v4[0] & 0xF0) == 0xE0) {
        return 1; // loopback; multicast
    }
    if (v4[0] == 169 && v4[1] == 254) {
        return 2;
    }
    const bool shared = v4[0] == 100 && (v4[1] & 0xC0) == 64;
    const bool is_private =
        v4[0] == 10 || (v4[0] == 172 && (v4[1] & 0xF0) == 16) || (v4[0] == 192 && v4[1] == 168) || shared;
    v4[0] = is_private ? 10 : 240;
    return 1;
}

std::size_t keep_v6_class(AddressBytes& v6) {
    if (v6[0] == 0xFE && (v6[1] & 0xC0) == 0x80) {
        return 8; // link-local: the rest of the prefix is zero
    }
    if (v6[0] == 0xFF) {
        return 2; // multicast, its flags and scope
    }
    if ((v6[0] & 0xFE) == 0xFC) {
        v6[0] = 0xFD;
        return 1;
    }
    v6[0] = 0x20;
    v6[1] = 0x01;
    v6[2] = 0x0D;
    v6[3] = 0xB8;
    return 4;
}

bool stays(const snapshot::Address& address) {
    static const std::array known = {
        snapshot::Address(),
        *snapshot::Address::parse("0.0.0.0"),
        *snapshot::Address::parse("255.255.255.255"),
        *snapshot::Address::parse("127.0.0.1"),
        *snapshot::Address::parse("::1"),
    };
    return std::find(known.begin(), known.end(), address) != known.end();
}

} // namespace

Pseudonyms::Pseudonyms() : random_(seeded()) {}

AddressBytes Pseudonyms::random_like(Bytes real) {
    const bool v4 = snapshot::Address::v6(real.data()).is_v4();
    const std::size_t kept = v4 ? 12 + keep_v4_class(&real[12]) : keep_v6_class(real);
    for (std::size_t i = kept; i < real.size(); ++i) {
        real[i] = static_cast<std::uint8_t>(random_() >> 32);
    }
    return real;
}

snapshot::Address Pseudonyms::of(const snapshot::Address& address) {
    if (stays(address)) {
        return address;
    }
    const auto [entry, added] = addresses_.try_emplace(address.bytes());
    while (added) {
        entry->second = random_like(address.bytes());
        const bool usable = !stays(snapshot::Address::v6(entry->second.data()));
        if (usable && taken_.insert(entry->second).second) {
            break;
        }
    }
    return snapshot::Address::v6(entry->second.data());
}

std::string Pseudonyms::name(std::string_view prefix, std::string_view real) {
    auto& known = names_[std::string(prefix)];
    const std::size_t number = known.size() + 1;
    return known.try_emplace(std::string(real), std::string(prefix) + "-" + std::to_string(number))
        .first->second;
}

std::string Pseudonyms::digits(std::string_view real) {
    const auto [entry, added] = digits_.try_emplace(std::string(real), real);
    if (added) {
        constexpr std::string_view hexadecimal = "0123456789abcdef";
        for (char& c : entry->second) {
            c = std::isxdigit(static_cast<unsigned char>(c)) != 0 ? hexadecimal[random_() >> 60] : c;
        }
    }
    return entry->second;
}

namespace {

bool all_of(std::string_view text, std::string_view allowed) {
    return text.find_first_not_of(allowed) == std::string_view::npos;
}

constexpr std::string_view decimal = "0123456789";
constexpr std::string_view digits_of_ids = "0123456789abcdef-_";

/// Names that a system gives, and that tell what stands below.
bool is_structure(std::string_view part) {
    constexpr auto known = std::to_array<std::string_view>({"",
                                                            "..",
                                                            "init.scope",
                                                            "system.slice",
                                                            "user.slice",
                                                            "machine.slice",
                                                            "app.slice",
                                                            "session.slice",
                                                            "background.slice",
                                                            "kubepods",
                                                            "kubepods.slice",
                                                            "burstable",
                                                            "besteffort",
                                                            "kubepods-burstable.slice",
                                                            "kubepods-besteffort.slice",
                                                            "docker",
                                                            "lxc",
                                                            "lxc.payload",
                                                            "payload",
                                                            "container",
                                                            "supervisor"});
    return std::find(known.begin(), known.end(), part) != known.end();
}

/// "user-1000.slice", "user@1000.service", "session-3.scope": numbers, which stay everywhere.
bool is_numbered(std::string_view part, std::string_view start, std::string_view end) {
    return part.size() > start.size() + end.size() && part.starts_with(start) && part.ends_with(end) &&
           all_of(part.substr(start.size(), part.size() - start.size() - end.size()), decimal);
}

template <std::size_t count>
std::string_view start_of(std::string_view part, const std::array<std::string_view, count>& starts) {
    for (const std::string_view start : starts) {
        if (part.starts_with(start) && part.size() > start.size()) {
            return start;
        }
    }
    return {};
}

std::string masked_part(std::string_view part, Pseudonyms& names) {
    constexpr auto starts = std::to_array<std::string_view>(
        {"docker-", "libpod-", "crio-", "cri-containerd-", "nerdctl-", "lxc.payload.", "systemd-nspawn@",
         "machine-", "kubepods-burstable-pod", "kubepods-besteffort-pod", "kubepods-pod", "pod"});
    constexpr auto ends =
        std::to_array<std::string_view>({".service", ".scope", ".socket", ".mount", ".swap", ".slice"});
    if (is_structure(part) || is_numbered(part, "user-", ".slice") ||
        is_numbered(part, "user@", ".service") || is_numbered(part, "session-", ".scope")) {
        return std::string(part);
    }
    std::string_view end;
    for (const std::string_view known : ends) {
        end = part.ends_with(known) && part.size() > known.size() ? known : end;
    }
    std::string_view core = part.substr(0, part.size() - end.size());
    const std::string_view start = start_of(core, starts);
    core.remove_prefix(start.size());
    constexpr std::size_t shortest_id = 32;
    const bool is_id = core.size() >= shortest_id && all_of(core, digits_of_ids);
    return std::string(start) + (is_id ? names.digits(core) : names.name("name", core)) + std::string(end);
}

constexpr std::string_view masked_line = "# masked";
constexpr std::string_view masked_word = "masked";

bool is_plain_value(std::string_view value) {
    return all_of(value, "0123456789,- \t\r");
}

/// "-key" without a value, of a sysctl that the program knows.
bool is_known_exclusion(std::string_view line) {
    return all_of(line, "-/._abcdefghijklmnopqrstuvwxyz0123456789 \t") && line.starts_with("-net") &&
           snapshot::find_sysctl(base::trim(line.substr(1))) != nullptr;
}

/// The value as the kernel takes it, or a word that it does not take either.
std::string masked_value(const std::string& name, const std::string& value) {
    const snapshot::SysctlInfo* info = snapshot::find_sysctl(name);
    const auto taken = info != nullptr ? snapshot::as_kernel_takes(*info, value) : std::nullopt;
    return taken ? *taken : is_plain_value(value) ? value : std::string(masked_word);
}

/// The part of /proc/sys, among those that have no names of devices; empty for others.
std::string_view part_without_devices(std::string_view name) {
    for (const std::string_view part :
         {"net.ipv4.tcp_", "net.ipv4.ip_", "net.core.", "net.netfilter.", "net.bridge."}) {
        if (name.starts_with(part)) {
            return part;
        }
    }
    return {};
}

/// What files of sysctl.d may show.
struct SysctlNames {
    Pseudonyms& names;
    const std::set<std::string, std::less<>>& of_kernel;

    bool are_known(std::string_view name) const {
        return snapshot::find_sysctl(name) != nullptr || of_kernel.find(name) != of_kernel.end();
    }
};

std::string masked_setting(const std::string& name, const std::string& value, const SysctlNames& shown) {
    const std::string_view part = part_without_devices(name);
    if (part.empty() || !all_of(name, "._abcdefghijklmnopqrstuvwxyz0123456789")) {
        return std::string(masked_line);
    }
    if (shown.are_known(name)) {
        return name + " = " + masked_value(name, value);
    }
    std::string other = shown.names.name("name", name.substr(part.size()));
    std::replace(other.begin(), other.end(), '-', '_');
    return std::string(part) + other + " = " + std::string(masked_word);
}

/// The same setting without what could hide a name; "# masked" if it is none that is judged.
std::string masked_assignment(std::string_view line, const SysctlNames& shown) {
    kernel::BootAssignments alone;
    alone.add_file(line, "");
    const snapshot::BootSysctls meaning = alone.result();
    const std::string_view key = line.substr(0, line.find('='));
    if (meaning.no_assignments > 0) {
        return std::string(masked_word);
    }
    if (meaning.values.size() + meaning.dead.size() != 1 ||
        key.find_first_of("*?[]") != std::string_view::npos) {
        const bool is_plain = !meaning.values.empty() && key.find_first_of("[]") == std::string_view::npos &&
                              is_plain_value(line.substr(line.find('=') + 1));
        return is_plain ? std::string(line) : std::string(masked_line);
    }
    const auto& [name, setting] = *(meaning.values.empty() ? meaning.dead : meaning.values).begin();
    const std::string masked = masked_setting(name, setting.value, shown);
    return setting.may_fail && masked != masked_line ? "-" + masked : masked;
}

std::string masked_sysctl_line(std::string_view line, const SysctlNames& shown) {
    const std::string_view content = base::trim(line);
    if (content.empty() || is_known_exclusion(line)) {
        return std::string(line);
    }
    const bool is_comment = content.front() == '#' || content.front() == ';';
    const bool is_exclusion = content.front() == '-' && content.find('=') == std::string_view::npos;
    return is_comment || is_exclusion ? std::string(masked_line) : masked_assignment(line, shown);
}

} // namespace

std::string masked_cgroup(std::string_view path, Pseudonyms& names) {
    std::vector<std::string> parts;
    for (const std::string_view part : base::split(path, '/')) {
        parts.push_back(masked_part(part, names));
    }
    return base::join(parts, "/");
}

std::string masked_sysctl_file(std::string_view text, Pseudonyms& names,
                               const std::set<std::string, std::less<>>& of_kernel) {
    std::vector<std::string> lines;
    for (const std::string_view line : base::split(text, '\n')) {
        lines.push_back(masked_sysctl_line(line, {names, of_kernel}));
    }
    return base::join(lines, "\n");
}

} // namespace replay
