#include "kernel/sysctl_files.h"

#include "base/number.h"
#include "base/text.h"
#include "kernel/boot_modules.h"
#include "kernel/sysctl_history.h"
#include "snapshot/sysctls.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fnmatch.h>

#include <fmt/format.h>

namespace kernel {

snapshot::Sysctls read_sysctls(Machine& machine) {
    snapshot::Sysctls sysctls;
    for (const snapshot::SysctlInfo& info : snapshot::known_sysctls()) {
        std::string path = "/proc/sys/" + std::string(info.name);
        std::replace(path.begin() + 10, path.end(), '.', '/');
        const auto content = machine.read(path);
        if (!content) {
            base::Gap gap = content.error();
            gap.what = info.name;
            if (gap.why == base::Why::absent && info.everywhere && !machine.provenance().is_foreign()) {
                gap.why = base::Why::failed; // hidden, not missing: a container may show another /proc/sys
                gap.detail = "not to be seen: is /proc/sys hidden here?";
            }
            sysctls.set_gap(info.name, std::move(gap));
            continue;
        }
        std::string_view text = *content;
        if (text.ends_with('\n')) {
            text.remove_suffix(1);
        }
        sysctls.set(info.name, text);
    }
    return sysctls;
}

namespace {

/// The first directory that has a name hides it in the others.
constexpr auto directories = std::to_array<const char*>(
    {"/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d"});

// Whatever lies in those directories, reading it takes a bounded time.
constexpr std::size_t most_files = 1000;
constexpr std::size_t most_globs = 1000;
constexpr std::size_t most_unknown = 2000;
constexpr std::size_t longest_name = 256;
constexpr std::uint64_t most_shown = 100; // of lines that are no assignment
constexpr std::string_view last_file = "/etc/sysctl.conf";
constexpr Release with_port_start{4, 11};

/// "net.ipv4.tcp_x" and "net/ipv4/tcp_x" both as the latter: whichever separator comes first is the
/// separator, and then the other one stands for it inside a name.
std::string path_of(std::string_view key) {
    std::string path(key);
    const std::size_t first = path.find_first_of("./");
    if (first != std::string::npos && path[first] == '.') {
        for (char& c : path) {
            c = c == '.' ? '/' : c == '/' ? '.' : c;
        }
    }
    return path;
}

std::string dotted(std::string path) {
    std::replace(path.begin(), path.end(), '/', '.');
    return path;
}

bool has_glob(std::string_view path) {
    return path.find_first_of("*?[") != std::string_view::npos;
}

/// Spaces and tabs between numbers do not matter.
bool same(std::string_view a, std::string_view b) {
    return base::words(a) == base::words(b);
}

base::Gap too_many_names() {
    return {"sysctl.d", base::Why::truncated, "too many settings, or too long ones"};
}

base::Gap too_many_globs() {
    return {"sysctl.d", base::Why::truncated, "too many lines with '*', or too long ones"};
}

/// One pass over the files of a machine.
class SysctlFileReader {
  public:
    SysctlFileReader(Machine& machine, std::vector<base::Gap>& gaps) : machine_(machine), gaps_(gaps) {}

    snapshot::BootSysctls read() {
        add_directories();
        const bool by_systemd = machine_.list("/run/systemd/system").has_value();
        snapshot::BootSysctls of_directories = result();
        // systemd-sysctl reads it only through a link in sysctl.d; sysctl(8) reads it after all others
        add(std::string(last_file));
        snapshot::BootSysctls with_last = result();
        if (assignments_.left_globs_out()) {
            lack(too_many_globs());
        }
        if (assignments_.left_names_out()) {
            lack(too_many_names());
        }
        if (by_systemd) {
            note_other_values(with_last.values, of_directories);
        }
        snapshot::BootSysctls boot = by_systemd ? std::move(of_directories) : std::move(with_last);
        note_files_before_boot(boot);
        find_late(boot);
        keep_dead(boot);
        note_refused(boot);
        name_origins(boot);
        return boot;
    }

  private:
    void lack(const base::Gap& gap) {
        gaps_.push_back(gap);
        unread_ = unread_.value_or(gap);
    }

    snapshot::BootSysctls result() {
        snapshot::BootSysctls all = assignments_.result();
        all.unread = unread_;
        if (!all.unread && assignments_.left_globs_out()) {
            all.unread = too_many_globs();
        }
        return all;
    }

