// A machine for what is no capture of ours: sockets that a text or a copied table told, and maybe a tree of
// copied files. Whatever it lacks is a gap that names the source, and never nothing. Where the source has
// sockstat, its sum shows whether the sockets are all there. Knows no format of a text.
#pragma once

#include "kernel/machine.h"
#include "replay/socket_list.h"
#include "replay/tree.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace replay {

class ForeignMachine final : public kernel::Machine {
  public:
    ForeignMachine(SocketList list, std::optional<Tree> tree);

    snapshot::Reading<std::string> read(const std::string& path) override;
    snapshot::Reading<std::vector<std::string>> list(const std::string& directory) override;
    kernel::Walked sockets(const kernel::Query& query, const kernel::SocketSink& sink) override;
    snapshot::Holders holders(std::span<const snapshot::WantedSocket> wanted) override;
    snapshot::CgroupPaths cgroup_paths(std::span<const std::uint64_t> numbers) override;
    snapshot::Provenance provenance() override { return list_.provenance; }
    double now() override { return 0; } // no source tells it

  private:
    base::Gap untold(const std::string& what) const;
    snapshot::Reading<std::string> read_tree(const std::string& path) const;
    snapshot::Reading<std::string> read_sysctl(const std::string& path) const;
    std::size_t hand_on(bool (*belongs)(const snapshot::Socket&), const kernel::SocketSink& sink) const;
    void hold_against_sockstat();
    void hold_against_sums(std::optional<std::uint64_t> time_wait, std::optional<std::uint64_t> v4);
    void must_have(std::uint64_t counted, std::uint64_t told, std::string_view what, std::string_view source);
    void judge_sum(std::uint64_t counted, std::uint64_t expected, bool with_ipv6);

    SocketList list_;
    std::optional<Tree> tree_;
    std::map<std::string, std::string, std::less<>> sysctls_; // dotted names, of `sysctl -a`
};

} // namespace replay
