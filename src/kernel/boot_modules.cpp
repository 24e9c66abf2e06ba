#include "kernel/boot_modules.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace kernel {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

/// Beginning of the name, module (Linux: register_net_sysctl() and its callers).
constexpr auto by_module = std::to_array<Pair>({
    {"net.netfilter.nf_conntrack_", "nf_conntrack"},
    {"net.netfilter.nf_flowtable_", "nf_conntrack"},
    {"net.nf_conntrack_max", "nf_conntrack"},
    {"net.bridge.", "br_netfilter"},
    {"net.ipv4.vs.", "ip_vs"},
    {"net.sctp.", "sctp"},
    {"net.mpls.", "mpls_router"},
    {"sunrpc.", "sunrpc"},
});

/// A module that is loaded brings those that it needs.
constexpr auto brings_conntrack = std::to_array<std::string_view>(
    {"nf_conntrack",  "nf_nat",      "nf_flow_table", "nft_ct",       "nft_nat", "nft_masq",      "nft_redir",
     "nft_chain_nat", "iptable_nat", "ip6table_nat",  "xt_conntrack", "xt_nat",  "xt_masquerade", "xt_state",
     "xt_ct",         "xt_connmark", "ip_vs",         "openvswitch",  "act_ct",  "nf_conncount"});

constexpr auto module_directories =
    std::to_array<const char*>({"/etc/modules-load.d", "/run/modules-load.d", "/usr/local/lib/modules-load.d",
                                "/usr/lib/modules-load.d", "/lib/modules-load.d"});

/// '-' and '_' are the same in the name of a module; its case only matters to xt_MASQUERADE and its kind.
std::string normal(std::string_view module) {
    std::string name = base::lower_ascii(module);
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
}

bool brings(std::string_view listed, std::string_view module) {
    if (listed == module || listed.starts_with(std::string(module) + "_")) {
        return true; // nf_conntrack_ftp needs nf_conntrack
    }
    return module == "nf_conntrack" &&
           std::any_of(brings_conntrack.begin(), brings_conntrack.end(), [&](std::string_view known) {
               return listed == known || listed.starts_with(std::string(known) + "_");
           });
}

} // namespace

std::string_view module_of(std::string_view sysctl) {
    const auto found = std::find_if(by_module.begin(), by_module.end(),
                                    [&](const Pair& pair) { return sysctl.starts_with(pair.first); });
    return found != by_module.end() ? found->second : std::string_view();
}

bool comes_with_modules(std::string_view sysctl) {
    constexpr auto parts = std::to_array<std::string_view>({"net.netfilter.",  "net.ipv4.conf.",
                                                            "net.ipv4.neigh.", "net.ipv6.",
                                                            "net.rds.",        "net.smc.",
                                                            "net.dccp.",       "net.x25.",
                                                            "net.ax25.",       "net.netrom.",
                                                            "net.rose.",       "net.llc.",
                                                            "net.iw_cm.",      "net.ieee802154.",
                                                            "net.phonet.",     "net.batman",
                                                            "fs.nfs.",         "fs.xfs.",
                                                            "fs.binfmt_misc.", "fs.verity.",
                                                            "fs.lustre.",      "dev.",
                                                            "crypto.",         "abi.",
                                                            "debug.",          "xen."});
    return !module_of(sysctl).empty() || std::any_of(parts.begin(), parts.end(), [&](std::string_view part) {
        return sysctl.starts_with(part);
    });
}

EarlyModules::EarlyModules(Machine& machine) : machine_(machine) {
    std::map<std::string, std::string>
        files; // by name: the first directory that has a name hides it elsewhere
    for (const char* directory : module_directories) {
        const auto names = machine.list(directory);
        is_complete_ &= names || names.error().why == base::Why::absent;
        for (const std::string& name : names ? *names : std::vector<std::string>()) {
            if (name.ends_with(".conf")) {
                files.try_emplace(name, std::string(directory) + "/" + name);
            }
        }
    }
    for (const auto& [name, path] : files) {
        const auto text = machine.read(path);
        is_complete_ &= text || text.error().why == base::Why::absent;
        for (const std::string_view line : base::split(text ? std::string_view(*text) : "", '\n')) {
            const auto words = base::words(line);
            if (!words.empty() && words.front().front() != '#' && words.front().front() != ';') {
                listed_.push_back(normal(words.front()));
            }
        }
    }
}

std::optional<bool> EarlyModules::has(std::string_view module, bool works) const {
    if (std::any_of(listed_.begin(), listed_.end(),
                    [&](const std::string& listed) { return brings(listed, module); })) {
        return true;
    }
    const std::string place = "/sys/module/" + std::string(module);
    const auto state = machine_.read(place + "/initstate"); // what is built in has none
    if (state) {
        return is_complete_ ? std::optional(false) : std::nullopt;
    }
    const auto there = machine_.list(place);
    if (there) {
        return true;
    }
    const bool is_absent = there.error().why == base::Why::absent;
    if (works && is_absent) {
        return true; // built in, and without parameters
    }
    const bool is_known = is_complete_ && is_absent;
    return is_known ? std::optional(false) : std::nullopt;
}

} // namespace kernel
