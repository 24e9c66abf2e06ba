#include "cli/trace.h"

#include "base/text.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace cli {

namespace {

/// Null unless somebody asked.
std::unique_ptr<spdlog::logger> logger;

} // namespace

void start_trace() {
    logger =
        std::make_unique<spdlog::logger>("tcpadvisor", std::make_shared<spdlog::sinks::stderr_sink_st>());
    logger->set_level(spdlog::level::debug);
    logger->set_pattern("%H:%M:%S.%f %v");
}

bool is_tracing() {
    return logger != nullptr;
}

void tell(std::string_view line) {
    if (is_tracing()) {
        logger->debug("{}", base::printable(line));
    }
}

namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

std::string_view name_of(kernel::Walk walk) {
    using kernel::Walk;
    switch (walk) {
    case Walk::listeners:
        return "listening sockets";
    case Walk::connections:
        return "connections";
    case Walk::close_waits:
        return "CLOSE_WAIT sockets";
    case Walk::explicit_binds:
        return "explicit binds";
    case Walk::bound:
        return "bound but unconnected sockets";
    case Walk::options:
        return "options of sockets";
    case Walk::peers:
        return "sockets towards";
    case Walk::queues:
        return "open connections from port";
    case Walk::open:
        return "open connections, with their ages";
    }
    return "";
}

std::string text_of(const kernel::Query& query) {
    std::string text(name_of(query.walk));
    for (const snapshot::EndPoint& remote : query.remotes) {
        text += fmt::format(" {} port {}", remote.address.to_text(), remote.port);
    }
    for (const std::uint16_t port : query.ports) {
        text += fmt::format(" {}", port);
    }
    return text;
}

std::string why(const base::Gap& gap) {
    return fmt::format("{} ({})", base::name(gap.why), gap.detail);
}

std::string answer_of(std::string_view path, const snapshot::Reading<std::string>& content) {
    return fmt::format("{}: {}", path,
                       content ? fmt::format("{} bytes", content->size()) : why(content.error()));
}

/// Hands every question on to another machine, and tells it.
class TracedMachine : public kernel::Machine {
  public:
    TracedMachine(std::unique_ptr<kernel::Machine> machine, std::string prefix)
        : machine_(std::move(machine)), prefix_(std::move(prefix)) {}

    snapshot::Reading<std::string> read(const std::string& path) override {
        auto content = machine_->read(path);
        say("{}", answer_of(path, content));
        return content;
    }

    snapshot::Reading<std::vector<std::string>> list(const std::string& directory) override {
        auto names = machine_->list(directory);
        say("{}: {}", directory, names ? fmt::format("{} names", names->size()) : why(names.error()));
        return names;
    }

    std::optional<double> changed(const std::string& path) override { return machine_->changed(path); }

    kernel::Walked sockets(const kernel::Query& query, const kernel::SocketSink& sink) override {
        std::size_t count = 0;
        const auto start = Clock::now();
        kernel::Walked walked = machine_->sockets(query, [&](std::span<const snapshot::Socket> sockets) {
            count += sockets.size();
            sink(sockets);
        });
        say("walk over {}: {} sockets, {} bytes, {:.3f} ms{}{}", text_of(query), count, walked.bytes,
            milliseconds_since(start), walked.outcome ? "" : ", not complete: " + why(walked.outcome.error()),
            walked.malformed > 0 ? fmt::format(", {} messages make no sense", walked.malformed) : "");
        return walked;
    }

    kernel::Outcome nat(const kernel::NatSink& sink) override {
        std::size_t count = 0;
        const auto start = Clock::now();
        kernel::Outcome outcome = machine_->nat([&](const snapshot::NatEntry& entry) {
            ++count;
            sink(entry);
        });
        say("conntrack: {} connections with a translated source, {:.3f} ms{}", count,
            milliseconds_since(start), outcome ? "" : ", not complete: " + why(outcome.error()));
        return outcome;
    }

