#include "replay/replay.h"

#include "base/file.h"
#include "base/gap.h"
#include "base/number.h"
#include "base/text.h"
#include "kernel/namespaces.h"
#include "replay/archive.h"
#include "replay/counts.h"
#include "replay/foreign.h"
#include "replay/host_report.h"
#include "replay/host_texts.h"
#include "replay/lines.h"
#include "replay/netstat.h"
#include "replay/other_texts.h"
#include "replay/pasted.h"
#include "replay/recorder.h"
#include "replay/ss.h"
#include "replay/tables.h"
#include "replay/tree.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <iterator>
#include <numeric>
#include <span>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace replay {

namespace {

constexpr std::size_t largest_file = std::size_t{512} << 20; // some four million sockets
std::vector<kernel::Target> place_of(SocketList list) {
    std::vector<kernel::Target> targets;
    targets.push_back({std::string(kernel::here_label), 0,
                       std::make_unique<ForeignMachine>(std::move(list), std::nullopt)});
    return targets;
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

/// "0 0 192.0.2.1:40001 192.0.2.2:5432": both queues and both ends.
bool is_row_without_state(std::string_view text) {
    Lines lines(text); // keeps what the line shows
    std::string_view line;
    if (!lines.next(line)) {
        return false;
    }
    const auto words = base::words(line);
    return words.size() >= 4 && base::parse_unsigned(words[0]) && base::parse_unsigned(words[1]) &&
           has_end_point(words[2]) && split_end_point(words[3]);
}

std::uint64_t sockets_in(const SocketList& list) {
    const auto& named = list.provenance.named;
    return std::accumulate(named.begin(), named.end(), std::uint64_t{list.size()});
}

std::uint64_t sockets_in(const base::Result<SocketList>& list) {
    return list ? sockets_in(*list) : 0;
}

/// A table and what stands above it.
struct ToolTable {
    Reader reader;
    std::size_t begin = 0;
    std::size_t end = 0; // with the heading of the next, which shows that this one ends
};

/// Whose heading has a word that others have not; null: it is none.
Reader reader_of_heading(std::string_view line) {
    return line.find("local_address") != std::string_view::npos ? read_proc_tables
           : base::trim(line).starts_with("Proto ")             ? read_netstat
           : looks_like_ss(line)                                ? read_ss
                                                                : Reader(nullptr);
}

/// With the numbers that its lines have in the whole text.
Text part_of(const Text& text, const ToolTable& table) {
    Text part = text;
    part.bytes = text.bytes.substr(table.begin, table.end - table.begin);
    part.first_line += static_cast<std::size_t>(
        std::count(text.bytes.begin(), text.bytes.begin() + static_cast<std::ptrdiff_t>(table.begin), '\n'));
    return part;
}

/// The lines above a heading that belong to it: a command, and the first of two headings.
std::size_t begin_of_table(std::string_view text, std::size_t heading) {
    constexpr int most_lines = 8;
    std::size_t begin = heading;
    for (int i = 0; i < most_lines && begin > 1; ++i) {
        const std::size_t above = text.rfind('\n', begin - 2);
        const std::size_t line = above == std::string_view::npos ? 0 : above + 1;
        if (has_end_point(text.substr(line, begin - line)) ||
            looks_like_proc_table(text.substr(line, begin - line))) {
            break;
        }
        begin = line;
    }
    return begin;
}

/// One for each tool in turn: the same tool's further snapshots belong to the same table. What stands below
/// the last that is told apart are lines of no tool in it.
std::vector<ToolTable> tables_of_tools(std::string_view text, Reader first) {
    constexpr std::size_t most_tables = 16; // ss, netstat and two of /proc, some times
    std::vector<ToolTable> tables = {{first, 0, text.size()}};
    for (const std::string_view word : {"Recv-Q", "local_address"}) {
        std::size_t end = 0;
        for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, end)) {
            const std::size_t before = text.rfind('\n', at);
            const std::size_t line = before == std::string_view::npos ? 0 : before + 1;
            end = std::min(text.find('\n', at), text.size() - 1) + 1;
            const Reader reader = reader_of_heading(text.substr(line, end - line));
            if (reader != nullptr) {
                tables.push_back({reader, line, end});
            }
        }
    }
    std::sort(tables.begin() + 1, tables.end(),
              [](const ToolTable& a, const ToolTable& b) { return a.begin < b.begin; });
    std::vector<ToolTable> merged = {tables.front()};
    for (const ToolTable& heading : std::span(tables).subspan(1)) {
        if (heading.reader != merged.back().reader && merged.size() < most_tables) {
            merged.back().end = heading.end;
            merged.push_back({heading.reader, begin_of_table(text, heading.begin), text.size()});
        }
    }
    return merged;
}

