#include "kernel/namespaces.h"

#include "base/file.h"
#include "base/number.h"
#include "base/text.h"
#include "kernel/pods.h"

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <linux/nsfs.h>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <sched.h>
#include <set>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <system_error>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

namespace kernel {

namespace {

constexpr const char* own_netns = "/proc/self/ns/net";
constexpr const char* names_directory = "/run/netns";

/// The inode of a namespace file; 0 if it cannot be seen.
std::uint64_t number_of(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

/// A network namespace that is closed, because a host may have more of them than a process may have files.
struct ClosedNetns {
    std::uint64_t number = 0;       // of its file
    std::vector<std::string> paths; // any of them leads to it as long as it lives
};

/// An open namespace file.
class Door {
  public:
    explicit Door(const std::string& path)
        : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
        error_ = descriptor_ < 0 ? errno : 0;
        if (error_ == 0 && ::ioctl(descriptor_, NS_GET_NSTYPE) != CLONE_NEWNET) {
            error_ = EINVAL;
        }
    }
    ~Door() {
        if (descriptor_ >= 0) {
            ::close(descriptor_);
        }
    }
    Door(const Door&) = delete;
    Door& operator=(const Door&) = delete;

    int descriptor() const { return descriptor_; }
    int error() const { return error_; }
    std::uint64_t number() const {
        struct stat status {};
        return ::fstat(descriptor_, &status) == 0 ? status.st_ino : 0;
    }
    std::string problem() const {
        return error_ == 0 ? "" : error_ == EINVAL ? "is not a network namespace" : std::strerror(error_);
    }

  private:
    int descriptor_;
    int error_ = 0;
};

/// Moves the calling thread into the namespace. 0, ENOENT if it has ended, or the system error.
int enter(const ClosedNetns& netns) {
    int refused = ENOENT;
    for (const std::string& path : netns.paths) {
        const Door door(path);
        if (door.error() != 0) {
            const bool ended = door.error() == ENOENT || door.error() == ESRCH;
            refused = ended ? refused : door.error();
        } else if (door.number() == netns.number) {
            return ::setns(door.descriptor(), CLONE_NEWNET) == 0 ? 0 : errno;
        }
    }
    return refused;
}

/// A thread that enters network namespaces on behalf of others, one piece of work at a time. setns() with a
/// network namespace moves only the calling thread, and /proc/sys/net and /proc/thread-self/net follow it.
class Visitor {
  public:
    Visitor() = default;
    ~Visitor();
    Visitor(const Visitor&) = delete;
    Visitor& operator=(const Visitor&) = delete;

    /// Runs `work` in the namespace and waits for it. 0, ENOENT if the namespace has ended, or the system
    /// error that kept the thread out. Work may ask for a visit itself.
    int visit(const ClosedNetns& netns, const std::function<void()>& work);

  private:
    void serve();
    int enter_and_work(const ClosedNetns& netns, const std::function<void()>& work);

    std::mutex mutex_;
    std::condition_variable changed_;
    const std::function<void()>* work_ = nullptr; // null when there is nothing to do
    const ClosedNetns* wanted_ = nullptr;
    std::uint64_t entered_ = 0; // its number: nobody else gets it as long as the thread is inside
    bool stop_ = false;
    int refused_ = 0;
    std::thread thread_; // last, so that everything that it uses exists
};

Visitor::~Visitor() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) {
        thread_.join();
    }
}

int Visitor::visit(const ClosedNetns& netns, const std::function<void()>& work) {
    if (std::this_thread::get_id() == thread_.get_id()) {
        return enter_and_work(netns, work);
    }
    std::unique_lock lock(mutex_);
    if (!thread_.joinable()) {
        try {
            thread_ = std::thread([this] { serve(); });
        } catch (const std::system_error& error) {
            return error.code().value();
        }
    }
    wanted_ = &netns;
    work_ = &work;
    changed_.notify_all();
    changed_.wait(lock, [this] { return work_ == nullptr; });
    return refused_;
}

