// Names for the network namespaces of containers: what the control group of a process and the directories of
// /var/log/pods tell, without asking a runtime or an API. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace kernel {

/// Where kubelet keeps the logs of pods, in directories NAMESPACE_NAME_UID.
constexpr const char* pod_logs = "/var/log/pods";

/// The pod that a process belongs to, by the text of its /proc/PID/cgroup: "shop/cart-7d9f", or "pod UID" if
/// no directory has its uid. Empty if it is in none.
std::string pod_name(std::string_view cgroup, std::span<const std::string> directories);

/// "container 3f2a1b4c5d6e"; empty if it is in none.
std::string container_name(std::string_view cgroup);

} // namespace kernel