/// How little is certain of it: more is worse.
int doubts_of(const SocketList& list) {
    return list.lost ? 2 : list.provenance.unproven ? 1 : 0;
}

/// It has more sockets; of about as many, fewer doubts.
bool is_better(const SocketList& list, const SocketList& other) {
    const std::uint64_t own = sockets_in(list);
    const std::uint64_t others = sockets_in(other);
    const bool as_many = std::min(own, others) * 10 >= std::max(own, others) * 9;
    return as_many && doubts_of(list) != doubts_of(other) ? doubts_of(list) < doubts_of(other) : own > others;
}

void pass_over(SocketList& other, SocketList& best) {
    best.provenance.gaps.push_back(
        {other.provenance.name, base::Why::failed, "another table in the same text, passed over"});
    std::ranges::move(other.provenance.gaps, std::back_inserter(best.provenance.gaps));
    best.files.merge(other.files);
    best.sysctls.merge(other.sysctls);
}

/// Of several tools' tables in one text the best; the others are named.
base::Result<SocketList> read_tables_of_tools(const Text& text, const std::vector<ToolTable>& tables,
                                              const SnapshotChoice& choice) {
    base::Result<SocketList> best = base::Error{"no table"};
    for (const ToolTable& table : tables) {
        auto list = table.reader(part_of(text, table), choice);
        if (!best) {
            best = std::move(list);
        } else if (list) {
            if (is_better(*list, *best)) {
                std::swap(*list, *best);
            }
            pass_over(*list, *best);
        }
    }
    return best;
}

/// By the readers whose lines are in it; an error if there is none.
base::Result<SocketList> read_by_lines(const Text& text, const SnapshotChoice& choice) {
    if (const Reader reader = reader_of(text.bytes)) {
        const std::vector<ToolTable> tables = tables_of_tools(text.bytes, reader);
        return tables.size() == 1 ? reader(text, choice) : read_tables_of_tools(text, tables, choice);
    }
    if (is_row_without_state(text.bytes)) {
        return base::Error{"the rows have no state, as of 'ss -H state ...': run ss -tan"};
    }
    return base::Error{is_rest_of_a_row(text.bytes)
                           ? "nothing but the rest of a row: the text is cut at the start"
                           : "neither a capture nor the text of ss -tan or netstat -tan, a copy of "
                             "/proc/net/tcp or a dump by ss -D"};
}

bool begins_row(std::string_view line) {
    return looks_like_ss(line) || looks_like_netstat(line);
}

/// A text that cannot be read as it is, or not all of it: as it was before somebody's tool changed its lines.
/// Nothing shows then that all rows are there.
base::Result<SocketList> read_changed(base::Result<SocketList> as_it_is, const Text& text,
                                      const SnapshotChoice& choice) {
    constexpr std::size_t most_pasted = std::size_t{8} << 20; // nobody pastes more
    if (text.bytes.size() > most_pasted) {
        return as_it_is;
    }
    base::Result<SocketList> best = std::move(as_it_is);
    for (const auto& before :
         {texts_of_json(text.bytes), without_prefixes(text.bytes, begins_row), unwrapped(text.bytes)}) {
        if (!before) {
            continue;
        }
        auto list = read_by_lines(Text(*before), choice);
        const bool heals = sockets_in(list) == sockets_in(best) && list && !list->lost;
        if (heals || sockets_in(list) > sockets_in(best)) {
            list->provenance.unproven =
                base::Gap{"the socket table", base::Why::truncated,
                          "its lines were changed after it was printed, and some may be missing"};
            best = std::move(list);
        }
    }
    if (auto counts = sockets_in(best) == 0 ? read_counts(text.bytes) : std::nullopt) {
        return std::move(*counts);
    }
    return best;
}

/// What it is instead of a table, if that can be told.
std::optional<std::string> other_text(std::string_view content) {
    if (base::trim(content).empty()) {
        return "nothing in it";
    }
    if (content.starts_with("{\\rtf")) {
        return "a document of RTF: save it as plain text";
    }
    if (const auto system = foreign_system(content); !system.empty()) {
        return "netstat of " + std::string(system) +
               ", and tcpadvisor knows Linux: on a Linux host run ss -tanpoie";
    }
    return std::nullopt;
}

} // namespace

