#include "replay/recorder.h"

#include "base/text.h"
#include "replay/mask_sockets.h"

#include <algorithm>

namespace replay {

namespace {

/// What one question told, to what earlier ones did. The same process may have changed meanwhile: what was
/// told first stays.
void add(const snapshot::Holders& more, snapshot::Holders& known) {
    for (const snapshot::Holder& holder : more.sockets) {
        const snapshot::Process& process = more.processes[holder.process];
        const auto same =
            std::find_if(known.processes.begin(), known.processes.end(),
                         [&](const snapshot::Process& other) { return other.pid == process.pid; });
        const auto number = static_cast<std::uint32_t>(same - known.processes.begin());
        if (same == known.processes.end()) {
            known.processes.push_back(process);
        }
        known.sockets.push_back({holder.inode, number, holder.descriptor});
    }
    const auto by_inode = [](const snapshot::Holder& a, const snapshot::Holder& b) {
        return a.inode < b.inode;
    };
    std::stable_sort(known.sockets.begin(), known.sockets.end(), by_inode);
    const auto same_inode = [](const snapshot::Holder& a, const snapshot::Holder& b) {
        return a.inode == b.inode;
    };
    known.sockets.erase(std::unique(known.sockets.begin(), known.sockets.end(), same_inode),
                        known.sockets.end());
    known.unseen = known.unseen ? known.unseen : more.unseen;
}

/// The route of a connection that leaves everything to routing: the only kind that captures hold.
bool is_usual(const snapshot::RouteQuery& query) {
    return !query.from && query.device == 0;
}

class Recorder : public kernel::SockDiagMachine {
  public:
    Recorder(std::unique_ptr<kernel::SockDiagMachine> machine, RecordedNetns& recorded)
        : machine_(std::move(machine)), recorded_(recorded) {}

    snapshot::Reading<std::string> read(const std::string& path) override {
        auto content = machine_->read(path);
        recorded_.files.try_emplace(path, content);
        return content;
    }

    snapshot::Reading<std::vector<std::string>> list(const std::string& directory) override {
        auto names = machine_->list(directory);
        using Text = snapshot::Reading<std::string>;
        recorded_.listings.try_emplace(directory,
                                       names ? Text(base::join(*names, "\n")) : Text(names.error()));
        return names;
    }

    std::optional<double> changed(const std::string& path) override {
        const auto time = machine_->changed(path);
        if (time) {
            recorded_.changed.try_emplace(path, *time);
        }
        return time;
    }

    kernel::Outcome dump(std::span<const std::byte> request, const kernel::FrameSink& sink) override {
        RecordedDump dump;
        kernel::Outcome outcome = machine_->dump(request, [&](std::span<const std::byte> frame) {
            const void* bytes = frame.data();
            dump.frames.emplace_back(static_cast<const char*>(bytes), frame.size());
            forget_keys(dump.frames.back());
            return sink(frame);
        });
        if (!outcome) {
            dump.gap = outcome.error();
        }
        const void* bytes = request.data();
        recorded_.dumps.try_emplace(std::string(static_cast<const char*>(bytes), request.size()),
                                    std::move(dump));
        return outcome;
    }

    snapshot::Holders holders(std::span<const snapshot::WantedSocket> wanted) override {
        auto holders = machine_->holders(wanted);
        if (!recorded_.holders) {
            recorded_.holders = holders;
        } else {
            add(holders, *recorded_.holders);
        }
        return holders;
    }

    snapshot::CgroupPaths cgroup_paths(std::span<const std::uint64_t> numbers) override {
        auto paths = machine_->cgroup_paths(numbers);
        recorded_.cgroups.insert(paths.begin(), paths.end());
        return paths;
    }

    std::optional<snapshot::Route> route(const snapshot::RouteQuery& query) override {
        auto route = machine_->route(query);
        if (is_usual(query) && route && route->source) {
            recorded_.routes.try_emplace(query.remote.to_text(), route->source->to_text());
        }
        return route;
    }

    bool within(const std::function<void()>& work) override { return machine_->within(work); }

    std::optional<std::uint64_t> netns_cookie() override { return machine_->netns_cookie(); }

    bool sysctls_are_read_only() override {
        recorded_.sysctls_are_read_only = machine_->sysctls_are_read_only();
        return recorded_.sysctls_are_read_only;
    }

    double now() override {
        if (recorded_.time == 0) {
            recorded_.time = machine_->now();
        }
        return recorded_.time;
    }

