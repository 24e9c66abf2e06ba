// How a command gets to the network namespace in which something was found, and how its sysctls are set where
// no command can: in a container, whose /proc/sys is read-only. A namespace is known by the path of its file;
// the empty path is the namespace of whoever runs the program. Runs nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace findings {

/// What is written before a command: "ip netns exec web", "nsenter --net=/proc/42/ns/net"; empty for the
/// namespace that one is in.
std::string entering(std::string_view netns_path);

/// The options by which tcpadvisor looks there: "--netns web", "--pid 42"; empty for the namespace that one
/// is in.
std::string options_for(std::string_view netns_path);

/// The command line that does there what `command` does here: programs that see or change a network are
/// started inside, tcpadvisor gets options, everything else stays as it is.
std::string acting_in(std::string_view netns_path, const std::string& command);

/// Does it set sysctls?
bool sets_sysctls(std::string_view command);

/// Name and value of each sysctl.
using Assignments = std::vector<std::pair<std::string, std::string>>;

/// The assignments of a command that sets sysctls; quoted values are left out.
Assignments assignments_of(std::string_view command);

/// What does `command` in the namespace with this inode when it is pasted into a shell of the node, whose
/// processes see the container's; the reader must put in a process where the inode is not known (0).
std::string from_node(std::uint64_t netns, const std::string& command);

/// How whoever starts a container sets these: an option of docker, a field of a pod, and whether kubelet
/// takes that from everybody.
std::string from_outside(const Assignments& sysctls);

} // namespace findings