void Visitor::serve() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return stop_ || work_ != nullptr; });
        if (stop_) {
            return;
        }
        refused_ = enter_and_work(*wanted_, *work_);
        work_ = nullptr;
        changed_.notify_all();
    }
}

int Visitor::enter_and_work(const ClosedNetns& netns, const std::function<void()>& work) {
    if (entered_ != netns.number) {
        if (const int refused = enter(netns); refused != 0) {
            return refused;
        }
        entered_ = netns.number;
    }
    work();
    return 0;
}

base::Gap no_entry(int error) {
    const bool denied = error == EPERM || error == EACCES;
    return {"the network namespace", denied ? base::Why::denied : base::Why::failed,
            error == ENOENT   ? "it has ended"
            : error == EINVAL ? "is not a network namespace"
                              : std::string(std::strerror(error)) + (denied ? ", needs CAP_SYS_ADMIN" : "")};
}

/// Does the work of a live machine in another namespace.
class VisitingMachine : public SockDiagMachine {
  public:
    VisitingMachine(std::shared_ptr<Visitor> visitor, ClosedNetns netns, Deadline deadline)
        : visitor_(std::move(visitor)), netns_(std::move(netns)), live_(deadline) {}

    /// The work finds its answers refused if the namespace cannot be entered.
    bool within(const std::function<void()>& work) override {
        const int refused = visitor_->visit(netns_, work);
        if (refused != 0 && refused != ENOENT) {
            work();
        }
        return refused != ENOENT;
    }

    snapshot::Reading<std::string> read(const std::string& path) override {
        snapshot::Reading<std::string> content(std::string{});
        const auto refused = visit([&] { content = live_.read(path); });
        return refused ? *refused : content;
    }
    snapshot::Reading<std::vector<std::string>> list(const std::string& directory) override {
        return live_.list(directory);
    }
    std::optional<double> changed(const std::string& path) override { return live_.changed(path); }
    Outcome dump(std::span<const std::byte> request, const FrameSink& sink) override {
        Outcome outcome(base::Nothing{});
        const auto refused = visit([&] { outcome = live_.dump(request, sink); });
        return refused ? Outcome(*refused) : outcome;
    }
    std::optional<std::uint64_t> netns_cookie() override {
        std::optional<std::uint64_t> cookie;
        static_cast<void>(visit([&] { cookie = live_.netns_cookie(); }));
        return cookie;
    }
    std::optional<snapshot::Route> route(const snapshot::RouteQuery& query) override {
        std::optional<snapshot::Route> route;
        static_cast<void>(visit([&] { route = live_.route(query); }));
        return route;
    }
    bool sysctls_are_read_only() override { return live_.sysctls_are_read_only(); }
    snapshot::Holders holders(std::span<const snapshot::WantedSocket> wanted) override {
        return live_.holders(wanted);
    }
    snapshot::CgroupPaths cgroup_paths(std::span<const std::uint64_t> numbers) override {
        return live_.cgroup_paths(numbers);
    }
    double now() override { return live_.now(); }

  private:
    std::optional<base::Gap> visit(const std::function<void()>& work) {
        const int refused = visitor_->visit(netns_, work);
        return refused != 0 ? std::optional(no_entry(refused)) : std::nullopt;
    }

    std::shared_ptr<Visitor> visitor_;
    ClosedNetns netns_;
    LiveMachine live_;
};

/// A namespace that could not be opened: every answer says so.
class ClosedMachine : public SockDiagMachine {
  public:
    explicit ClosedMachine(base::Gap gap) : gap_(std::move(gap)) {}
    snapshot::Reading<std::string> read(const std::string&) override { return gap_; }
    snapshot::Reading<std::vector<std::string>> list(const std::string&) override { return gap_; }
    Outcome dump(std::span<const std::byte>, const FrameSink&) override { return gap_; }
    snapshot::Holders holders(std::span<const snapshot::WantedSocket>) override { return {{}, {}, gap_}; }
    snapshot::CgroupPaths cgroup_paths(std::span<const std::uint64_t> numbers) override {
        snapshot::CgroupPaths none;
        for (const std::uint64_t number : numbers) {
            none.emplace(number, gap_);
        }
        return none;
    }
    double now() override { return LiveMachine(Deadline::max()).now(); }