base::Result<SocketList> read_text(std::string content, const SnapshotChoice& choice) {
    if (looks_like_ss_dump(content)) {
        return read_ss_dump(content);
    }
    if (!packed_by(content).empty()) {
        return base::Error{"packed by " + std::string(packed_by(content)) + ": unpack it first"};
    }
    if (auto plain = utf8_of_utf16(content)) {
        content = std::move(*plain);
    }
    if (auto plain = as_printed(content)) {
        content = std::move(*plain);
    }
    const Text text(std::move(content));
    if (text.bytes.substr(0, 4096).find('\0') != std::string_view::npos) {
        return read_by_lines(Text(""), choice);
    }
    if (auto other = other_text(text.bytes)) {
        return base::Error{std::move(*other)};
    }
    auto list =
        is_supportconfig(text.bytes) ? read_supportconfig(text.bytes, choice) : read_by_lines(text, choice);
    if (!list || list->lost) {
        list = read_changed(std::move(list), text, choice);
    }
    auto kind = list ? std::nullopt : kind_of_text(text.bytes);
    return kind ? base::Error{std::move(*kind)} : std::move(list);
}

namespace {

base::Result<Replay> open_tree(Tree tree, const SnapshotChoice& choice) {
    auto targets = open_host_report(std::move(tree), choice);
    if (!targets) {
        return targets.error();
    }
    return Replay{nullptr, std::move(*targets)};
}

/// An archive, or a text that was packed once.
base::Result<Replay> open_packed(std::string_view content, const SnapshotChoice& choice) {
    auto unpacked = unpack(content);
    if (!unpacked) {
        return unpacked.error();
    }
    if (unpacked->tree) {
        return open_tree(std::move(*unpacked->tree), choice);
    }
    if (!packed_by(unpacked->text).empty()) {
        return base::Error{"packed more than once: unpack it first"};
    }
    return replay_of(std::move(unpacked->text), choice);
}

bool is_line_of_table(std::string_view line) {
    return begins_row(line) || looks_like_proc_table(line);
}

/// Each host is judged apart. One whose text cannot be read is one whose sockets are not known.
base::Result<Replay> replay_hosts(std::vector<HostText> texts, const SnapshotChoice& choice) {
    Replay replay;
    std::string failed; // the first that cannot be read
    std::size_t read = 0;
    for (HostText& text : texts) {
        auto list = read_text(std::move(text.text), choice);
        SocketList unread;
        unread.provenance.name = "a text that could not be read";
        if (list) {
            ++read;
        } else {
            const std::string what = text.host + ": " + list.error().what;
            failed = failed.empty() ? what : failed;
            unread.provenance.next_time = next_time;
            unread.lost = base::Gap{"the socket table", base::Why::failed, what};
        }
        replay.targets.push_back(
            {text.host, 0,
             std::make_unique<ForeignMachine>(list ? std::move(*list) : std::move(unread), std::nullopt)});
    }
    return read > 0 ? base::Result<Replay>(std::move(replay)) : base::Error{failed};
}

} // namespace

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
    if (!packed_by(content).empty()) {
        return open_packed(content, choice);
    }
    auto hosts =
        is_supportconfig(content) ? std::vector<HostText>() : texts_of_hosts(content, is_line_of_table);
    if (!hosts.empty()) {
        return replay_hosts(std::move(hosts), choice);
    }
    auto list = read_text(std::move(content), choice);
    if (!list) {
        return list.error();
    }
    return Replay{nullptr, place_of(std::move(*list))};
}

namespace {

/// Until its end.
base::Result<std::string> read_standard_input(std::size_t most) {
    std::string content;
    std::array<char, 65536> piece;
    while (content.size() <= most) {
        const ssize_t got = ::read(STDIN_FILENO, piece.data(), piece.size());
        if (got == 0) {
            return content;
        }
        if (got > 0) {
            content.append(piece.data(), static_cast<std::size_t>(got));
        } else if (errno != EINTR) {
            return base::Error{std::string("standard input: ") + base::error_text(errno)};
        }
    }
    return base::Error{fmt::format("standard input: larger than {} MiB", most >> 20)};
}

} // namespace

base::Result<std::string> read_source(const std::string& path, std::size_t most) {
    if (path == standard_input) {
        return read_standard_input(most);
    }
    auto file = base::read_file(path, most);
    return file ? base::Result<std::string>(std::move(*file)) : base::Error{base::complaint(file.error())};
}

base::Result<Replay> open_replay(const std::string& path, const SnapshotChoice& choice) {
    std::error_code error;
    if (path != standard_input && std::filesystem::is_directory(path, error)) {
        auto tree = Tree::open(path);
        auto replay = tree ? open_tree(std::move(*tree), choice) : base::Result<Replay>(tree.error());
        return replay || !tree ? std::move(replay) : base::Error{path + ": " + replay.error().what};
    }
    auto content = read_source(path, largest_file);
    if (!content) {
        return content.error();
    }
    auto replay = replay_of(std::move(*content), choice);
    const std::string name = path == standard_input ? "standard input" : path;
    return replay ? std::move(replay) : base::Error{name + ": " + replay.error().what};
}

} // namespace replay
