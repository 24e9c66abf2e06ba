#include "replay/host_report.h"

#include "base/text.h"
#include "kernel/namespaces.h"
#include "replay/foreign.h"
#include "replay/replay.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace replay {

namespace {

using base::Gap;
using base::Why;

constexpr std::string_view sosreport = "a sosreport";
constexpr std::string_view section_mark = "#==[";

/// How much a file tells of sockets by the name of its command: "ss_-peaonmi", "netstat_-W_-neopa", and in
/// old sosreports plainly "netstat". 0: it lists none, or nobody asked for all of them.
int worth_of(std::string_view name) {
    const bool ss = name.starts_with("ss");
    if (!ss && !name.starts_with("netstat")) {
        return 0;
    }
    std::string_view options = name.substr(ss ? 2 : 7);
    const bool plain = options.empty() || options == ".txt" || options == ".out";
    if (!plain && options.front() != '_' && options.front() != '-' && options.front() != '.') {
        return 0; // "ssh"
    }
    const auto has = [&](char letter) { return options.find(letter) != std::string_view::npos; };
    const bool others = !ss && (has('g') || has('r') || has('i') || (has('s') && !has('n')));
    if (!plain && (others || !has('a'))) {
        return 0;
    }
    const int letters = static_cast<int>(
        std::count_if(options.begin(), options.end(), [](char c) { return c >= 'a' && c <= 'z'; }));
    return 1 + letters + (ss ? 100 : 0);
}

/// The files of a directory that list sockets, the richest first.
std::vector<std::string> socket_files(const Tree& tree, const std::string& directory) {
    std::vector<std::string> files;
    const auto names = tree.list(directory.empty() ? "." : directory);
    for (std::size_t i = 0; names && i < names->size(); ++i) {
        if (worth_of((*names)[i]) > 0 && !tree.list(below(directory, (*names)[i]))) {
            files.push_back((*names)[i]);
        }
    }
    std::stable_sort(files.begin(), files.end(),
                     [](const auto& a, const auto& b) { return worth_of(a) > worth_of(b); });
    return files;
}

Gap without_end() {
    return {"the socket table", Why::truncated, "its last line has no end"};
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
        list->lost = without_end();
    }
    return list;
}

/// /proc/net/tcp of a tree, and tcp6 if it is there; none if there is no such file.
std::optional<base::Result<SocketList>> read_copied_tables(const Tree& tree, const std::string& root,
                                                           const SnapshotChoice& choice) {
    for (const char* place : {"proc/net/tcp", "proc/self/net/tcp", "net/tcp", "tcp"}) {
        const auto v4 = tree.read(below(root, place));
        if (!v4) {
            continue;
        }
        const auto v6 = tree.read(below(root, place) + "6");
        const bool whole = v4->ends_with('\n') && (!v6 || v6->ends_with('\n'));
        auto list = read_text(*v4 + (v6 ? *v6 : ""), choice);
        if (list && !whole && !list->lost) {
            list->lost = without_end();
        }
        return list;
    }
    return std::nullopt;
}

/// Is a list worth more than another of the same moment? The richest stands first.
bool tells_more(const SocketList& a, const SocketList& b) {
    if (a.lost.has_value() != b.lost.has_value()) {
        return !a.lost;
    }
    return a.lost ? a.size() > b.size() : false;
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
    bool has_tried() const { return best_ || !gaps_.empty(); }

    base::Result<SocketList> take() {
        if (!best_) {
            return base::Error{gaps_.empty() ? "holds no sockets" : base::complaint(gaps_.front())};
        }
        best_->provenance.gaps.insert(best_->provenance.gaps.end(), gaps_.begin(), gaps_.end());
        return std::move(*best_);
    }

  private:
    void passed_over(const std::string& file, const std::string& why) {
        gaps_.push_back({file, Why::failed, why});
    }

    std::optional<SocketList> best_;
    std::string file_;
    std::vector<Gap> gaps_;
};

// supportconfig: "#==[ Command ]===#", "# /bin/netstat -nap", and what it printed.

struct Section {
    std::string command;
    std::string body; // with the mark of the next one, which shows its end
};

