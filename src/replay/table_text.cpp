#include "replay/table_text.h"

#include "base/number.h"
#include "base/text.h"
#include "replay/shell_command.h"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

namespace replay {

bool is_fence(std::string_view line) {
    return line.starts_with("```") || line.starts_with("~~~");
}

bool is_message_of_tools(std::string_view line) {
    constexpr auto messages = std::to_array<std::string_view>(
        {"[sudo] password for ", "Password:", "Defaulted container ", "Warning: Permanently added ",
         "Unable to use a TTY", "Pseudo-terminal will not be allocated",
         "(Not all processes could be identified", "will not be shown, you would have to be root",
         "(No info could be read for "});
    return std::any_of(messages.begin(), messages.end(),
                       [&](std::string_view message) { return line.starts_with(message); });
}

namespace {

using base::Gap;
using base::Why;
using snapshot::Socket;
using snapshot::TcpState;

constexpr std::size_t most_details = 65536;  // of one socket; ss writes some hundred bytes
constexpr std::size_t most_listeners = 4096; // that are kept
constexpr std::size_t most_snapshots = 1'000'000;

/// The heading of something else that stands below a table when its text goes on.
bool begins_something_else(std::string_view line) {
    constexpr auto headings = std::to_array<std::string_view>(
        {"Active UNIX domain", "Active Bluetooth", "Active Internet", "Kernel Interface table", "Proto ",
         "Netid ", "State ", "sl  local_address", "sockets: used ", "TCP: inuse ", "Total: ", "#==["});
    return std::any_of(headings.begin(), headings.end(),
                       [&](std::string_view heading) { return line.starts_with(heading); });
}

/// Whether a row was there before: the first connections of a snapshot, found again where the next one
/// repeats them.
class FirstRows {
  public:
    /// Where the row stood before; none if this is new.
    std::optional<std::size_t> find_or_add(std::string_view ends, std::size_t offset) {
        constexpr std::size_t places = 1024;
        rows_.resize(places);
        const std::uint64_t hash = std::hash<std::string_view>()(ends) | 1;
        for (std::size_t place = hash % rows_.size();; place = (place + 1) % rows_.size()) {
            if (rows_[place].hash == hash) {
                return rows_[place].offset;
            }
            if (rows_[place].hash == 0) {
                if (count_ < most) {
                    rows_[place] = {hash, offset};
                    ++count_;
                }
                return std::nullopt;
            }
        }
    }

  private:
    static constexpr std::size_t most = 256;
    struct Seen {
        std::uint64_t hash = 0;
        std::size_t offset = 0;
    };
    std::size_t count_ = 0;
    std::vector<Seen> rows_; // made when the first comes
};

/// Where a snapshot begins in the text.
struct Start {
    std::size_t offset = 0;
    std::size_t line = 1;
    Asked above = Asked::all; // what stands there asks for
};

/// What is known of a snapshot while its lines are read.
struct Progress {
    bool heading = false;
    std::size_t heading_at = 0;
    std::optional<Start> in_the_middle; // the heading, with rows above it
    Asked asked = Asked::all;           // by what stands above it
    bool end_shown = false;
    std::size_t end_at =
        std::string_view::npos; // of the line that shows it, and how much of that is a prompt
    bool fenced = false;
    bool torn = false;        // rows follow behind what looked like its end
    std::size_t rows = 0;     // of any protocol, read or not
    std::size_t readable = 0; // TCP
    bool cut_at_start = false;
    Complaints complaints;
    Complaints strangers; // since the last row: of no importance after the table
    snapshot::StateCounts counts{};
    snapshot::StateCounts named{};
    std::vector<Socket> listeners; // at most one more than are kept
    Complaints names;
    FirstRows first;
    bool listened_last = true;    // the last row was a listening socket
    std::optional<Start> listens; // where listening sockets begin again, after connections
    std::size_t repeated = 0;
    std::optional<std::size_t> last_repeated; // where it stood first
    std::optional<Start> repeats;             // the first row that was there before
};

/// Reads the lines of a text from one place to another.
class TableReader {
  public:
    TableReader(const Text& text, std::shared_ptr<Dialect> dialect)
        : text_(text), dialect_(std::move(dialect)) {}

