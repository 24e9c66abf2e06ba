#include "kernel/namespaces.h"

#include "base/file.h"
#include "base/number.h"
#include "base/text.h"

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <fcntl.h>
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
    return {std::move(label), number, std::make_unique<VisitingMachine>(visitor, std::move(netns), deadline)};
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

base::Result<std::vector<SockDiagTarget>> open_one(const std::string& path, std::string label,
                                                   Deadline deadline) {
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
    std::vector<SockDiagTarget> targets;
    targets.push_back(target_of(netns, std::move(label), visitor, deadline));
    return targets;
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

/// The network namespaces of a host as they are found, each with the first name that leads to it.
class Found {
  public:
    explicit Found(std::uint64_t own) : known_({own, 0}) {}

    void add(const std::string& path, std::string label) {
        constexpr std::size_t most_paths = 4; // the process behind one of them may end
        const std::uint64_t number = number_of(path);
        if (known_.insert(number).second) {
            order_.push_back({{number, {path}}, std::move(label)});
            numbers_.emplace(number, order_.size() - 1);
        } else if (const auto known = numbers_.find(number); known != numbers_.end()) {
            auto& paths = order_[known->second].netns.paths;
            if (paths.size() < most_paths) {
                paths.push_back(path);
            }
        }
    }

    struct Named {
        ClosedNetns netns;
        std::string label;
    };
    std::vector<Named> take() { return std::move(order_); }

  private:
    std::set<std::uint64_t> known_; // 0: it cannot be seen
    std::map<std::uint64_t, std::size_t> numbers_;
    std::vector<Named> order_;
};

std::vector<SockDiagTarget> open_all(Deadline deadline) {
    std::vector<SockDiagTarget> targets;
    targets.push_back(here(deadline));
    Found found(targets.front().id);
    const auto open_found = [&] {
        const auto visitor = std::make_shared<Visitor>();
        for (Found::Named& each : found.take()) {
            targets.push_back(target_of(std::move(each.netns), std::move(each.label), visitor, deadline));
        }
    };
    if (const auto names = base::list_directory(names_directory, "")) {
        for (const std::string& name : *names) {
            found.add(std::string(names_directory) + "/" + name, name);
        }
    }
    const auto pids = processes();
    if (!pids) {
        open_found();
        targets.push_back(unseen("all processes", pids.error()));
        return targets;
    }
    std::vector<pid_t> hidden;
    std::set<std::uint64_t> seen = {number_of(witness("self"))};
    for (const pid_t pid : *pids) {
        const std::string path = fmt::format("/proc/{}/ns/net", pid);
        errno = 0;
        if (number_of(path) == 0) {
            if (errno != ENOENT && errno != ESRCH) {
                hidden.push_back(pid);
            }
            continue;
        }
        found.add(path, fmt::format("pid {}", pid));
        seen.insert(number_of(witness(std::to_string(pid))));
    }
    open_found();
    if (const std::size_t count = elsewhere(hidden, seen); count > 0) {
        targets.push_back(unvisited(count));
    }
    return targets;
}

} // namespace

base::Result<std::vector<SockDiagTarget>> open_targets(const NetnsChoice& where, Deadline deadline) {
    std::vector<SockDiagTarget> targets;
    switch (where.kind) {
    case NetnsChoice::Kind::here:
        targets.push_back(here(deadline));
        return targets;
    case NetnsChoice::Kind::all:
        return open_all(deadline);
    case NetnsChoice::Kind::process:
        if (::access(fmt::format("/proc/{}", where.pid).c_str(), F_OK) != 0) {
            return base::Error{fmt::format("no process {}", where.pid)};
        }
        return open_one(fmt::format("/proc/{}/ns/net", where.pid), fmt::format("pid {}", where.pid),
                        deadline);
    case NetnsChoice::Kind::named:
        break;
    }
    const bool is_path = where.name.find('/') != std::string::npos;
    const std::string path = is_path ? where.name : std::string(names_directory) + "/" + where.name;
    if (!is_path && number_of(path) == 0) {
        return unknown_name(where.name);
    }
    return open_one(path, where.name, deadline);
}

} // namespace kernel
