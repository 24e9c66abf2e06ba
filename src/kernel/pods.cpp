#include "kernel/pods.h"

#include "base/text.h"

#include <algorithm>

namespace kernel {
namespace {

constexpr std::string_view hexadecimal = "0123456789abcdef";

/// The parts of all paths of /proc/PID/cgroup, whose lines are "NUMBER:CONTROLLERS:PATH".
std::vector<std::string_view> groups_of(std::string_view cgroup) {
    std::vector<std::string_view> groups;
    for (const std::string_view line : base::split(cgroup, '\n')) {
        for (const std::string_view group : base::split(line, '/')) {
            groups.push_back(group);
        }
    }
    return groups;
}

/// A UUID, or the 32 digits that a static pod has.
bool is_uid(std::string_view text) {
    constexpr std::size_t digits = 32;
    constexpr std::size_t with_dashes = 36;
    return (text.size() == digits || text.size() == with_dashes) &&
           text.find_first_not_of("0123456789abcdef-") == std::string_view::npos;
}

/// The uid in "pod1b4e28ba-...", or in "kubepods-burstable-pod1b4e28ba_....slice", as systemd writes it.
std::string uid_in(std::string_view group) {
    constexpr std::string_view before = "pod";
    constexpr std::string_view slice = ".slice";
    if (group.ends_with(slice)) {
        group.remove_suffix(slice.size());
    }
    const std::size_t at = group.rfind(before);
    if (at == std::string_view::npos || (at > 0 && group[at - 1] != '-')) {
        return {};
    }
    std::string uid(group.substr(at + before.size()));
    std::replace(uid.begin(), uid.end(), '_', '-');
    return is_uid(uid) ? uid : std::string();
}

/// A name that Kubernetes allows, which no reader can misread.
bool is_label(std::string_view text) {
    return !text.empty() &&
           text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") == std::string_view::npos;
}

/// The 64 digits of a container in "docker-3f2a....scope" or "3f2a...".
std::string_view container_in(std::string_view group) {
    constexpr std::string_view scope = ".scope";
    constexpr std::size_t digits = 64;
    if (group.ends_with(scope)) {
        group.remove_suffix(scope.size());
    }
    const std::string_view id = group.substr(group.size() - std::min(group.size(), digits));
    const bool alone =
        group.size() == digits || (group.size() > digits && group[group.size() - digits - 1] == '-');
    const bool is_id = id.size() == digits && id.find_first_not_of(hexadecimal) == std::string_view::npos;
    return alone && is_id ? id : std::string_view();
}

} // namespace

std::string pod_name(std::string_view cgroup, std::span<const std::string> directories) {
    for (const std::string_view group : groups_of(cgroup)) {
        const std::string uid = uid_in(group);
        if (uid.empty()) {
            continue;
        }
        for (const std::string& directory : directories) {
            const auto parts = base::split(directory, '_');
            if (parts.size() == 3 && parts[2] == uid && is_label(parts[0]) && is_label(parts[1])) {
                return std::string(parts[0]) + "/" + std::string(parts[1]);
            }
        }
        return "pod " + uid;
    }
    return {};
}

std::string container_name(std::string_view cgroup) {
    constexpr std::size_t as_docker_shows = 12;
    for (const std::string_view group : groups_of(cgroup)) {
        if (const std::string_view id = container_in(group); !id.empty()) {
            return "container " + std::string(id.substr(0, as_docker_shows));
        }
    }
    return {};
}

} // namespace kernel
