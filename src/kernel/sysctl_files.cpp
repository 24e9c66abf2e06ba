#include "kernel/sysctl_files.h"

#include "base/text.h"
#include "snapshot/sysctls.h"

#include <algorithm>
#include <array>

#include <fnmatch.h>

namespace kernel {
namespace {

/// The first directory that has a name hides it in the others.
constexpr auto directories = std::to_array<const char*>(
    {"/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d"});

// Whatever lies in those directories, reading it takes a bounded time.
constexpr std::size_t most_files = 1000;
constexpr std::size_t most_globs = 1000;
constexpr std::size_t longest_glob = 256;

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

/// The files to read, by name: the value is the directory that wins.
std::map<std::string, std::string> files_in_order(Machine& machine, std::vector<base::Gap>& gaps) {
    std::map<std::string, std::string> files;
    for (const char* directory : directories) {
        const auto names = machine.list(directory);
        if (!names) {
            if (names.error().why != base::Why::absent) {
                gaps.push_back(names.error());
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
    if (equals == std::string_view::npos) {
        if (dash) {
            not_by_glob_.insert(dotted(path));
        }
        return;
    }
    const snapshot::BootValue value{std::string(base::trim(line.substr(equals + 1))), origin};
    if (!has_glob(path)) {
        if (snapshot::find_sysctl(dotted(path)) != nullptr) {
            exact_.insert_or_assign(dotted(path), value);
        }
        return;
    }
    add_glob(path, value);
}

void BootAssignments::add_glob(const std::string& path, const snapshot::BootValue& value) {
    if (path.size() > longest_glob || ++globs_ > most_globs) {
        left_globs_out_ = true;
        return;
    }
    for (const snapshot::SysctlInfo& info : snapshot::known_sysctls()) {
        if (::fnmatch(path.c_str(), path_of(info.name).c_str(), FNM_PATHNAME) == 0) {
            by_glob_.insert_or_assign(std::string(info.name), value);
        }
    }
}

snapshot::BootSysctls BootAssignments::result() const {
    snapshot::BootSysctls all = exact_;
    for (const auto& [name, value] : by_glob_) {
        if (!not_by_glob_.contains(name)) {
            all.try_emplace(name, value);
        }
    }
    return all;
}

snapshot::BootSysctls read_boot_sysctls(Machine& machine, std::vector<base::Gap>& gaps) {
    BootAssignments assignments;
    const auto add = [&](const std::string& path) {
        const auto text = machine.read(path);
        if (text) {
            assignments.add_file(*text, path);
        } else if (text.error().why != base::Why::absent) {
            gaps.push_back(text.error());
        }
    };
    std::size_t files = 0;
    for (const auto& [name, directory] : files_in_order(machine, gaps)) {
        if (++files > most_files) {
            gaps.push_back({"sysctl.d", base::Why::truncated, "only the first 1000 files were read"});
            break;
        }
        add(directory + "/" + name);
    }
    // systemd-sysctl reads it only through a link in sysctl.d; procps reads it after all others
    if (!machine.list("/run/systemd/system")) {
        add("/etc/sysctl.conf");
    }
    if (assignments.left_globs_out()) {
        gaps.push_back({"sysctl.d", base::Why::truncated, "too many lines with '*', or too long ones"});
    }
    return assignments.result();
}

} // namespace kernel