  private:
    std::unique_ptr<kernel::SockDiagMachine> machine_;
    RecordedNetns& recorded_;
};

base::Gap not_captured(const std::string& what) {
    return {what, base::Why::not_collected, "the capture does not hold it"};
}

class Replayer : public kernel::SockDiagMachine {
  public:
    explicit Replayer(const RecordedNetns& recorded) : recorded_(recorded) {}

    snapshot::Reading<std::string> read(const std::string& path) override {
        const auto found = recorded_.files.find(path);
        if (found == recorded_.files.end()) {
            return not_captured(path);
        }
        return found->second;
    }

    snapshot::Reading<std::vector<std::string>> list(const std::string& directory) override {
        const auto found = recorded_.listings.find(directory);
        if (found == recorded_.listings.end()) {
            return not_captured(directory);
        }
        if (!found->second) {
            return found->second.error();
        }
        std::vector<std::string> names;
        for (const std::string_view name : base::split(*found->second, '\n')) {
            if (!name.empty()) {
                names.emplace_back(name);
            }
        }
        return names;
    }

    std::optional<double> changed(const std::string& path) override {
        const auto found = recorded_.changed.find(path);
        return found != recorded_.changed.end() ? std::optional(found->second) : std::nullopt;
    }

    kernel::Outcome dump(std::span<const std::byte> request, const kernel::FrameSink& sink) override {
        const void* bytes = request.data();
        const auto found = recorded_.dumps.find(std::string(static_cast<const char*>(bytes), request.size()));
        const RecordedDump* recorded = found != recorded_.dumps.end() ? &found->second : wider(request);
        if (recorded == nullptr) {
            return not_captured("the socket table");
        }
        for (const std::string& frame : recorded->frames) {
            if (!sink(std::as_bytes(std::span(frame)))) {
                return base::Nothing{};
            }
        }
        if (recorded->gap) {
            return *recorded->gap;
        }
        return base::Nothing{};
    }

    /// All that the capture knows: a holder of a socket that was not asked for does no harm.
    snapshot::Holders holders(std::span<const snapshot::WantedSocket>) override {
        return recorded_.holders ? *recorded_.holders
                                 : snapshot::Holders{{}, {}, not_captured("who holds the sockets")};
    }

    snapshot::CgroupPaths cgroup_paths(std::span<const std::uint64_t> numbers) override {
        snapshot::CgroupPaths paths;
        for (const std::uint64_t number : numbers) {
            const auto found = recorded_.cgroups.find(number);
            paths.emplace(number,
                          found != recorded_.cgroups.end() ? found->second : not_captured("a control group"));
        }
        return paths;
    }

    std::optional<snapshot::Route> route(const snapshot::RouteQuery& query) override {
        const auto found = recorded_.routes.find(query.remote.to_text());
        if (!is_usual(query) || found == recorded_.routes.end()) {
            return std::nullopt;
        }
        const auto source = snapshot::Address::parse(found->second);
        return source ? std::optional(snapshot::Route{source}) : std::nullopt;
    }

    bool sysctls_are_read_only() override { return recorded_.sysctls_are_read_only; }
    double now() override { return recorded_.time; }

  private:
    /// The answer to a question about these remote ends and more: whoever asked knows which ones it meant.
    const RecordedDump* wider(std::span<const std::byte> request) const {
        const auto wanted = kernel::peers_of(request);
        for (const auto& [asked, dump] : recorded_.dumps) {
            const auto known = kernel::peers_of(std::as_bytes(std::span(asked)));
            const auto is_known = [&](const snapshot::EndPoint& end) {
                return std::find(known.begin(), known.end(), end) != known.end();
            };
            if (!wanted.empty() && std::all_of(wanted.begin(), wanted.end(), is_known)) {
                return &dump;
            }
        }
        return nullptr;
    }

    const RecordedNetns& recorded_;
};

} // namespace

std::vector<kernel::Target> recording(std::vector<kernel::SockDiagTarget> targets, Capture& capture) {
    std::vector<kernel::Target> recorders;
    for (kernel::SockDiagTarget& target : targets) {
        RecordedNetns& recorded = *capture.namespaces.emplace_back(std::make_unique<RecordedNetns>());
        recorded.label = target.label;
        recorded.id = target.id;
        recorded.path = target.path;
        recorders.push_back({target.label, target.id,
                             std::make_unique<Recorder>(std::move(target.machine), recorded), target.path});
    }
    return recorders;
}

std::vector<kernel::Target> replaying(const Capture& capture) {
    std::vector<kernel::Target> targets;
    for (const auto& recorded : capture.namespaces) {
        targets.push_back(
            {recorded->label, recorded->id, std::make_unique<Replayer>(*recorded), recorded->path});
    }
    return targets;
}

} // namespace replay
