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

base::Gap no_entry(int error) {
    const bool denied = error == EPERM || error == EACCES;
    return {"the network namespace", denied ? base::Why::denied : base::Why::failed,
            std::string(std::strerror(error)) + (denied ? ", needs CAP_SYS_ADMIN" : "")};
}

/// A thread that enters network namespaces on behalf of others, one piece of work at a time. setns() with a
/// network namespace moves only the calling thread, and /proc/sys/net and /proc/thread-self/net follow it.
class Visitor {
  public:
    Visitor() = default;
    ~Visitor();
    Visitor(const Visitor&) = delete;
    Visitor& operator=(const Visitor&) = delete;

    /// Runs `work` in the namespace of the descriptor and waits for it; a gap if the namespace could not be
    /// entered.
    std::optional<base::Gap> visit(int netns_descriptor, const std::function<void()>& work);

  private:
    void serve();
    void enter_and_work();

    std::mutex mutex_;
    std::condition_variable changed_;
    const std::function<void()>* work_ = nullptr; // null when there is nothing to do
    int wanted_ = -1;
    int entered_ = -1;
    bool stop_ = false;
    std::optional<base::Gap> refused_;
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

std::optional<base::Gap> Visitor::visit(int netns_descriptor, const std::function<void()>& work) {
    std::unique_lock lock(mutex_);
    if (!thread_.joinable()) {
        try {
            thread_ = std::thread([this] { serve(); });
        } catch (const std::system_error& error) {
            return no_entry(error.code().value());
        }
    }
    wanted_ = netns_descriptor;
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
        enter_and_work();
        work_ = nullptr;
        changed_.notify_all();
    }
}

void Visitor::enter_and_work() {
    refused_.reset();
    if (entered_ != wanted_) {
        if (::setns(wanted_, CLONE_NEWNET) != 0) {
            refused_ = no_entry(errno);
            return;
        }
        entered_ = wanted_;
    }
    (*work_)();
}

constexpr const char* own_netns = "/proc/self/ns/net";
constexpr const char* names_directory = "/run/netns";

/// An open namespace file: it keeps the namespace alive and its number taken.
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
    std::string problem() const {
        return error_ == 0 ? "" : error_ == EINVAL ? "is not a network namespace" : std::strerror(error_);
    }
    base::Why why() const {
        return error_ == EACCES || error_ == EPERM ? base::Why::denied : base::Why::failed;
    }

  private:
    int descriptor_;
    int error_ = 0;
};

/// The inode of a namespace file; 0 if it cannot be seen.
std::uint64_t number_of(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

/// Does the work of a live machine in another namespace.
class VisitingMachine : public SockDiagMachine {
  public:
    VisitingMachine(std::shared_ptr<Visitor> visitor, std::unique_ptr<Door> door, Deadline deadline)
        : visitor_(std::move(visitor)), door_(std::move(door)), live_(deadline) {}

    snapshot::Reading<std::string> read(const std::string& path) override {
        snapshot::Reading<std::string> content(std::string{});
        const auto refused = visitor_->visit(door_->descriptor(), [&] { content = live_.read(path); });
        return refused ? *refused : content;
    }
    snapshot::Reading<std::vector<std::string>> list(const std::string& directory) override {
        return live_.list(directory);
    }
    Outcome dump(std::span<const std::byte> request, const FrameSink& sink) override {
        Outcome outcome(base::Nothing{});
        const auto refused =
            visitor_->visit(door_->descriptor(), [&] { outcome = live_.dump(request, sink); });
        return refused ? Outcome(*refused) : outcome;
    }
    std::optional<std::uint64_t> netns_cookie() override {
        std::optional<std::uint64_t> cookie;
        static_cast<void>(visitor_->visit(door_->descriptor(), [&] { cookie = live_.netns_cookie(); }));
        return cookie;
    }
    std::optional<snapshot::Address> source_towards(const snapshot::Address& remote) override {
        std::optional<snapshot::Address> source;
        static_cast<void>(
            visitor_->visit(door_->descriptor(), [&] { source = live_.source_towards(remote); }));
        return source;
    }
    snapshot::Holders holders(std::span<const snapshot::WantedSocket> wanted) override {
        return live_.holders(wanted);
    }
    snapshot::CgroupPaths cgroup_paths(std::span<const std::uint64_t> numbers) override {
        return live_.cgroup_paths(numbers);
    }
    double now() override { return live_.now(); }

  private:
    std::shared_ptr<Visitor> visitor_;
    std::unique_ptr<Door> door_;
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

/// The namespace behind `path`, by whatever way it can be visited.
SockDiagTarget place_at(const std::string& path, std::string label, const std::shared_ptr<Visitor>& visitor,
                        Deadline deadline) {
    const std::uint64_t number = number_of(path);
    auto door = std::make_unique<Door>(path);
    if (const std::string problem = door->problem(); !problem.empty()) {
        base::Gap gap{"the network namespace", door->why(), problem};
        return {std::move(label), number, std::make_unique<ClosedMachine>(std::move(gap))};
    }
    if (number == number_of(own_netns)) {
        return {std::move(label), number, std::make_unique<LiveMachine>(deadline)};
    }
    return {std::move(label), number, std::make_unique<VisitingMachine>(visitor, std::move(door), deadline)};
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
    std::vector<SockDiagTarget> targets;
    targets.push_back(place_at(path, std::move(label), visitor, deadline));
    if (number_of(path) != number_of(own_netns)) {
        if (const auto refused = visitor->visit(probe.descriptor(), [] {})) {
            return base::Error{fmt::format("cannot enter {}: {}", base::printable(path), refused->detail)};
        }
    }
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

std::vector<SockDiagTarget> open_all(Deadline deadline) {
    const auto visitor = std::make_shared<Visitor>();
    std::vector<SockDiagTarget> targets;
    targets.push_back(here(deadline));
    std::set<std::uint64_t> known = {targets.front().id, 0};
    const auto add = [&](const std::string& path, std::string label) {
        if (known.insert(number_of(path)).second) {
            targets.push_back(place_at(path, std::move(label), visitor, deadline));
        }
    };
    if (const auto names = base::list_directory(names_directory, "")) {
        for (const std::string& name : *names) {
            add(std::string(names_directory) + "/" + name, name);
        }
    }
    const auto pids = processes();
    if (!pids) {
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
        add(path, fmt::format("pid {}", pid));
        seen.insert(number_of(witness(std::to_string(pid))));
    }
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