    std::optional<snapshot::Route> route(const snapshot::RouteQuery& query) override {
        auto route = machine_->route(query);
        say("route to {}{}: {}", query.remote.to_text(),
            query.from ? " from " + query.from->to_text() : std::string(),
            !route          ? "not known"
            : route->source ? "from " + route->source->to_text()
                            : route->error);
        return route;
    }

    bool within(const std::function<void()>& work) override {
        const bool there = machine_->within(work);
        if (!there) {
            say("ended meanwhile");
        }
        return there;
    }

    std::optional<std::uint64_t> netns_cookie() override { return machine_->netns_cookie(); }
    std::optional<std::uint32_t> device(const std::string& name) override { return machine_->device(name); }
    std::string origin(const std::string& file_and_line) override { return machine_->origin(file_and_line); }
    bool sysctls_are_read_only() override { return machine_->sysctls_are_read_only(); }

    snapshot::Holders holders(std::span<const snapshot::WantedSocket> wanted) override {
        const auto start = Clock::now();
        auto holders = machine_->holders(wanted);
        say("processes that hold {} sockets: {} of them found in {} processes, {:.3f} ms{}", wanted.size(),
            holders.sockets.size(), holders.processes.size(), milliseconds_since(start),
            holders.unseen ? ", not all seen: " + why(*holders.unseen) : "");
        return holders;
    }

    snapshot::CgroupPaths cgroup_paths(std::span<const std::uint64_t> numbers) override {
        auto paths = machine_->cgroup_paths(numbers);
        for (const auto& [number, path] : paths) {
            say("control group {}: {}", number, path ? *path : why(path.error()));
        }
        return paths;
    }

    snapshot::Provenance provenance() override { return machine_->provenance(); }
    double now() override { return machine_->now(); }

  private:
    template <typename... Parts>
    void say(fmt::format_string<Parts...> format, Parts&&... parts) const {
        tell(prefix_ + fmt::format(format, std::forward<Parts>(parts)...));
    }

    std::unique_ptr<kernel::Machine> machine_;
    std::string prefix_;
};

} // namespace

void trace_file(std::string_view path, const snapshot::Reading<std::string>& content) {
    if (is_tracing()) {
        tell(answer_of(path, content));
    }
}

void trace_request(const snapshot::Request& request, const std::string& label) {
    const auto wants = [&](bool wanted, std::string_view what) {
        if (wanted) {
            trace("more of '{}': {}", label, what);
        }
    };
    wants(request.explicit_binds,
          "explicit binds, which may hold so many ports of the range that a verdict depends on them");
    wants(request.bound_sockets,
          "bound but unconnected sockets, because TCP sockets outside of the tables, or a "
          "destination near its limit, leave open how many ports are blocked");
    wants(request.routes, "sources that routing would choose, because ports may have been taken by bind()");
    wants(request.early_binds, "options of sockets, because the number of free ports depends on them");
    wants(!request.peers.empty(),
          "the live sockets of a few destinations, because they are busy or were named");
    wants(request.peer_owners && !request.peers.empty(), "who holds these");
    wants(request.queue_owners, "who holds the listeners, because connections wait for accept()");
    wants(!request.queue_ports.empty(), "how long connections have waited for accept()");
    wants(request.idle, "how long open connections without keepalive have been silent");
    wants(request.nat, "what source NAT has given out, because conntrack follows connections");
    wants(request.local_port.has_value(), "the sockets of one local port, which was asked about");
    wants(request.boot_sysctls, "the files of sysctl.d, because a rule or the output compares the next boot");
    wants(request.owners_of_age_ms.has_value(), "who holds the CLOSE_WAIT sockets, because some are stuck");
}

std::vector<kernel::Target> traced(std::vector<kernel::Target> targets) {
    if (!is_tracing()) {
        return targets;
    }
    for (kernel::Target& target : targets) {
        trace("network namespace '{}', inode {}", target.label, target.id);
        target.machine = std::make_unique<TracedMachine>(
            std::move(target.machine), targets.size() > 1 ? "[" + target.label + "] " : std::string());
    }
    return targets;
}

} // namespace cli