  private:
    base::Gap gap_;
};

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
    return {std::move(label), number, std::make_unique<VisitingMachine>(visitor, std::move(netns), deadline),
            std::move(path)};
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

base::Result<std::vector<pid_t>, base::Gap> processes() {
    std::vector<pid_t> pids;
    const auto entries = base::list_directory("/proc", "");
    if (!entries) {
        return entries.error();
    }
    for (const std::string& entry : *entries) {
        if (const auto pid = base::parse_integer(entry); pid && *pid > 0) {
            pids.push_back(static_cast<pid_t>(*pid));
        }
    }
    if (pids.empty()) {
        return base::Gap{"/proc", base::Why::failed, "shows no process"};
    }
    std::sort(pids.begin(), pids.end());
    return pids;
}

SockDiagTarget unseen(std::string label, base::Gap gap) {
    return {std::move(label), 0, std::make_unique<ClosedMachine>(std::move(gap))};
}

/// A file that everybody can see of every process: each namespace has its own, with an inode number of its
/// own (Linux 6.18, fs/proc/generic.c: proc_register).
std::string witness(std::string_view process) {
    return fmt::format("/proc/{}/net/tcp", process);
}

/// How many of the processes whose namespace cannot be opened are not in one that `seen` has a witness of.
std::size_t elsewhere(const std::vector<pid_t>& hidden, const std::set<std::uint64_t>& seen) {
    return static_cast<std::size_t>(std::count_if(hidden.begin(), hidden.end(), [&](pid_t pid) {
        errno = 0;
        const std::uint64_t number = number_of(witness(std::to_string(pid)));
        const bool ended = number == 0 && (errno == ENOENT || errno == ESRCH) && !seen.contains(0);
        return !ended && (number == 0 || !seen.contains(number));
    }));
}

SockDiagTarget unvisited(std::size_t count) {
    const std::string processes = fmt::format("{} {}", count, count == 1 ? "process" : "processes");
    return unseen(processes, {"the network namespaces of other users", base::Why::denied,
                              "of " + processes + ", needs CAP_SYS_PTRACE"});
}

/// A network namespace that a name or a process leads to.
struct Place {
    ClosedNetns netns;
    std::string label;
    pid_t process = 0; // the first one in it; 0: none was seen
};

std::string file_of(pid_t process) {
    return fmt::format("/proc/{}/ns/net", process);
}

/// A pod has a name even if its namespace has another one (containerd: /run/netns/cni-UUID).
void name_by_process(Place& place, const std::vector<std::string>& pods) {
    const auto cgroup = base::read_pseudo_file(fmt::format("/proc/{}/cgroup", place.process), 1 << 16);
    const std::string pod = cgroup ? pod_name(*cgroup, pods) : "";
    const std::string container = cgroup && place.label.empty() ? container_name(*cgroup) : "";
    if (!pod.empty() || !container.empty()) {
        place.label = pod.empty() ? container : pod;
    } else if (place.label.empty()) {
        place.label = fmt::format("pid {}", place.process);
    }
}

/// Every namespace but the own one, and the processes that hide theirs.
class NetnsSearch {
  public:
    NetnsSearch() {
        find_names();
        find_processes();
    }

    const std::vector<Place>& places() const { return places_; }
    const std::vector<pid_t>& hidden() const { return hidden_; }
    const std::optional<base::Gap>& no_processes() const { return no_processes_; }

    /// The witnesses of the namespaces of all other processes.
    std::set<std::uint64_t> witnesses() const {
        std::set<std::uint64_t> seen = {number_of(witness("self"))};
        for (const pid_t pid : visible_) {
            seen.insert(number_of(witness(std::to_string(pid))));
        }
        return seen;
    }