    /// The files to read, by name: the value is the directory that wins.
    std::map<std::string, std::string> files_in_order() {
        std::map<std::string, std::string> files;
        for (const char* directory : directories) {
            const auto names = machine_.list(directory);
            if (!names) {
                if (names.error().why != base::Why::absent) {
                    lack(names.error());
                }
                continue;
            }
            for (const std::string& name : *names) {
                if (name.ends_with(".conf")) {
                    files.try_emplace(name, directory);
                }
            }
        }
        return files;
    }

    void add_directories() {
        std::size_t files = 0;
        for (const auto& [name, directory] : files_in_order()) {
            if (++files > most_files) {
                lack({"sysctl.d", base::Why::truncated, "only the first 1000 files were read"});
                break;
            }
            add(fmt::format("{}/{}", directory, name));
        }
    }

    void add(const std::string& path) {
        const auto text = machine_.read(path);
        if (text) {
            assignments_.add_file(*text, path);
        } else if (text.error().why != base::Why::absent) {
            lack(text.error());
        }
    }

    static void note_other_values(const snapshot::BootValues& by_hand, snapshot::BootSysctls& boot) {
        for (const auto& [name, value] : by_hand) {
            const auto found = boot.values.find(name);
            if (found == boot.values.end() || !same(found->second.value, value.value)) {
                boot.by_hand.emplace(name, value);
            }
        }
    }

    void note_files_before_boot(snapshot::BootSysctls& boot) {
        const auto uptime = machine_.read("/proc/uptime");
        const auto seconds = uptime ? base::parse_decimal(base::split(base::trim(*uptime), ' ').front())
                                    : std::optional<double>();
        if (!seconds || machine_.now() == 0) {
            return;
        }
        booted_ = machine_.now() - *seconds;
        for (snapshot::BootValues* values : {&boot.values, &boot.dead}) {
            for (auto& [name, value] : *values) {
                value.before_boot = is_before_boot(value.origin.substr(0, value.origin.rfind(':')));
            }
        }
    }

    std::optional<bool> is_before_boot(const std::string& path) {
        const auto known = changed_.find(path);
        const auto changed = known != changed_.end() ? known->second : machine_.changed(path);
        changed_.emplace(path, changed);
        return changed ? std::optional(*changed < *booted_) : std::nullopt;
    }

    snapshot::Reading<std::string> running(const std::string& name) {
        const auto text = machine_.read("/proc/sys/" + path_of(name));
        return text ? snapshot::Reading<std::string>(std::string(base::trim(*text))) : text.error();
    }

    /// A file that was there before the boot, and whose value runs, has done its work whatever we believe.
    void find_late(snapshot::BootSysctls& boot) {
        const snapshot::Provenance from = machine_.provenance();
        std::optional<EarlyModules> early;
        std::vector<std::string> unjudged;
        const auto leave = [&](const std::string& name, const snapshot::BootValue& value) {
            boot.maybe_late.insert(name);
            unjudged.push_back(base::printable(name) + " (" + machine_.origin(value.origin) + ")");
        };
        for (const snapshot::BootValues* values : {&boot.values, &boot.dead}) {
            for (const auto& [name, value] : *values) {
                const std::string_view module = module_of(name);
                if (module.empty()) {
                    continue;
                }
                if (from.is_foreign() && !from.has_modules) {
                    leave(name, value);
                    continue;
                }
                if (!early) {
                    early.emplace(machine_);
                }
                const auto now =
                    from.is_foreign() ? snapshot::Reading<std::string>(base::Gap{}) : running(name);
                const bool runs = now && same(*now, value.value) && value.before_boot.value_or(false);
                const auto is_early = runs ? std::optional(true) : early->has(module, now.has_value());
                if (!is_early && from.is_foreign()) {
                    leave(name, value);
                } else if (is_early == false) {
                    boot.late.emplace(name, snapshot::LateSysctl{std::string(module), value,
                                                                 now ? std::optional(*now) : std::nullopt});
                }
            }
        }
        say_unjudged(unjudged, "whether a boot sets them, because their module may be loaded later");
    }

    /// Of what the program does not know, only what this kernel does not have either. What cannot be judged
    /// is said.
    void keep_dead(snapshot::BootSysctls& boot) {
        std::vector<std::string> unjudged;
        const bool has_names = machine_.list("/proc/sys/net/ipv4").has_value();
        std::erase_if(boot.dead, [&](const auto& setting) {
            const auto& [name, value] = setting;
            const Life life = boot.late.contains(name) ? Life::there
                              : has_names              ? life_of(name)
                                                       : Life::unknown;
            if (life == Life::unknown) {
                unjudged.push_back(base::printable(name) + " (" + machine_.origin(value.origin) + ")");
            }
            return life != Life::dead;
        });
        say_unjudged(unjudged,
                     "whether this kernel knows them, because they come with a module or device that "
                     "is not there, or could not be looked for");
    }

