#include "replay/mask.h"

#include "base/text.h"
#include "kernel/namespaces.h"
#include "replay/mask_sockets.h"
#include "replay/pseudonyms.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace replay {

namespace {

using TextReading = snapshot::Reading<std::string>;
using Texts = std::map<std::string, TextReading>;

constexpr std::string_view masked_text = "masked";
constexpr std::string_view sysctl_conf = "/etc/sysctl.conf"; // not among the files that are sorted

bool is_proc_table(std::string_view path) {
    return path.ends_with("/net/tcp") || path.ends_with("/net/tcp6");
}

bool is_module_file(std::string_view path) {
    return path.ends_with(".conf") && path.find("/modules-load.d/") != std::string_view::npos;
}

bool is_sysctl_file(std::string_view path) {
    return path.ends_with(".conf") && path.find("/sysctl.") != std::string_view::npos;
}

/// The names of modules are the kernel's own.
std::string masked_module_file(std::string_view content) {
    std::string masked;
    for (const std::string_view line : base::split(content, '\n')) {
        const bool is_module = line.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                      "0123456789_-") == std::string_view::npos;
        masked += is_module && !line.empty() ? std::string(line) + "\n" : "";
    }
    return masked;
}

/// Files of /proc/PID/net whose lines are the kernel's own words and numbers.
bool is_plain_net_file(std::string_view path) {
    constexpr auto known =
        std::to_array<std::string_view>({"/net/netstat", "/net/snmp", "/net/sockstat", "/net/sockstat6",
                                         "/net/protocols", "/net/stat/nf_conntrack"});
    return path.starts_with("/proc/") &&
           std::any_of(known.begin(), known.end(), [&](std::string_view end) { return path.ends_with(end); });
}

/// Is it, or does it lie in, a directory of devices?
bool names_devices(std::string_view path) {
    const std::string whole = std::string(path) + "/";
    return whole.find("/conf/") != std::string::npos || whole.find("/neigh/") != std::string::npos;
}

/// Paths whose names are all the kernel's own: none of a device.
bool is_path_of_kernel(std::string_view path) {
    return path == sysctl_conf || path == "/proc/uptime" || path.starts_with("/sys/module/") ||
           (path.starts_with("/proc/sys/") && !names_devices(path)) || is_proc_table(path) ||
           is_plain_net_file(path);
}

/// Directories that have the same name on every host.
bool is_usual_directory(std::string_view path) {
    constexpr std::string_view all_devices = "/conf";
    const bool of_one_device = names_devices(path) && !path.ends_with(all_devices);
    return (path.starts_with("/proc/sys/") && !of_one_device) || path.ends_with("/sysctl.d") ||
           path.ends_with("/modules-load.d") || path == "/run/systemd/system";
}

/// What the kernel prints there are its own words and numbers.
bool is_harmless(std::string_view path, std::string_view content) {
    if (path.starts_with("/sys/module/")) { // initstate
        return content == "live\n";
    }
    if (path == "/proc/uptime" || path.starts_with("/proc/sys/")) {
        return content.find_first_not_of("0123456789.,- \t\n") == std::string_view::npos;
    }
    return is_plain_net_file(path);
}

class Masker {
  public:
    void run(Capture& capture) {
        for (const auto& recorded : capture.namespaces) {
            note(*recorded);
        }
        number_files();
        for (const auto& recorded : capture.namespaces) {
            change(*recorded);
        }
    }

  private:
    /// So that no pseudonym is somebody's address, and files keep their order.
    void note(RecordedNetns& recorded) {
        const AddressMap reserve = [this](const snapshot::Address& address) {
            names_.reserve(address);
            return address;
        };
        for (auto& [request, dump] : recorded.dumps) {
            for (const std::string& frame : dump.frames) {
                std::string copy = frame;
                replace_addresses(copy, reserve);
            }
        }
        for (const auto& [path, content] : recorded.files) {
            if (content && is_proc_table(path)) {
                replace_in_proc_table(*content, reserve);
            }
            note_file(path);
        }
        for (const auto& [remote, local] : recorded.routes) {
            for (const std::string& text : {remote, local}) {
                names_.reserve(snapshot::Address::parse(text).value_or(snapshot::Address()));
            }
        }
        for (const auto& [directory, content] : recorded.listings) {
            if (!content) {
                continue;
            }
            for (const std::string_view name : base::split(*content, '\n')) {
                note_file(directory + "/" + std::string(name));
                note_sysctl(directory, name);
            }
        }
    }

    void note_file(std::string_view path) {
        if ((is_sysctl_file(path) || is_module_file(path)) && path != sysctl_conf) {
            files_.try_emplace(std::string(path.substr(path.rfind('/') + 1)));
        }
    }

    void note_sysctl(std::string_view directory, std::string_view name) {
        constexpr std::string_view root = "/proc/sys/";
        if (directory.starts_with(root)) {
            std::string dotted = std::string(directory.substr(root.size())) + "/" + std::string(name);
            std::replace(dotted.begin(), dotted.end(), '/', '.');
            sysctls_.insert(std::move(dotted));
        }
    }

    /// The order of the names decides which file wins.
    void number_files() {
        std::size_t number = 0;
        for (auto& [name, other] : files_) {
            other = fmt::format("{:05}.conf", ++number);
        }
    }