std::vector<Section> sections_of(std::string_view text) {
    std::vector<Section> sections;
    std::size_t at = text.find(section_mark);
    while (at != std::string_view::npos) {
        const std::size_t next = text.find("\n#==[", at);
        const std::string_view whole =
            text.substr(at, next == std::string_view::npos ? std::string_view::npos : next + 1 - at);
        const auto first = whole.find('\n');
        const auto second = first == std::string_view::npos ? first : whole.find('\n', first + 1);
        if (second != std::string_view::npos) {
            const std::string_view command = base::trim(whole.substr(first + 1, second - first - 1));
            sections.push_back({std::string(command), std::string(whole.substr(second + 1)) +
                                                          (next == std::string_view::npos ? "" : "#==[\n")});
        }
        at = next == std::string_view::npos ? next : next + 1;
    }
    return sections;
}

bool runs(const Section& section, std::string_view program) {
    const auto words = base::words(section.command);
    return std::any_of(words.begin(), words.end(),
                       [&](std::string_view word) { return word.substr(word.rfind('/') + 1) == program; });
}

base::Result<SocketList> best_section(const std::string& file, std::string_view text,
                                      const SnapshotChoice& choice) {
    BestList best;
    for (const Section& section : sections_of(text)) {
        const bool listed = runs(section, "ss") || runs(section, "netstat");
        if (listed && section.body.find(':') != std::string::npos) {
            auto list = read_text(section.body, choice);
            if (list || section.command.find("-s") == std::string::npos) {
                best.add(file + ", " + section.command, std::move(list));
            }
        }
    }
    auto list = best.take();
    if (list) {
        list->provenance.name = "supportconfig, " + list->provenance.name;
    }
    return list;
}

std::map<std::string, std::string, std::less<>> sysctls_of_sections(std::string_view text) {
    std::map<std::string, std::string, std::less<>> values;
    for (const Section& section : sections_of(text)) {
        if (!runs(section, "sysctl")) {
            continue;
        }
        for (const std::string_view line : base::split(section.body, '\n')) {
            const std::size_t equals = line.find(" = ");
            if (equals != std::string_view::npos) {
                values.insert_or_assign(std::string(base::trim(line.substr(0, equals))),
                                        std::string(base::trim(line.substr(equals + 3))));
            }
        }
    }
    return values;
}

// A host, and where several lie in one tree.

BestList tables_of(const Tree& tree, const std::string& root, const SnapshotChoice& choice) {
    BestList best;
    for (const char* place : {"sos_commands/networking", "sos_commands/network", ""}) {
        const std::string directory = *place == 0 ? root : below(root, place);
        for (const std::string& file : socket_files(tree, directory)) {
            if (!best.whole()) {
                best.add(below(directory, file), read_member(tree, below(directory, file), choice));
            }
        }
    }
    if (auto tables = best.whole() ? std::nullopt : read_copied_tables(tree, root, choice)) {
        best.add("proc/net/tcp", std::move(*tables));
    }
    const auto network = tree.read(below(root, "network.txt"));
    if (!best.whole() && network && is_supportconfig(*network)) {
        best.add("network.txt", best_section("network.txt", *network, choice));
    }
    return best;
}

/// The best of the tables at `root`, with what else stands there.
base::Result<SocketList> host_of(const Tree& tree, const std::string& root, BestList tables) {
    if (!tables.has_tried()) {
        return base::Error{
            "holds no sockets: neither sos_commands/networking nor proc/net/tcp nor tcp is in it"};
    }
    auto list = tables.take();
    if (list && tree.has(below(root, "sos_commands"))) {
        list->provenance.name = std::string(sosreport) + ", " + list->provenance.name;
    }
    if (const auto environment = tree.read(below(root, "env.txt")); list && environment) {
        list->sysctls.merge(sysctls_of_sections(*environment));
    }
    if (list && tree.is_cut() && !list->lost) {
        list->lost =
            Gap{"the socket table", Why::truncated, "the archive is damaged, and what followed is not known"};
    }
    return list;
}

/// The other namespaces of a sosreport, which wrote the same commands for each of them.
void add_namespaces(const Tree& tree, const SnapshotChoice& choice, std::vector<kernel::Target>& targets) {
    for (const std::string root : {"sos_commands/networking/namespaces", "sos_commands/network/namespaces"}) {
        const auto names = tree.list(root);
        for (std::size_t i = 0; names && i < names->size(); ++i) {
            const std::string directory = below(root, (*names)[i]);
            BestList best;
            const auto files = tree.list(directory);
            for (std::size_t at = files ? files->size() : 0; at-- > 0;) { // ss after netstat
                const std::string& file = (*files)[at];                   // "ip_netns_exec_NAME_ss_-peaonmi"
                const std::size_t ss = file.find("ss_-");
                const std::size_t netstat = file.find("netstat_-");
                const std::size_t command = std::min(ss, netstat);
                if (command != std::string::npos && worth_of(std::string_view(file).substr(command)) > 0) {
                    best.add(below(directory, file), read_member(tree, below(directory, file), choice));
                }
            }
            if (auto list = best.take()) {
                list->provenance.name = std::string(sosreport) + ", " + list->provenance.name;
                targets.push_back(
                    {(*names)[i], 0, std::make_unique<ForeignMachine>(std::move(*list), std::nullopt)});
            }
        }
    }
}

