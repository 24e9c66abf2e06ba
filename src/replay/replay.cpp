#include "replay/replay.h"

#include "base/file.h"
#include "kernel/namespaces.h"
#include "replay/foreign.h"
#include "replay/lines.h"
#include "replay/netstat.h"
#include "replay/recorder.h"
#include "replay/ss.h"
#include "replay/tables.h"
#include "replay/tree.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <unistd.h>
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

/// A table in a file of a tree. One that does not end with its last line was cut.
base::Result<SocketList> read_member(const Tree& tree, const std::string& path,
                                     const SnapshotChoice& choice) {
    auto content = tree.read(path);
    if (!content) {
        return base::Error{base::complaint(content.error())};
    }
    const bool whole = content->empty() || content->ends_with('\n');
    auto list = read_text(std::move(*content), choice);
    if (list && !whole && !list->lost) {
        list->lost = base::Gap{"the socket table", base::Why::truncated, "its last line has no end"};
    }
    return list;
}

/// /proc/net/tcp of a tree, and tcp6 if it is there.
base::Result<SocketList> read_copied_tables(const Tree& tree, const SnapshotChoice& choice) {
    for (const char* place : {"proc/net/", "proc/self/net/", "net/", ""}) {
        const auto v4 = tree.read(std::string(place) + "tcp");
        if (!v4) {
            continue;
        }
        const auto v6 = tree.read(std::string(place) + "tcp6");
        const bool whole = v4->ends_with('\n') && (!v6 || v6->ends_with('\n'));
        auto list = read_text(*v4 + (v6 ? *v6 : ""), choice);
        if (list && !whole && !list->lost) {
            list->lost = base::Gap{"the socket table", base::Why::truncated, "its last line has no end"};
        }
        return list;
    }
    return base::Error{"holds no sockets: neither sos_commands/networking nor proc/net/tcp nor tcp is in it"};
}

/// Is a list worth more than another of the same moment?
bool tells_more(const SocketList& a, const SocketList& b) {
    if (a.lost.has_value() != b.lost.has_value()) {
        return !a.lost;
    }
    return a.lost ? a.size() > b.size() : false; // the richest stands first
}

/// The best of several tables of the same namespace; what the others lack is named.
class BestList {
  public:
    void add(const std::string& file, base::Result<SocketList> list) {
        if (!list) {
            passed_over(file, list.error().what);
            return;
        }
        if (list->size() == 0) {
            passed_over(file, "no socket in it");
            return;
        }
        if (!best_ || tells_more(*list, *best_)) {
            if (best_) {
                passed_over(file_, best_->lost->detail);
            }
            best_ = std::move(*list);
            file_ = file;
        } else if (list->lost) {
            passed_over(file, list->lost->detail);
        }
    }

    bool whole() const { return best_ && !best_->lost; }

    base::Result<SocketList> take() {
        if (!best_) {
            return base::Error{gaps_.empty() ? "holds no sockets" : base::complaint(gaps_.front())};
        }
        best_->provenance.gaps.insert(best_->provenance.gaps.end(), gaps_.begin(), gaps_.end());
        return std::move(*best_);
    }

  private:
    void passed_over(const std::string& file, const std::string& why) {
        gaps_.push_back({file, base::Why::failed, why});
    }

    std::optional<SocketList> best_;
    std::string file_;
    std::vector<base::Gap> gaps_;
};

base::Result<SocketList> sockets_of(const Tree& tree, const SnapshotChoice& choice) {
    BestList best;
    for (const char* file : of_sosreport) {
        if (!best.whole() && tree.has(file)) {
            best.add(file, read_member(tree, file, choice));
        }
    }
    if (!best.whole()) {
        auto tables = read_copied_tables(tree, choice);
        if (tables || !tree.has("sos_commands")) {
            best.add("proc/net/tcp", std::move(tables));
        }
    }
    auto list = best.take();
    if (list && tree.has("sos_commands")) {
        list->provenance.name = std::string(sosreport) + ", " + list->provenance.name;
    }
    return list;
}