    std::string other_path(const std::string& path) {
        if (is_path_of_kernel(path)) {
            return path;
        }
        const std::size_t slash = path.rfind('/');
        const auto known = files_.find(path.substr(slash + 1));
        return known != files_.end() ? path.substr(0, slash + 1) + known->second : names_.name("/file", path);
    }

    void change(RecordedNetns& recorded) {
        if (recorded.label != kernel::here_label && !recorded.label.starts_with("pid ")) {
            recorded.label = names_.name("netns", recorded.label);
        }
        recorded.path = other_netns_path(recorded.path);
        std::map<std::string, double> changed;
        for (const auto& [path, time] : recorded.changed) {
            changed.emplace(other_path(path), time);
        }
        recorded.changed = std::move(changed);
        std::erase_if(recorded.listings, [](const auto& listing) { // of names that somebody made up
            return listing.first.starts_with("/proc/sys/") && !listing.second;
        });
        change_files(recorded);
        change_listings(recorded);
        change_dumps(recorded);
        change_owners(recorded);
        std::map<std::string, std::string> routes;
        for (const auto& [remote, local] : recorded.routes) {
            routes.emplace(other_text(remote), other_text(local));
        }
        recorded.routes = std::move(routes);
    }

    std::string other_netns_path(const std::string& path) {
        constexpr std::string_view names = "/run/netns/";
        if (path.empty() || path.starts_with("/proc/")) {
            return path;
        }
        return path.starts_with(names) ? std::string(names) + names_.name("netns", path.substr(names.size()))
                                       : names_.name("/file", path);
    }

    std::string other_text(const std::string& address) {
        return names_.of(snapshot::Address::parse(address).value_or(snapshot::Address())).to_text();
    }

    std::string other_content(const std::string& path, const std::string& content) {
        if (path == "/proc/sys/kernel/hostname") {
            return names_.name("host", base::trim(content)) + "\n";
        }
        if (path == "/proc/sys/kernel/osrelease") { // what comes behind the numbers is anybody's choice
            return content.substr(0, content.find_first_not_of("0123456789.")) + "\n";
        }
        if (path == "/proc/sys/kernel/random/boot_id") {
            return names_.digits(content);
        }
        if (is_proc_table(path)) {
            return replace_in_proc_table(content, addresses_);
        }
        if (is_sysctl_file(path)) {
            return masked_sysctl_file(content, names_, sysctls_);
        }
        if (is_module_file(path)) {
            return masked_module_file(content);
        }
        return is_harmless(path, content) ? content : std::string(masked_text);
    }

    void change_files(RecordedNetns& recorded) {
        Texts files;
        for (const auto& [path, content] : recorded.files) {
            files.emplace(other_path(path), content ? TextReading(other_content(path, *content))
                                                    : TextReading(other_gap(content.error())));
        }
        recorded.files = std::move(files);
    }

    void change_listings(RecordedNetns& recorded) {
        for (auto& [directory, content] : recorded.listings) {
            if (!content) {
                content = other_gap(content.error());
                continue;
            }
            if (directory.starts_with("/proc/sys/") && !names_devices(directory)) {
                continue; // the kernel's own names
            }
            std::vector<std::string> others; // of other directories only that they are there is known
            for (const std::string_view name : base::split(*content, '\n')) {
                if (const std::string path = directory + "/" + std::string(name);
                    is_sysctl_file(path) || is_module_file(path)) {
                    others.push_back(files_.find(name)->second);
                }
            }
            content = base::join(others, "\n");
        }
        Texts listings;
        for (auto& [directory, content] : recorded.listings) {
            listings.emplace(is_usual_directory(directory) ? directory : names_.name("/file", directory),
                             std::move(content));
        }
        recorded.listings = std::move(listings);
    }

    base::Gap other_gap(base::Gap gap) {
        if (gap.what.starts_with('/')) {
            gap.what = other_path(gap.what);
        }
        return gap;
    }

    void change_dumps(RecordedNetns& recorded) {
        std::map<std::string, RecordedDump> dumps;
        for (auto& [request, dump] : recorded.dumps) {
            for (std::string& frame : dump.frames) {
                replace_addresses(frame, addresses_);
            }
            std::string other = request;
            replace_addresses_in_request(other, addresses_);
            dumps.emplace(std::move(other), std::move(dump));
        }
        recorded.dumps = std::move(dumps);
    }

    void change_owners(RecordedNetns& recorded) {
        for (auto& [number, path] : recorded.cgroups) {
            if (path) {
                path = masked_cgroup(*path, names_);
            }
        }
        if (!recorded.holders) {
            return;
        }
        for (snapshot::Process& process : recorded.holders->processes) {
            process.command = names_.name("process", process.command);
            process.cgroup = masked_cgroup(process.cgroup, names_);
        }
    }

    Pseudonyms names_;
    AddressMap addresses_ = [this](const snapshot::Address& address) { return names_.of(address); };
    std::set<std::string, std::less<>> sysctls_;            // of the kernel that was recorded
    std::map<std::string, std::string, std::less<>> files_; // of sysctl.d: name -> mask
};

} // namespace

void mask(Capture& capture) {
    Masker().run(capture);
}

} // namespace replay