/// Directories below that look like one host each; bounded, whatever the tree is. A host whose tables cannot
/// be read is one whose sockets are not known. Links are not followed: what they lead to lies in the tree.
class Hosts {
  public:
    Hosts(const Tree& tree, const SnapshotChoice& choice) : tree_(tree), choice_(choice) { search("", 0); }

    std::vector<kernel::Target> take() {
        std::vector<kernel::Target> targets;
        for (auto& [path, list] : lists_) {
            for (const auto& [kind, gap] : gaps_) {
                list.provenance.gaps.push_back(gap);
            }
            targets.push_back(
                {path, 0, std::make_unique<ForeignMachine>(std::move(list), tree_.inside(path))});
        }
        return targets;
    }

  private:
    void search(const std::string& directory, int depth) {
        const auto names = tree_.list(directory.empty() ? "." : directory);
        for (std::size_t i = 0; names && i < names->size(); ++i) {
            const std::string path = below(directory, (*names)[i]);
            const bool is_of_a_host = (*names)[i] == "sos_commands" || (*names)[i] == "proc"; // taken already
            if (!is_of_a_host && !tree_.is_link(path)) {
                look_at(path, depth);
            }
        }
    }

    void look_at(const std::string& path, int depth) {
        constexpr int deepest = 6;
        constexpr std::size_t most_directories = 5000;
        const auto names = tree_.list(path);
        if (!names) {
            if (names.error().why != Why::absent) { // no directory, for example
                gaps_.emplace("unread", names.error());
            }
        } else if (depth > deepest) {
            gaps_.emplace("depth", Gap{path, Why::truncated, "hosts lie less than eight directories deep"});
        } else if (++directories_ > most_directories) {
            gaps_.emplace("number",
                          Gap{path, Why::truncated, "only 5000 directories were searched for hosts"});
        } else if (BestList tables = tables_of(tree_, path, choice_); tables.has_tried()) {
            add(path, host_of(tree_, path, std::move(tables)));
        } else {
            search(path, depth + 1);
        }
    }

    void add(const std::string& path, base::Result<SocketList> list) {
        if (!list) {
            SocketList unread;
            unread.provenance.name = "a host's tables that could not be read";
            unread.lost = Gap{"the socket table", Why::failed, list.error().what};
            list = std::move(unread);
        }
        list->provenance.name = path + ", " + list->provenance.name;
        lists_.emplace_back(path, std::move(*list));
    }

    const Tree& tree_;
    const SnapshotChoice& choice_;
    std::size_t directories_ = 0;
    std::vector<std::pair<std::string, SocketList>> lists_;
    std::map<std::string_view, Gap> gaps_; // the first of each kind
};

} // namespace

bool is_supportconfig(std::string_view text) {
    constexpr std::size_t head = 65536;
    return text.substr(0, head).find("#==[ Command ]") != std::string_view::npos;
}

base::Result<SocketList> read_supportconfig(std::string_view text, const SnapshotChoice& choice) {
    return best_section("supportconfig", text, choice);
}

base::Result<std::vector<kernel::Target>> open_host_report(Tree tree, const SnapshotChoice& choice) {
    auto list = host_of(tree, "", tables_of(tree, "", choice));
    if (!list) {
        std::vector<kernel::Target> hosts = Hosts(tree, choice).take();
        return hosts.empty() ? base::Result<std::vector<kernel::Target>>(list.error()) : std::move(hosts);
    }
    std::vector<kernel::Target> others;
    add_namespaces(tree, choice, others);
    std::vector<kernel::Target> targets;
    targets.push_back({std::string(kernel::here_label), 0,
                       std::make_unique<ForeignMachine>(std::move(*list), std::move(tree))});
    std::move(others.begin(), others.end(), std::back_inserter(targets));
    return targets;
}

} // namespace replay