    base::Result<SocketList> read(const SnapshotChoice& choice);

    /// Each socket again, for a list that knows all about the lines.
    void each(const kernel::SocketSink& sink);

  private:
    void scan(std::size_t end);
    bool take(std::string_view line, LineKind kind, Lines& lines);
    void take_heading(const Lines& lines);
    void take_subheading();
    void take_row(const Lines& lines);
    bool begin_again(Lines& lines);
    void take_stranger(std::string_view line, const Lines& lines);
    void take_below(std::string_view line, const Lines& lines);
    bool take_fact(std::string_view line);
    bool take_sums(std::string_view line);
    void keep_counts();
    std::optional<Gap> disagreement() const;
    bool interrupted() const;
    void finish();
    void add(const Socket& socket);
    std::optional<Gap> lost() const;
    std::optional<Gap> unproven() const;

    Text text_;
    std::shared_ptr<Dialect> dialect_;
    std::vector<Start> starts_;
    std::size_t end_ = 0; // of the snapshot that was chosen
    Progress now_;
    snapshot::StateCounts before_{}; // the most in tables above whose commands asked for a part
    Row row_;
    Socket waiting_; // of the last row, while its details may follow
    bool open_ = false;
    std::string details_;
    Asked above_ = Asked::all;          // of the last line that may say what the next table is
    std::optional<std::string> prompt_; // in that line
    Timers timers_;
    InventedInodes inodes_;
    bool invents_ = false;
    SocketList list_;
};

void TableReader::finish() {
    if (open_) {
        dialect_->complete(details_, waiting_);
        timers_.add(waiting_);
        inodes_.see(waiting_);
        ++now_.counts[static_cast<std::size_t>(waiting_.state)];
        if (waiting_.state == TcpState::listen && now_.listeners.size() <= most_listeners) {
            now_.listeners.push_back(waiting_);
        }
    }
    open_ = false;
    details_.clear();
}

/// Rows above the first heading are no snapshot: sort put them there, or they are the rest of one that was
/// cut. begin_again() tells that.
void TableReader::take_heading(const Lines& lines) {
    finish();
    const Start here{lines.offset(), lines.number(), above_};
    if (!now_.heading && now_.rows > 0 && !now_.end_shown && starts_.size() == 1) {
        now_.in_the_middle = here;
    } else if (now_.heading || now_.rows > 0) {
        keep_counts();
        now_ = Progress();
        inodes_ = InventedInodes();
        timers_ = Timers();
        if (starts_.size() < most_snapshots) {
            starts_.push_back(here);
        }
    }
    now_.heading = true;
    now_.heading_at = lines.offset();
    now_.asked = above_;
}

void TableReader::keep_counts() {
    for (std::size_t state = 0; now_.asked == Asked::part && state < before_.size(); ++state) {
        before_[state] = std::max(before_[state], now_.counts[state] + now_.named[state]);
    }
}

/// A table that was asked for one state, and a whole one with hardly any: they were one command apart.
std::optional<Gap> TableReader::disagreement() const {
    constexpr std::uint32_t few = 20;
    for (const TcpState state : snapshot::shown_states) {
        const auto at = static_cast<std::size_t>(state);
        const std::uint32_t counted = now_.counts[at] + now_.named[at];
        if (before_[at] > 2 * counted + few) {
            return Gap{"the socket table", Why::truncated,
                       fmt::format("{} {} in it, {} in a table above: the two do not agree", counted,
                                   snapshot::name(state), before_[at])};
        }
    }
    return std::nullopt;
}

/// The table of IPv6, below that of IPv4; or a second line of the heading.
void TableReader::take_subheading() {
    finish();
    now_.heading = true;
    now_.asked = now_.asked == Asked::all ? above_ : now_.asked;
    now_.end_shown = false;
}

/// A snapshot that repeats rows of the one before and has no heading: goes back to where it begins.
bool TableReader::begin_again(Lines& lines) {
    const bool repeats_listeners =
        now_.listens && now_.repeats && now_.listens->offset <= now_.repeats->offset;
    constexpr std::size_t no_accident = 3; // a socket that moves while it is listed may stand there twice
    if (!now_.repeats || (!repeats_listeners && now_.repeated < no_accident)) {
        return false;
    }
    const Start start = now_.in_the_middle  ? *now_.in_the_middle
                        : repeats_listeners ? *now_.listens
                                            : *now_.repeats;
    open_ = false;
    details_.clear();
    now_ = Progress();
    inodes_ = InventedInodes();
    timers_ = Timers();
    dialect_->restart();
    starts_.push_back(start);
    lines.go_to(start.offset, start.line);
    return true;
}

void TableReader::take_row(const Lines& lines) {
    finish();
    now_.torn = now_.torn || (now_.end_shown && now_.rows > 0);
    ++now_.rows;
    now_.complaints.add(now_.strangers); // they stand among the rows
    now_.strangers = Complaints();
    now_.end_shown = false;
    const Start here{lines.offset(), lines.number(), above_};
    const bool listens = row_.socket.state == TcpState::listen;
    if (listens && !now_.listened_last) {
        now_.listens = here;
    }
    now_.listened_last = listens;
    if (row_.socket.remote_port != 0 && starts_.size() < most_snapshots) {
        const auto before = now_.first.find_or_add(row_.ends, here.offset);
        if (before && now_.listens && now_.listens->offset <= *before) {
            now_.listens.reset(); // both stand after it
        }
        if (before && before != now_.last_repeated) { // one row many times is no second table
            now_.last_repeated = before;
            ++now_.repeated;
            now_.repeats = now_.repeats ? now_.repeats : std::optional(here);
        }
    }
}

/// "TCP:   180 (estab 30, closed 60, orphaned 0, timewait 55)" of `ss -s`.
bool TableReader::take_sums(std::string_view line) {
    if (!line.starts_with("TCP:") || line.find("(estab ") == std::string_view::npos) {
        return false;
    }
    for (const auto& [word, state] :
         {std::pair{"(estab ", TcpState::established}, std::pair{"timewait ", TcpState::time_wait}}) {
        const std::size_t at = line.find(word);
        const std::string_view rest = at == std::string_view::npos ? "" : line.substr(line.find(' ', at) + 1);
        if (const auto sum = base::parse_unsigned(rest.substr(0, rest.find_first_not_of("0123456789")))) {
            list_.sums.insert_or_assign(state, *sum);
        }
    }
    return true;
}

/// Lines of other commands in the same text: `sysctl`, `cat /proc/net/sockstat`. False if it is none.
bool TableReader::take_fact(std::string_view line) {
    const std::size_t equals = line.find(" = ");
    if (line.starts_with("TCP6: ")) {
        list_.files["sockstat6"].append(line).append("\n");
    } else if (line.starts_with("sockets: used ") || line.starts_with("TCP: inuse ")) {
        list_.files["sockstat"].append(line).append("\n");
    } else if (equals != std::string_view::npos && line.find('.') < equals && line.find(' ') == equals) {
        list_.sysctls.insert_or_assign(std::string(line.substr(0, equals)),
                                       std::string(base::trim(line.substr(equals + 3))));
    } else {
        return take_sums(line);
    }
    return true;
}

/// What stands below the last row and above the end of the table. An end behind "[...]" is none.
void TableReader::take_below(std::string_view line, const Lines& lines) {
    const auto prompt = prompt_line(line);
    const bool returns = prompt && ends_command(*prompt, prompt_);
    if (returns || begins_something_else(line)) {
        now_.end_shown = now_.strangers.empty() && !now_.fenced;
        now_.end_at = lines.offset() + (returns ? prompt->prompt.size() : 0);
    } else if (is_fence(line)) {
        now_.fenced = true;
    } else {
        now_.strangers.add(lines.number(),
                           "'" + base::printable(line.substr(0, 40)) + "' is no row of " +
                               std::string(dialect_->name().substr(dialect_->name().rfind(' ') + 1)));
    }
}

void TableReader::take_stranger(std::string_view line, const Lines& lines) {
    finish();
    line = base::trim(line);
    const bool is_fact = take_fact(line);
    if (!now_.end_shown && (now_.heading || now_.rows > 0)) {
        take_below(line, lines);
    }
    if (!is_fact && !is_fence(line) && !is_message_of_tools(line)) {
        const auto prompt = prompt_line(line);
        above_ = prompt ? asked_by(prompt->command) : Asked::anything;
        prompt_ = prompt ? std::optional(std::string(prompt->prompt)) : std::nullopt;
    }
}

/// False if reading goes on elsewhere.
bool TableReader::take(std::string_view line, LineKind kind, Lines& lines) {
    switch (kind) {
    case LineKind::heading:
        take_heading(lines);
        break;
    case LineKind::subheading:
        take_subheading();
        break;
    case LineKind::row:
        take_row(lines);
        if (begin_again(lines)) {
            return false;
        }
        ++now_.readable;
        waiting_ = row_.socket;
        details_ = row_.details;
        open_ = true;
        break;
    case LineKind::named:
        take_row(lines);
        ++now_.named[static_cast<std::size_t>(row_.socket.state)];
        now_.names.add(lines.number(), row_.wrong);
        break;
    case LineKind::other_row:
        finish();
        ++now_.rows;
        break;
    case LineKind::detail:
        if (open_ && details_.size() < most_details) {
            details_.append(" ").append(line.substr(0, most_details));
        }
        now_.cut_at_start = now_.cut_at_start || (!now_.heading && now_.rows == 0);
        break;
    case LineKind::broken:
        now_.cut_at_start = now_.cut_at_start || (row_.ends.empty() && !now_.heading && now_.rows == 0);
        finish();
        ++now_.rows;
        now_.complaints.add(lines.number(), row_.wrong);
        break;
    case LineKind::stranger:
        take_stranger(line, lines);
        break;
    }
    return true;
}

void TableReader::scan(std::size_t end) {
    Lines lines(text_.bytes.substr(0, end));
    lines.go_to(starts_.back().offset, starts_.back().line);
    dialect_->restart();
    std::string_view line;
    while (lines.next(line)) {
        if (base::trim(line).empty()) {
            continue;
        }
        take(line, dialect_->read(line, row_), lines);
        if (now_.readable > most_sockets) {
            now_.complaints.add(lines.number(), too_many_sockets);
            break;
        }
    }
    finish();
}

void TableReader::each(const kernel::SocketSink& sink) {
    Lines lines(text_.bytes.substr(0, end_));
    lines.go_to(starts_.back().offset, starts_.back().line);
    dialect_->restart();
    inodes_.restart();
    Row row;
    Socket waiting;
    bool open = false;
    std::string details;
    const auto hand_over = [&] {
        if (open) {
            dialect_->complete(details, waiting);
            timers_.add(waiting);
            if (invents_) {
                inodes_.give(waiting);
            }
            sink(std::span(&waiting, 1));
        }
        open = false;
    };
    std::string_view line;
    while (lines.next(line)) {
        const LineKind kind = dialect_->read(line, row);
        if (kind == LineKind::detail && open && details.size() < most_details) {
            details.append(" ").append(line.substr(0, most_details));
            continue;
        }
        hand_over();
        if (kind == LineKind::row) {
            waiting = row.socket;
            details = row.details;
            open = true;
        }
    }
    hand_over();
}

std::optional<Gap> TableReader::lost() const {
    const auto gap = [](std::string detail) {
        return Gap{"the socket table", Why::truncated, std::move(detail)};
    };
    if (now_.cut_at_start) {
        return gap(fmt::format("cut at the start: {}", now_.complaints.empty()
                                                           ? "details of a socket without its row"
                                                           : now_.complaints.text()));
    }
    if (!now_.complaints.empty()) {
        return gap(now_.complaints.text());
    }
    return now_.names.empty() ? disagreement() : gap(now_.names.text());
}

/// Does a terminal show there that somebody stopped the command?
bool TableReader::interrupted() const {
    const std::size_t start =
        std::min(now_.heading ? now_.heading_at : starts_.back().offset, text_.bytes.size());
    const std::size_t end = std::max(start, std::min(end_, now_.end_at)); // an end may stand above a heading
    const std::string_view table = text_.bytes.substr(start, end - start);
    return table.find("^C") != std::string_view::npos || table.find("^Z") != std::string_view::npos ||
           table.find("^\\") != std::string_view::npos;
}

std::optional<Gap> TableReader::unproven() const {
    const auto gap = [](const char* detail) { return Gap{"the socket table", Why::truncated, detail}; };
    if (interrupted()) {
        return gap("cut: a key that stops a command, such as ^C, stands in it");
    }
    if (now_.asked == Asked::part) {
        return gap("the command above it asks for a part");
    }
    if (now_.in_the_middle) {
        return gap("rows stand above the heading: the lines are in another order than they were printed, or "
                   "the start is cut");
    }
    if (now_.torn) {
        return gap("rows follow behind what looks like its end");
    }
    if (!now_.heading) {
        return gap("the text may have been cut: it has no heading, which would show its start");
    }
    if (!now_.end_shown) {
        return gap("the text may have been cut: nothing in it shows its end");
    }
    if (now_.asked == Asked::anything) {
        return gap("rows may have been left out: what stands above it is no command that shows all of them");
    }
    return std::nullopt;
}

base::Result<SocketList> TableReader::read(const SnapshotChoice& choice) {
    starts_.push_back({0, text_.first_line});
    scan(text_.bytes.size());
    end_ = text_.bytes.size();
    const std::size_t snapshots = starts_.size();
    if (choice && (*choice == 0 || *choice > snapshots)) {
        return base::Error{
            fmt::format("--snapshot {}: there {} in it", *choice,
                        snapshots == 1 ? "is one snapshot" : fmt::format("are {} snapshots", snapshots))};
    }
    if (choice && *choice < snapshots) {
        end_ = starts_[*choice].offset;
        starts_.resize(*choice);
        above_ = starts_.back().above;
        prompt_.reset();
        now_ = Progress();
        before_ = {};
        list_.files.clear();
        list_.sums.clear();
        inodes_ = InventedInodes();
        timers_ = Timers();
        scan(end_);
        now_.end_shown = now_.end_shown || now_.strangers.empty(); // the next one begins
    }
    if (now_.readable == 0 && now_.names.empty() && (!now_.complaints.empty() || !now_.strangers.empty())) {
        return base::Error{now_.complaints.empty() ? now_.strangers.text() : now_.complaints.text()};
    }
    list_.counts = now_.counts;
    list_.provenance.name = dialect_->name();
    list_.provenance.named = now_.named;
    list_.provenance.next_time = next_time;
    if (snapshots > 1) {
        list_.provenance.name += fmt::format(", snapshot {} of {}", choice.value_or(snapshots), snapshots);
    }
    list_.lost = lost();
    list_.provenance.unproven = unproven();
    list_.provenance.no_timers =
        timers_.gap(fmt::format("{} without -o does not tell them", dialect_->name()));
    invents_ = !dialect_->has_identities();
    const bool has_holders = text_.bytes.find("users:((") != std::string_view::npos;
    const bool only_ss = dialect_->name().ends_with("ss");
    if (now_.listeners.size() <= most_listeners && (!invents_ || (only_ss && !has_holders))) {
        constexpr std::uint32_t first = 0x70000000; // apart from the numbers that InventedInodes gives
        for (std::size_t i = 0; invents_ && i < now_.listeners.size(); ++i) {
            now_.listeners[i].inode = first + static_cast<std::uint32_t>(i);
        }
        list_.listeners = std::move(now_.listeners);
    }
    SocketList list = std::move(list_);
    const auto shared = std::make_shared<TableReader>(std::move(*this));
    list.each = [shared](const kernel::SocketSink& sink) { shared->each(sink); };
    shared->dialect_->conclude(list);
    list.lost = list.lost ? list.lost : partial(list.counts);
    return list;
}

} // namespace

base::Result<SocketList> read_table(const Text& text, std::shared_ptr<Dialect> dialect,
                                    SnapshotChoice choice) {
    return TableReader(text, std::move(dialect)).read(choice);
}

} // namespace replay
