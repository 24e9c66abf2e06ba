#include "replay/replay.h"

#include "base/file.h"
#include "kernel/namespaces.h"
#include "replay/foreign.h"
#include "replay/netstat.h"
#include "replay/recorder.h"
#include "replay/ss.h"
#include "replay/tables.h"
#include "replay/tree.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>
#include <utility>

namespace replay {

namespace {

constexpr std::size_t largest_file = std::size_t{512} << 20; // some four million sockets
constexpr std::string_view sosreport = "a sosreport";

/// What a sosreport has of its sockets, the richest first.
constexpr auto of_sosreport = std::to_array<const char*>({
    "sos_commands/networking/ss_-peaonmi",
    "sos_commands/networking/netstat_-W_-neopa",
    "sos_commands/networking/netstat_-T_-neopa",
    "sos_commands/networking/netstat_-neopa",
});

std::vector<kernel::Target> place_of(SocketList list, std::optional<Tree> tree) {
    std::vector<kernel::Target> targets;
    targets.push_back({std::string(kernel::here_label), 0,
                       std::make_unique<ForeignMachine>(std::move(list), std::move(tree))});
    return targets;
}

/// /proc/net/tcp of a tree, and tcp6 if it is there.
base::Result<SocketList> read_copied_tables(const Tree& tree) {
    for (const char* place : {"proc/net/", "proc/self/net/", "net/", ""}) {
        const auto v4 = tree.read(std::string(place) + "tcp");
        if (v4) {
            const auto v6 = tree.read(std::string(place) + "tcp6");
            return read_proc_tables(*v4 + (v6 ? *v6 : ""));
        }
    }
    return base::Error{"holds no sockets: neither sos_commands/networking nor proc/net/tcp nor tcp is in it"};
}

base::Result<SocketList> sockets_of(const Tree& tree) {
    for (const char* file : of_sosreport) {
        const auto text = tree.read(file);
        auto list = text ? read_foreign(*text) : base::Result<SocketList>(base::Error{});
        if (list && !list->sockets.empty()) {
            list->provenance.name = std::string(sosreport) + ", " + list->provenance.name;
            return list;
        }
    }
    auto list = read_copied_tables(tree);
    if (list && tree.has("sos_commands")) {
        list->provenance.name = std::string(sosreport) + ", " + list->provenance.name;
    }
    return list;
}

/// What packs a file that begins like this; empty for none.
std::string_view packed_by(std::string_view content) {
    constexpr auto known = std::to_array<std::pair<std::string_view, std::string_view>>({
        {"\x1f\x8b", "gzip"},
        {"\xfd"
         "7zXZ",
         "xz"},
        {"\x28\xb5\x2f\xfd", "zstd"},
        {"BZh", "bzip2"},
        {"PK\x03\x04", "zip"},
    });
    const auto found = std::find_if(known.begin(), known.end(),
                                    [&](const auto& kind) { return content.starts_with(kind.first); });
    return found != known.end() ? found->second : std::string_view();
}

bool is_tar(std::string_view content) {
    constexpr std::size_t magic_at = 257;
    return content.size() > magic_at && content.substr(magic_at).starts_with("ustar");
}

base::Result<Replay> open_tree(const std::string& path) {
    auto tree = Tree::open(path);
    if (!tree) {
        return tree.error();
    }
    auto list = sockets_of(*tree);
    if (!list) {
        return base::Error{path + ": " + list.error().what};
    }
    return Replay{nullptr, place_of(std::move(*list), std::move(*tree))};
}

} // namespace

base::Result<SocketList> read_foreign(std::string_view content) {
    if (looks_like_ss_dump(content)) {
        return read_ss_dump(content);
    }
    if (const auto packer = packed_by(content); !packer.empty()) {
        return base::Error{"packed by " + std::string(packer) + ": unpack it first"};
    }
    if (is_tar(content)) {
        return base::Error{"a tar archive: unpack it first, and name the directory"};
    }
    if (content.substr(0, 4096).find('\0') == std::string_view::npos) {
        if (looks_like_proc_table(content)) {
            return read_proc_tables(content);
        }
        if (looks_like_ss(content)) {
            return read_ss(content);
        }
        if (looks_like_netstat(content)) {
            return read_netstat(content);
        }
    }
    return base::Error{
        "neither a capture nor the text of ss -tan or netstat -tan, a copy of /proc/net/tcp or a "
        "dump by ss -D"};
}

base::Result<Replay> replay_of(std::string_view content) {
    if (content.starts_with(capture_name)) {
        auto capture = parse_capture(content);
        if (!capture) {
            return capture.error();
        }
        Replay replay{std::make_unique<Capture>(std::move(*capture)), {}};
        replay.targets = replaying(*replay.capture);
        return replay;
    }
    auto list = read_foreign(content);
    if (!list) {
        return list.error();
    }
    return Replay{nullptr, place_of(std::move(*list), std::nullopt)};
}

base::Result<Replay> open_replay(const std::string& path) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) {
        return open_tree(path);
    }
    const auto content = base::read_file(path, largest_file);
    if (!content) {
        return base::Error{base::complaint(content.error())};
    }
    auto replay = replay_of(*content);
    return replay ? std::move(replay) : base::Error{path + ": " + replay.error().what};
}

} // namespace replay
