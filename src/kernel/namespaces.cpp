#include "kernel/namespaces.h"

#include "base/file.h"
#include "base/number.h"
#include "base/text.h"
#include "kernel/netns_search.h"
#include "kernel/visitor.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

namespace kernel {

namespace {

SockDiagTarget here(Deadline deadline) {
    return {std::string(here_label), number_of(own_netns), std::make_unique<LiveMachine>(deadline)};
}

/// The namespace, by whatever way it can be visited.
SockDiagTarget target_of(ClosedNetns netns, std::string label, const std::shared_ptr<Visitor>& visitor,
                         Deadline deadline) {
    const std::uint64_t number = netns.number;
    if (number == number_of(own_netns)) {
        return {std::move(label), number, std::make_unique<LiveMachine>(deadline)};
    }
    std::string path = netns.paths.front();
    return {std::move(label), number, visiting_machine(visitor, std::move(netns), deadline), std::move(path)};
}

base::Error unknown_name(const std::string& name) {
    const auto names = base::list_directory(names_directory, "");
    if (!names || names->empty()) {
        return {
            fmt::format("no network namespace '{}': {} holds none", base::printable(name), names_directory)};
    }
    return {fmt::format("no network namespace '{}'{} (there are: {})", base::printable(name),
                        base::did_you_mean(name, *names), base::printable(base::join(*names, ", ")))};
}

base::Result<Opened> open_one(const std::string& path, std::string label, Deadline deadline) {
    const Door probe(path);
    if (const std::string problem = probe.problem(); !problem.empty()) {
        return base::Error{fmt::format("{}: {}", base::printable(path), problem)};
    }
    const auto visitor = std::make_shared<Visitor>();
    const ClosedNetns netns{probe.number(), {path}};
    if (netns.number != number_of(own_netns)) {
        if (const int refused = visitor->visit(netns, [] {}); refused != 0) {
            return base::Error{
                fmt::format("cannot enter {}: {}", base::printable(path), no_entry(refused).detail)};
        }
    }
    Opened opened;
    opened.targets.push_back(target_of(netns, std::move(label), visitor, deadline));
    return opened;
}

SockDiagTarget unseen(std::string label, base::Gap gap) {
    return {std::move(label), 0, closed_machine(std::move(gap))};
}

/// How many of the processes whose namespace cannot be opened are not in one that `seen` has a witness of.
std::size_t elsewhere(const std::vector<pid_t>& hidden, const std::set<std::uint64_t>& seen) {
    return static_cast<std::size_t>(std::count_if(hidden.begin(), hidden.end(), [&](pid_t pid) {
        errno = 0;
        const std::uint64_t number = number_of(witness(std::to_string(pid)));
        const bool ended = number == 0 && has_ended(errno) && !seen.contains(0);
        return !ended && (number == 0 || !seen.contains(number));
    }));
}

SockDiagTarget unvisited(std::size_t count) {
    const std::string processes = fmt::format("{} {}", count, count == 1 ? "process" : "processes");
    return unseen(processes, {"the network namespaces of other users", base::Why::denied,
                              "to look into those of " + processes + " takes CAP_SYS_PTRACE"});
}

Opened open_all(Deadline deadline) {
    const auto visitor = std::make_shared<Visitor>();
    const NetnsSearch search(Depth::all, deadline);
    Opened opened;
    opened.targets.push_back(here(deadline));
    for (const NamedNetns& netns : search.found()) {
        opened.targets.push_back(target_of(netns.closed, netns.label, visitor, deadline));
    }
    for (const base::Gap& gap : search.gaps()) {
        opened.targets.push_back(unseen(gap.what, gap));
    }
    if (!search.hidden().empty()) {
        if (const std::size_t count = elsewhere(search.hidden(), search.witnesses()); count > 0) {
            opened.targets.push_back(unvisited(count));
        }
    }
    return opened;
}

/// The sockets that the hash tables of a namespace hold, by its files in `net`; TIME_WAIT is not in use.
std::uint64_t tcp_sockets(const std::string& net) {
    std::uint64_t count = 0;
    for (const char* file : {"/sockstat", "/sockstat6"}) {
        const auto text = base::read_pseudo_file(net + file, 1 << 16);
        for (const std::string_view line : base::split(text ? std::string_view(*text) : "", '\n')) {
            const auto fields = base::words(line);
            for (std::size_t i = 1; i + 1 < fields.size() && fields[0].starts_with("TCP"); i += 2) {
                const bool counts = fields[i] == "inuse" || fields[i] == "tw";
                count += counts ? base::parse_unsigned(fields[i + 1]).value_or(0) : 0;
            }
        }
    }
    return count;
}

std::string net_of(pid_t process) {
    return fmt::format("/proc/{}/net", process);
}

/// Of the namespaces that hide from us, those that hold TCP sockets: everybody may see so much of a process.
std::size_t hidden_with_sockets(const NetnsSearch& search) {
    if (search.hidden().empty()) {
        return 0;
    }
    std::set<std::uint64_t> known = search.witnesses();
    known.insert(0);
    return static_cast<std::size_t>(
        std::count_if(search.hidden().begin(), search.hidden().end(), [&](pid_t pid) {
            return known.insert(number_of(witness(std::to_string(pid)))).second &&
                   tcp_sockets(net_of(pid)) > 0;
        }));
}

/// The own namespace, then those that hold TCP sockets, the busiest first.
Opened open_busy(Deadline deadline) {
    const auto visitor = std::make_shared<Visitor>();
    const NetnsSearch search(Depth::few, deadline);
    std::vector<std::pair<std::uint64_t, const NamedNetns*>> busy;
    std::size_t closed_by_name = 0;
    Opened opened;
    for (const NamedNetns& netns : search.found()) {
        std::uint64_t count = 0;
        const auto look = [&] { count = tcp_sockets("/proc/thread-self/net"); };
        const bool late = std::chrono::steady_clock::now() >= deadline;
        if (!late && visitor->visit(netns.closed, look) == 0) {
            if (count > 0) {
                busy.emplace_back(count, &netns);
            }
        } else if (netns.process == 0) {
            ++closed_by_name; // perhaps that of a hidden process
        } else {
            opened.not_looked_at += tcp_sockets(net_of(netns.process)) > 0 ? 1 : 0;
        }
    }
    opened.not_looked_at += std::max(closed_by_name, hidden_with_sockets(search));
    std::stable_sort(busy.begin(), busy.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    opened.targets.push_back(here(deadline));
    for (const auto& [count, netns] : busy) {
        opened.targets.push_back(target_of(netns->closed, netns->label, visitor, deadline));
    }
    return opened;
}

} // namespace

base::Result<Opened> open_targets(const NetnsChoice& where, Deadline deadline) {
    Opened opened;
    switch (where.kind) {
    case NetnsChoice::Kind::here:
        opened.targets.push_back(here(deadline));
        return opened;
    case NetnsChoice::Kind::all:
        return open_all(deadline);
    case NetnsChoice::Kind::busy:
        return open_busy(deadline);
    case NetnsChoice::Kind::process:
        if (::access(fmt::format("/proc/{}", where.pid).c_str(), F_OK) != 0) {
            return base::Error{fmt::format("no process {}", where.pid)};
        }
        return open_one(netns_file_of(where.pid), label_of(where.pid), deadline);
    case NetnsChoice::Kind::named:
        break;
    }
    const bool is_path = where.name.find('/') != std::string::npos;
    const std::string path = is_path ? std::filesystem::absolute(where.name).string()
                                     : std::string(names_directory) + "/" + where.name;
    if (!is_path && number_of(path) == 0) {
        return unknown_name(where.name);
    }
    return open_one(path, where.name, deadline);
}

} // namespace kernel