  private:
    void find_names() {
        const auto names = base::list_directory(names_directory, "");
        if (!names) {
            return;
        }
        for (const std::string& name : *names) {
            const std::string path = std::string(names_directory) + "/" + name;
            if (const std::uint64_t number = number_of(path); known_.insert(number).second) {
                places_.push_back({{number, {path}}, name, 0});
            }
        }
    }

    void find_processes() {
        const auto pids = processes();
        if (!pids) {
            no_processes_ = pids.error();
            return;
        }
        for (const pid_t pid : *pids) {
            errno = 0;
            const std::uint64_t number = number_of(file_of(pid));
            if (number != 0) {
                visible_.push_back(pid);
                add(pid, number);
            } else if (errno != ENOENT && errno != ESRCH) {
                hidden_.push_back(pid);
            }
        }
    }

    void add(pid_t pid, std::uint64_t number) {
        constexpr std::size_t most_paths = 4; // the process behind one of them may end
        const bool is_new = known_.insert(number).second;
        if (is_new) {
            places_.push_back({{number, {file_of(pid)}}, "", 0});
        }
        const auto place = std::find_if(places_.begin(), places_.end(),
                                        [&](const Place& other) { return other.netns.number == number; });
        if (place != places_.end() && !is_new && place->netns.paths.size() < most_paths) {
            place->netns.paths.push_back(file_of(pid));
        }
        if (place != places_.end() && place->process == 0) {
            place->process = pid;
            name_by_process(*place, pods_);
            tell_apart(*place);
        }
    }

    /// Two namespaces of one pod, for instance.
    void tell_apart(Place& place) const {
        if (std::count_if(places_.begin(), places_.end(),
                          [&](const Place& other) { return other.label == place.label; }) > 1) {
            place.label += fmt::format(", pid {}", place.process);
        }
    }

    std::vector<std::string> pods_ = base::list_directory(pod_logs, "").value_or(std::vector<std::string>());
    std::vector<Place> places_;
    std::set<std::uint64_t> known_ = {number_of(own_netns), 0};
    std::vector<pid_t> visible_;
    std::vector<pid_t> hidden_;
    std::optional<base::Gap> no_processes_;
};

Opened open_all(Deadline deadline) {
    const auto visitor = std::make_shared<Visitor>();
    const NetnsSearch search;
    Opened opened;
    opened.targets.push_back(here(deadline));
    for (const Place& place : search.places()) {
        opened.targets.push_back(target_of(place.netns, place.label, visitor, deadline));
    }
    if (search.no_processes()) {
        opened.targets.push_back(unseen("all processes", *search.no_processes()));
    } else if (!search.hidden().empty()) {
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
    const NetnsSearch search;
    std::vector<std::pair<std::uint64_t, const Place*>> busy;
    std::size_t closed_by_name = 0;
    Opened opened;
    for (const Place& place : search.places()) {
        std::uint64_t count = 0;
        const auto look = [&] { count = tcp_sockets("/proc/thread-self/net"); };
        const bool late = std::chrono::steady_clock::now() >= deadline;
        if (!late && visitor->visit(place.netns, look) == 0) {
            if (count > 0) {
                busy.emplace_back(count, &place);
            }
        } else if (place.process == 0) {
            ++closed_by_name; // perhaps that of a hidden process
        } else {
            opened.not_looked_at += tcp_sockets(net_of(place.process)) > 0 ? 1 : 0;
        }
    }
    opened.not_looked_at += std::max(closed_by_name, hidden_with_sockets(search));
    std::stable_sort(busy.begin(), busy.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    opened.targets.push_back(here(deadline));
    for (const auto& [count, place] : busy) {
        opened.targets.push_back(target_of(place->netns, place->label, visitor, deadline));
    }
    return opened;
}

std::string label_of(pid_t process) {
    Place place{{0, {file_of(process)}}, "", process};
    name_by_process(place, base::list_directory(pod_logs, "").value_or(std::vector<std::string>()));
    return place.label;
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
        return open_one(file_of(where.pid), label_of(where.pid), deadline);
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