    void say_unjudged(const std::vector<std::string>& unjudged, const std::string& what) {
        constexpr std::size_t enough = 5;
        if (unjudged.empty()) {
            return;
        }
        const std::size_t shown = std::min(unjudged.size(), enough);
        std::string names =
            base::join({unjudged.begin(), unjudged.begin() + static_cast<std::ptrdiff_t>(shown)}, ", ");
        if (unjudged.size() > shown) {
            names += " and " + std::to_string(unjudged.size() - shown) + " more";
        }
        gaps_.push_back({"settings of sysctl.d", base::Why::absent, "not judged " + what + ": " + names});
    }

    /// A release that nobody tells has the bounds of the newest.
    void note_refused(snapshot::BootSysctls& boot) {
        const auto text = machine_.read("/proc/sys/kernel/osrelease");
        const auto release = text ? parse_release(*text) : std::nullopt;
        for (const auto& [name, value] : boot.values) {
            if (!in_bounds(*snapshot::find_sysctl(name), value.value, release.value_or(newest_release))) {
                boot.refused.insert(name);
            }
        }
        if (release.value_or(newest_release) >= with_port_start) {
            note_refused_ports(boot);
        }
    }

    /// In the order in which the lines are applied: no range begins below the ports of the privileged, and
    /// those never reach into it.
    static void note_refused_ports(snapshot::BootSysctls& boot) {
        constexpr std::string_view range = "net.ipv4.ip_local_port_range";
        constexpr std::string_view start = "net.ipv4.ip_unprivileged_port_start";
        std::map<std::size_t, std::string_view> lines;
        for (const std::string_view name : {range, start}) {
            const auto found = boot.values.find(name);
            if (found != boot.values.end() && !boot.refused.contains(name)) {
                lines.emplace(found->second.order, name);
            }
        }
        std::int64_t low = 32768;
        std::int64_t first = 1024;
        for (const auto& [order, name] : lines) {
            const auto taken =
                snapshot::as_kernel_takes(*snapshot::find_sysctl(name), boot.values.find(name)->second.value);
            const auto number = taken ? base::parse_integer(base::words(*taken).front()) : std::nullopt;
            if (!number) {
                continue;
            }
            std::int64_t& own = name == range ? low : first;
            const std::int64_t before = std::exchange(own, *number);
            if (low < first) {
                own = before;
                boot.refused.emplace(name);
            }
        }
    }

    void name_origins(snapshot::BootSysctls& boot) {
        for (snapshot::BootValues* values : {&boot.values, &boot.by_hand, &boot.outvoted, &boot.dead}) {
            for (auto& [name, value] : *values) {
                value.origin = machine_.origin(value.origin);
            }
        }
        for (auto& [name, late] : boot.late) {
            late.boot.origin = machine_.origin(late.boot.origin);
        }
        for (std::string& line : boot.no_assignment_lines) {
            line = machine_.origin(line);
        }
    }

    enum class Life { there, dead, unknown };

    Life life_of(const std::string& name) {
        if (is_of_device(name)) {
            return Life::unknown;
        }
        if (has_capitals(name)) {
            return Life::dead;
        }
        const std::size_t dot = name.rfind('.');
        std::string directory = "/proc/sys" + (dot == std::string::npos ? "" : "/" + name.substr(0, dot));
        std::replace(directory.begin(), directory.end(), '.', '/');
        const auto& names = names_in(directory);
        const bool by_module = comes_with_modules(name);
        if (!names) {
            const bool absent = names.error().why == base::Why::absent;
            return absent && !by_module ? Life::dead : Life::unknown;
        }
        const std::string leaf = name.substr(dot == std::string::npos ? 0 : dot + 1);
        const bool found = std::find(names->begin(), names->end(), leaf) != names->end();
        const bool fixed = !by_module || name.starts_with("net.ipv4.conf.") || name.starts_with("net.ipv6.");
        return found ? Life::there : fixed ? Life::dead : Life::unknown;
    }

    /// "NET.IPV4.x": the kernel has no such directory, whatever is loaded.
    static bool has_capitals(std::string_view name) {
        const std::string_view parts = name.substr(0, name.find('.', name.find('.') + 1));
        const std::string plain = base::lower_ascii(parts);
        return plain.starts_with("net.") && plain != parts;
    }

