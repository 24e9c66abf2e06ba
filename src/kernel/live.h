// The machine that asks the running kernel, in the network namespace of the calling thread.
#pragma once

#include "kernel/sock_diag.h"

#include <chrono>

namespace kernel {

using Deadline = std::chrono::steady_clock::time_point;

/// A gap that says that the time was up before `what` was read.
base::Gap out_of_time(std::string what);

class LiveMachine : public SockDiagMachine {
  public:
    /// Nothing is read after the deadline: it becomes a gap.
    explicit LiveMachine(Deadline deadline) : deadline_(deadline) {}

    snapshot::Reading<std::string> read(const std::string& path) override;
    snapshot::Reading<std::vector<std::string>> list(const std::string& directory) override;
    std::optional<double> changed(const std::string& path) override;
    Outcome dump(std::span<const std::byte> request, const FrameSink& sink) override;
    bool knows_single_sockets() const override { return true; }
    std::optional<std::uint64_t> netns_cookie() override;
    bool sysctls_are_read_only() override;
    std::optional<snapshot::Route> route(const snapshot::RouteQuery& query) override;
    std::optional<std::uint32_t> device(const std::string& name) override;
    snapshot::Holders holders(std::span<const snapshot::WantedSocket> wanted) override;
    snapshot::CgroupPaths cgroup_paths(std::span<const std::uint64_t> numbers) override;
    double now() override;

    /// Is it after the deadline?
    bool late() const { return std::chrono::steady_clock::now() >= deadline_; }

  private:
    Deadline deadline_;
};

} // namespace kernel