/// The other namespaces of a sosreport, which wrote the same commands for each of them.
void add_namespaces(const Tree& tree, const SnapshotChoice& choice, std::vector<kernel::Target>& targets) {
    for (const std::string root :
         {"sos_commands/networking/namespaces/", "sos_commands/network/namespaces/"}) {
        const auto names = tree.list(root);
        for (std::size_t i = 0; names && i < names->size(); ++i) {
            const std::string& name = (*names)[i];
            const auto files = tree.list(root + name);
            BestList best;
            for (std::size_t at = files ? files->size() : 0; at-- > 0;) { // ss after netstat
                const std::string& file = (*files)[at];
                const bool sockets =
                    file.find("ss_-") != std::string::npos ||
                    (file.find("netstat_") != std::string::npos && file.find("opa") != std::string::npos);
                if (sockets) {
                    best.add(root + name + "/" + file, read_member(tree, root + name + "/" + file, choice));
                }
            }
            if (auto list = best.take()) {
                list->provenance.name = std::string(sosreport) + ", " + list->provenance.name;
                targets.push_back(
                    {name, 0, std::make_unique<ForeignMachine>(std::move(*list), std::nullopt)});
            }
        }
    }
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

base::Result<Replay> open_tree(const std::string& path, const SnapshotChoice& choice) {
    auto tree = Tree::open(path);
    if (!tree) {
        return tree.error();
    }
    auto list = sockets_of(*tree, choice);
    if (!list) {
        return base::Error{path + ": " + list.error().what};
    }
    std::vector<kernel::Target> others;
    add_namespaces(*tree, choice, others);
    Replay replay{nullptr, place_of(std::move(*list), std::move(*tree))};
    std::move(others.begin(), others.end(), std::back_inserter(replay.targets));
    return replay;
}

using Reader = base::Result<SocketList> (*)(const Text&, SnapshotChoice);

/// Who can read the text: whose line comes first in it. Null if there is none in its beginning.
Reader reader_of(std::string_view text) {
    constexpr std::size_t most_before = std::size_t{1} << 20; // prose before a table
    Lines lines(text.substr(0, most_before));
    std::string_view line;
    Reader with_row = nullptr;
    while (with_row == nullptr && lines.next(line)) {
        with_row = looks_like_proc_table(line) ? read_proc_tables
                   : looks_like_netstat(line)  ? read_netstat
                   : looks_like_ss(line)       ? read_ss
                                               : Reader(nullptr);
    }
    return with_row;
}

/// None of the known lines, but a line that has the end points of a socket: what a cut left of one.
bool is_rest_of_a_row(std::string_view text) {
    std::string_view line;
    return Lines(text).next(line) && has_end_point(line);
}

} // namespace

base::Result<SocketList> read_text(std::string content, const SnapshotChoice& choice) {
    if (looks_like_ss_dump(content)) {
        return read_ss_dump(content);
    }
    if (const auto packer = packed_by(content); !packer.empty()) {
        return base::Error{"packed by " + std::string(packer) + ": unpack it first"};
    }
    if (is_tar(content)) {
        return base::Error{"a tar archive: unpack it first, and name the directory"};
    }
    if (auto plain = utf8_of_utf16(content)) {
        content = std::move(*plain);
    }
    if (content.substr(0, 4096).find('\0') == std::string_view::npos) {
        if (const auto system = foreign_system(content); !system.empty()) {
            return base::Error{"netstat of " + std::string(system) +
                               ", and tcpadvisor knows Linux: on a Linux host run ss -tanpoie"};
        }
        if (const Reader reader = reader_of(content)) {
            return reader(Text(std::move(content)), choice);
        }
        if (is_rest_of_a_row(content)) {
            return base::Error{"nothing but the rest of a row: the text is cut at the start"};
        }
    }
    return base::Error{
        "neither a capture nor the text of ss -tan or netstat -tan, a copy of /proc/net/tcp or a "
        "dump by ss -D"};
}

base::Result<SocketList> read_foreign(std::string_view content) {
    return read_text(std::string(content), std::nullopt);
}

base::Result<Replay> replay_of(std::string content, const SnapshotChoice& choice) {
    if (content.starts_with(capture_name)) {
        auto capture = parse_capture(content);
        if (!capture) {
            return capture.error();
        }
        Replay replay{std::make_unique<Capture>(std::move(*capture)), {}};
        replay.targets = replaying(*replay.capture);
        return replay;
    }
    auto list = read_text(std::move(content), choice);
    if (!list) {
        return list.error();
    }
    return Replay{nullptr, place_of(std::move(*list), std::nullopt)};
}

namespace {

/// Everything that comes in, until its end.
base::Result<std::string> read_standard_input() {
    std::string content;
    std::array<char, 65536> piece;
    while (content.size() <= largest_file) {
        const ssize_t got = ::read(STDIN_FILENO, piece.data(), piece.size());
        if (got == 0) {
            return content;
        }
        if (got > 0) {
            content.append(piece.data(), static_cast<std::size_t>(got));
        } else if (errno != EINTR) {
            return base::Error{std::string("standard input: ") + std::strerror(errno)};
        }
    }
    return base::Error{"standard input: larger than 512 MiB"};
}

} // namespace

base::Result<Replay> open_replay(const std::string& path, const SnapshotChoice& choice) {
    std::error_code error;
    if (path != standard_input && std::filesystem::is_directory(path, error)) {
        return open_tree(path, choice);
    }
    base::Result<std::string> content = base::Error{};
    if (path == standard_input) {
        content = read_standard_input();
    } else if (auto file = base::read_file(path, largest_file)) {
        content = std::move(*file);
    } else {
        content = base::Error{base::complaint(file.error())};
    }
    if (!content) {
        return content.error();
    }
    auto replay = replay_of(std::move(*content), choice);
    const std::string name = path == standard_input ? "standard input" : path;
    return replay ? std::move(replay) : base::Error{name + ": " + replay.error().what};
}

} // namespace replay