    /// An interface may come later, and brings its own.
    static bool is_of_device(std::string_view name) {
        for (const std::string_view part :
             {"net.ipv4.conf.", "net.ipv6.conf.", "net.ipv4.neigh.", "net.ipv6.neigh."}) {
            if (name.starts_with(part)) {
                const std::string_view rest = name.substr(part.size());
                return !rest.starts_with("all.") && !rest.starts_with("default.");
            }
        }
        return false;
    }

    const snapshot::Reading<std::vector<std::string>>& names_in(const std::string& directory) {
        const auto known = names_.find(directory);
        return known != names_.end() ? known->second
                                     : names_.emplace(directory, machine_.list(directory)).first->second;
    }

    std::map<std::string, snapshot::Reading<std::vector<std::string>>> names_;
    std::map<std::string, std::optional<double>> changed_; // of files
    std::optional<double> booted_;
    Machine& machine_;
    std::vector<base::Gap>& gaps_;
    BootAssignments assignments_;
    std::optional<base::Gap> unread_;
};

} // namespace

void BootAssignments::add_file(std::string_view text, const std::string& path) {
    int number = 0;
    for (const std::string_view raw : base::split(text, '\n')) {
        ++number;
        const std::string_view line = base::trim(raw);
        if (!line.empty() && line.front() != '#' && line.front() != ';') {
            add_line(line, path + ":" + std::to_string(number));
        }
    }
}

void BootAssignments::add_line(std::string_view line, const std::string& origin) {
    const std::size_t equals = line.find('=');
    std::string_view key = base::trim(line.substr(0, equals));
    const bool dash = key.starts_with('-'); // before a value: errors do not matter
    key.remove_prefix(dash ? 1 : 0);
    const std::string path = path_of(base::trim(key));
    const bool is_one_word = base::words(path).size() == 1; // "sysctl -w net.core.somaxconn" names nothing
    const bool is_assignment = equals != std::string_view::npos && is_one_word;
    if (is_assignment) {
        const snapshot::BootValue value{
            std::string(base::trim(line.substr(equals + 1))), origin, dash, {}, ++order_};
        has_glob(path) ? add_glob(path, value) : add_exact(dotted(path), value);
    } else if (dash && !path.empty()) {
        not_by_glob_.insert(dotted(path));
    } else if (++exact_.no_assignments <= most_shown) {
        exact_.no_assignment_lines.push_back(origin);
    }
}

void BootAssignments::add_exact(const std::string& name, const snapshot::BootValue& value) {
    const snapshot::SysctlInfo* info = snapshot::find_sysctl(name);
    if (info == nullptr) {
        const bool has_room = name.size() <= longest_name && exact_.dead.size() < most_unknown;
        left_names_out_ |= !has_room;
        if (has_room && !value.may_fail) {
            exact_.dead.insert_or_assign(name, value);
        }
        return;
    }
    add_known(std::string(info->name), value);
}

void BootAssignments::add_known(const std::string& name, const snapshot::BootValue& value) {
    const auto before = exact_.values.find(name);
    if (before != exact_.values.end() && before->second.origin.starts_with("/etc/") &&
        !same(before->second.value, value.value)) {
        exact_.outvoted.insert_or_assign(name, before->second);
    }
    exact_.values.insert_or_assign(name, value);
}

void BootAssignments::add_glob(const std::string& path, const snapshot::BootValue& value) {
    if (path.size() > longest_name || ++globs_ > most_globs) {
        left_globs_out_ = true;
        return;
    }
    for (const snapshot::SysctlInfo& info : snapshot::known_sysctls()) {
        const auto fits = [&](std::string_view name) {
            return !name.empty() && ::fnmatch(path.c_str(), path_of(name).c_str(), FNM_PATHNAME) == 0;
        };
        if (fits(info.name) || fits(info.alias)) {
            by_glob_.insert_or_assign(std::string(info.name), value);
        }
    }
}

snapshot::BootSysctls BootAssignments::result() const {
    snapshot::BootSysctls all = exact_;
    for (const auto& [name, value] : by_glob_) {
        if (!not_by_glob_.contains(name)) {
            all.values.try_emplace(name, value);
        }
    }
    std::erase_if(all.outvoted, [&](const auto& loser) { // the line that wins may say the same again
        return same(loser.second.value, all.values.at(loser.first).value);
    });
    return all;
}

snapshot::BootSysctls read_boot_sysctls(Machine& machine, std::vector<base::Gap>& gaps) {
    return SysctlFileReader(machine, gaps).read();
}

} // namespace kernel
