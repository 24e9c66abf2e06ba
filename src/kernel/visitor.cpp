#include "kernel/visitor.h"

#include <cerrno>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <optional>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

namespace kernel {

std::uint64_t number_of(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

bool has_ended(int error) {
    return error == ENOENT || error == ESRCH;
}

Door::Door(const std::string& path) {
    constexpr long magic_of_nsfs = 0x6e736673; // NSFS_MAGIC
    const base::Descriptor place(::open(path.c_str(), O_PATH | O_CLOEXEC));
    struct statfs system {};
    if (!place || ::fstatfs(place.number(), &system) != 0) {
        error_ = errno;
        return;
    }
    if (system.f_type != magic_of_nsfs) {
        error_ = EINVAL;
        return;
    }
    file_ = base::Descriptor(
        ::open(fmt::format("/proc/self/fd/{}", place.number()).c_str(), O_RDONLY | O_CLOEXEC));
    error_ = !file_ ? errno : ::ioctl(file_.number(), NS_GET_NSTYPE) != CLONE_NEWNET ? EINVAL : 0;
}

std::uint64_t Door::number() const {
    struct stat status {};
    return ::fstat(file_.number(), &status) == 0 ? status.st_ino : 0;
}

std::string Door::problem() const {
    return error_ == 0 ? "" : error_ == EINVAL ? "is not a network namespace" : base::error_text(error_);
}

namespace {

/// Moves the calling thread into the namespace. 0, ENOENT if it has ended, or the system error.
int enter(const ClosedNetns& netns) {
    int refused = ENOENT;
    for (const std::string& path : netns.paths) {
        const Door door(path);
        if (door.error() != 0) {
            refused = has_ended(door.error()) ? refused : door.error();
        } else if (door.number() == netns.number) {
            return ::setns(door.descriptor(), CLONE_NEWNET) == 0 ? 0 : errno;
        }
    }
    return refused;
}

} // namespace

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
                              : base::error_text(error) + (denied ? ", needs CAP_SYS_ADMIN" : "")};
}

namespace {

/// Does the work of a live machine in another namespace.
class VisitingMachine : public SockDiagMachine {
  public:
    VisitingMachine(std::shared_ptr<Visitor> visitor, ClosedNetns netns, Deadline deadline)
        : visitor_(std::move(visitor)), netns_(std::move(netns)), live_(deadline) {}

    /// The work finds its answers refused if the namespace cannot be entered.
    bool within(const std::function<void()>& work) override {
        const int refused = live_.late() ? EAGAIN : visitor_->visit(netns_, work);
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
    bool knows_single_sockets() const override { return live_.knows_single_sockets(); }
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
    std::optional<std::uint32_t> device(const std::string& name) override {
        std::optional<std::uint32_t> number;
        static_cast<void>(visit([&] { number = live_.device(name); }));
        return number;
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
        if (live_.late()) { // thousands of namespaces may be left by then
            return out_of_time("the network namespace");
        }
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

} // namespace

std::unique_ptr<SockDiagMachine> visiting_machine(std::shared_ptr<Visitor> visitor, ClosedNetns netns,
                                                  Deadline deadline) {
    return std::make_unique<VisitingMachine>(std::move(visitor), std::move(netns), deadline);
}

std::unique_ptr<SockDiagMachine> closed_machine(base::Gap gap) {
    return std::make_unique<ClosedMachine>(std::move(gap));
}

} // namespace kernel
