#include "replay/capture.h"

#include "base/number.h"
#include "base/text.h"
#include "base/writing.h"
#include "snapshot/address.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>

#include <fmt/format.h>

namespace replay {

namespace {

constexpr std::string_view heading = "tcpadvisor-capture 1\n";
constexpr std::size_t longest_line = 8192;
constexpr std::size_t most_records = 2'000'000; // each costs memory, however short it is
constexpr std::size_t most_places = 16'384;     // each costs tens of KB, however little it holds
constexpr std::string_view byte_order =
    std::endian::native == std::endian::little ? "little-endian" : "big-endian";
constexpr std::array all_reasons = {base::Why::absent, base::Why::denied, base::Why::failed,
                                    base::Why::truncated, base::Why::not_collected};

std::string to_hexadecimal(std::string_view bytes) {
    std::string text;
    for (const char c : bytes) {
        fmt::format_to(std::back_inserter(text), "{:02x}", static_cast<unsigned char>(c));
    }
    return text;
}

std::optional<std::string> from_hexadecimal(std::string_view text) {
    std::string bytes;
    if (text.size() % 2 != 0) {
        return std::nullopt;
    }
    for (std::size_t at = 0; at < text.size(); at += 2) {
        std::uint8_t value = 0;
        const auto [end, error] = std::from_chars(text.data() + at, text.data() + at + 2, value, 16);
        if (error != std::errc{} || end != text.data() + at + 2) {
            return std::nullopt;
        }
        bytes.push_back(static_cast<char>(value));
    }
    return bytes;
}

std::string gap_text(const base::Gap& gap) {
    return fmt::format("{}\n{}\n{}", base::name(gap.why), base::printable(gap.what),
                       base::printable(gap.detail));
}

std::optional<base::Gap> parse_gap(std::string_view text) {
    const auto lines = base::split(text, '\n');
    if (lines.size() != 3) {
        return std::nullopt;
    }
    for (const base::Why why : all_reasons) {
        if (base::name(why) == lines[0]) {
            return base::Gap{std::string(lines[1]), why, std::string(lines[2])};
        }
    }
    return std::nullopt;
}

void put(std::string& out, std::string_view kind, std::string_view key, std::string_view content) {
    if (key.find('\n') != std::string_view::npos || key.size() > longest_line / 2) {
        return; // a name that no line can hold: a replay will say that it has no such thing
    }
    fmt::format_to(std::back_inserter(out), "{} {} {}\n", kind, content.size(), key);
    out.append(content).push_back('\n');
}

void put_readings(std::string& out, std::string_view kind,
                  const std::map<std::string, snapshot::Reading<std::string>>& readings) {
    for (const auto& [key, content] : readings) {
        if (content) {
            put(out, kind, key, *content);
        } else {
            put(out, std::string(kind) + "-gap", key, gap_text(content.error()));
        }
    }
}

void put_owners(std::string& out, const RecordedNetns& recorded) {
    for (const auto& [number, path] : recorded.cgroups) {
        put(out, path ? "cgroup" : "cgroup-gap", std::to_string(number),
            path ? *path : gap_text(path.error()));
    }
    if (!recorded.holders) {
        return;
    }
    for (const snapshot::Process& process : recorded.holders->processes) {
        put(out, "process", std::to_string(process.pid), process_text(process));
    }
    put(out, "holders", "", holders_text(recorded.holders->sockets));
    if (recorded.holders->unseen) {
        put(out, "unseen", "", gap_text(*recorded.holders->unseen));
    }
}

struct CaptureRecord {
    std::string_view kind;
    std::string_view key;
    std::string_view content;
};

class CaptureReader {
  public:
    explicit CaptureReader(std::string_view bytes) : bytes_(bytes), at_(heading.size()) {}

    base::Result<Capture> read();

  private:
    std::optional<CaptureRecord> next();
    bool take(const CaptureRecord& record);
    bool take_in_place(const CaptureRecord& record, RecordedNetns& recorded);
    bool take_reading(const CaptureRecord& record,
                      std::map<std::string, snapshot::Reading<std::string>>& into, bool gap);
    bool take_cgroup(const CaptureRecord& record, RecordedNetns& recorded);
    bool take_holders(const CaptureRecord& record, RecordedNetns& recorded);
    bool take_route(const CaptureRecord& record, RecordedNetns& recorded);
    bool close_place();
    bool start_place(const CaptureRecord& record);
    bool fail(std::string_view what);

    std::string_view bytes_;
    std::size_t at_;
    std::size_t start_ = 0; // of the record being read
    std::size_t records_ = 0;
    std::string error_;
    Capture capture_;
    RecordedDump* dump_ = nullptr; // the one that is still open
    bool ordered_ = false;         // the byte order is known, and ours
    bool ended_ = false;
};

bool CaptureReader::fail(std::string_view what) {
    if (error_.empty()) {
        error_ = fmt::format("byte {}: {}", start_, what);
    }
    return false;
}

std::optional<CaptureRecord> CaptureReader::next() {
    start_ = at_;
    if (++records_ > most_records) {
        fail(fmt::format("more than {} records", most_records));
        return std::nullopt;
    }
    const std::string_view rest = bytes_.substr(at_);
    const std::size_t line_end = rest.substr(0, longest_line).find('\n');
    if (line_end == std::string_view::npos) {
        fail(rest.size() < longest_line ? "the file is cut short" : "no record of a capture starts here");
        return std::nullopt;
    }
    const std::string_view line = rest.substr(0, line_end);
    const std::size_t first = line.find(' ');
    const std::size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
    const auto length = second == std::string_view::npos
                            ? std::nullopt
                            : base::parse_unsigned(line.substr(first + 1, second - first - 1));
    if (!length) {
        fail(fmt::format("'{}' is no record", base::printable(line.substr(0, 60))));
        return std::nullopt;
    }
    const std::size_t left = rest.size() - line_end - 1;
    if (*length >= left) {
        fail(fmt::format("a record of {} bytes, but the file ends after {}", *length, left));
        return std::nullopt;
    }
    const std::string_view content = rest.substr(line_end + 1, *length);
    if (rest[line_end + 1 + *length] != '\n') {
        fail("the length of the record is wrong");
        return std::nullopt;
    }
    at_ += line_end + 1 + *length + 1;
    return CaptureRecord{line.substr(0, first), line.substr(second + 1), content};
}

/// Nothing is recorded of no namespace: each has at least its time. One costs far more than it takes here.
bool CaptureReader::close_place() {
    const auto is_empty = [](const RecordedNetns& netns) {
        return netns.time == 0 && netns.files.empty() && netns.dumps.empty() && netns.cgroups.empty() &&
               !netns.holders;
    };
    if (!capture_.namespaces.empty() && is_empty(*capture_.namespaces.back())) {
        return fail("a place that holds nothing");
    }
    return capture_.namespaces.size() < most_places || fail("more places than a host has");
}

bool CaptureReader::start_place(const CaptureRecord& record) {
    if (!close_place()) {
        return false;
    }
    const auto id = base::parse_unsigned(record.key);
    if (!id || record.content.size() > 4096) {
        return fail("a place without a number or a usable name");
    }
    capture_.namespaces.push_back(std::make_unique<RecordedNetns>());
    capture_.namespaces.back()->label = record.content;
    capture_.namespaces.back()->id = *id;
    return true;
}

bool CaptureReader::take_reading(const CaptureRecord& record,
                                 std::map<std::string, snapshot::Reading<std::string>>& into, bool gap) {
    snapshot::Reading<std::string> reading(std::string{});
    if (gap) {
        auto parsed = parse_gap(record.content);
        if (!parsed) {
            return fail("a gap that makes no sense");
        }
        reading = std::move(*parsed);
    } else {
        reading = std::string(record.content);
    }
    if (!into.try_emplace(std::string(record.key), std::move(reading)).second) {
        return fail(fmt::format("'{}' comes twice", base::printable(record.key)));
    }
    return true;
}

bool CaptureReader::take_cgroup(const CaptureRecord& record, RecordedNetns& recorded) {
    const auto number = base::parse_unsigned(record.key);
    if (!number) {
        return fail("a control group without a number");
    }
    base::Result<std::string, base::Gap> path(std::string(record.content));
    if (record.kind == "cgroup-gap") {
        auto gap = parse_gap(record.content);
        if (!gap) {
            return fail("a gap that makes no sense");
        }
        path = std::move(*gap);
    }
    return recorded.cgroups.try_emplace(*number, std::move(path)).second
               ? true
               : fail("a control group comes twice");
}

/// Processes come first; then, once, which sockets they hold.
bool CaptureReader::take_holders(const CaptureRecord& record, RecordedNetns& recorded) {
    if (!recorded.holders) {
        recorded.holders.emplace();
    }
    snapshot::Holders& holders = *recorded.holders;
    if (record.kind == "process") {
        return add_process(record.key, record.content, holders) ? true
                                                                : fail("a process that makes no sense");
    }
    if (record.kind == "holders") {
        return add_holders(record.content, holders) ? true : fail("holders that make no sense");
    }
    holders.unseen = parse_gap(record.content);
    return holders.unseen ? true : fail("a gap that makes no sense");
}

bool CaptureReader::take_route(const CaptureRecord& record, RecordedNetns& recorded) {
    if (!snapshot::Address::parse(record.key) || !snapshot::Address::parse(record.content)) {
        return fail("a route that is no pair of addresses");
    }
    const bool added = recorded.routes.try_emplace(std::string(record.key), record.content).second;
    return added ? true : fail("a route comes twice");
}

bool CaptureReader::take_in_place(const CaptureRecord& record, RecordedNetns& recorded) {
    if (record.kind == "time") {
        const auto time = base::parse_decimal(record.content);
        recorded.time = time.value_or(0);
        return time ? true : fail("a time that is no number");
    }
    if (record.kind == "netns-file") {
        recorded.path = record.content;
        const bool sound = record.content.starts_with('/') && record.content == base::one_line(recorded.path);
        return sound ? true : fail("a namespace file that is no path");
    }
    if (record.kind == "changed") {
        const auto time = base::parse_decimal(record.content);
        return time && recorded.changed.try_emplace(std::string(record.key), *time).second
                   ? true
                   : fail("a time of change that is no number, or comes twice");
    }
    if (record.kind == "sysctls-read-only") {
        recorded.sysctls_are_read_only = true;
        return true;
    }
    if (record.kind == "file" || record.kind == "file-gap") {
        return take_reading(record, recorded.files, record.kind == "file-gap");
    }
    if (record.kind == "list" || record.kind == "list-gap") {
        return take_reading(record, recorded.listings, record.kind == "list-gap");
    }
    if (record.kind == "cgroup" || record.kind == "cgroup-gap") {
        return take_cgroup(record, recorded);
    }
    if (record.kind == "process" || record.kind == "holders" || record.kind == "unseen") {
        return take_holders(record, recorded);
    }
    if (record.kind == "route") {
        return take_route(record, recorded);
    }
    if (record.kind == "dump") {
        const auto request = from_hexadecimal(record.key);
        if (!request) {
            return fail("a dump whose request is not hexadecimal");
        }
        const auto [entry, added] = recorded.dumps.try_emplace(*request);
        dump_ = &entry->second;
        return added ? true : fail("the same dump comes twice");
    }
    return fail(fmt::format("unknown record '{}'", base::printable(record.kind.substr(0, 40))));
}

bool CaptureReader::take(const CaptureRecord& record) {
    if (record.kind == "frame" || record.kind == "dump-end" || record.kind == "dump-gap") {
        if (dump_ == nullptr) {
            return fail("a part of a dump outside of a dump");
        }
        if (record.kind == "frame") {
            dump_->frames.emplace_back(record.content);
            return true;
        }
        if (record.kind == "dump-gap") {
            dump_->gap = parse_gap(record.content);
        }
        const bool sound = record.kind == "dump-end" || dump_->gap.has_value();
        dump_ = nullptr;
        return sound ? true : fail("a gap that makes no sense");
    }
    if (dump_ != nullptr) {
        return fail("a dump without an end");
    }
    if (record.kind == "end") {
        ended_ = true;
        return true;
    }
    if (record.kind == "byte-order") {
        ordered_ = record.content == byte_order;
        return ordered_ ? true
                        : fail(fmt::format("netlink messages of a {} machine; this one is {}",
                                           base::printable(record.content.substr(0, 40)), byte_order));
    }
    if (record.kind == "place") {
        return start_place(record);
    }
    return capture_.namespaces.empty() ? fail("the first record is no place")
                                       : take_in_place(record, *capture_.namespaces.back());
}

base::Result<Capture> CaptureReader::read() {
    while (!ended_) {
        const auto record = next();
        if (!record || !take(*record)) {
            return base::Error{error_};
        }
    }
    start_ = at_;
    if (at_ != bytes_.size()) {
        fail("something follows the end of the capture");
    } else if (capture_.namespaces.empty()) {
        fail("the capture holds no network namespace");
    } else if (!ordered_) {
        fail("the capture does not tell the byte order of its machine");
    } else {
        close_place();
    }
    if (!error_.empty()) {
        return base::Error{error_};
    }
    return std::move(capture_);
}

} // namespace

std::string to_bytes(const Capture& capture) {
    std::string out(heading);
    put(out, "byte-order", "", byte_order);
    for (const auto& recorded : capture.namespaces) {
        put(out, "place", std::to_string(recorded->id), recorded->label);
        put(out, "time", "", fmt::format("{:.6f}", recorded->time));
        if (!recorded->path.empty()) {
            put(out, "netns-file", "", recorded->path);
        }
        if (recorded->sysctls_are_read_only) {
            put(out, "sysctls-read-only", "", "");
        }
        put_readings(out, "file", recorded->files);
        put_readings(out, "list", recorded->listings);
        for (const auto& [path, time] : recorded->changed) {
            put(out, "changed", path, fmt::format("{:.0f}", time));
        }
        for (const auto& [request, dump] : recorded->dumps) {
            put(out, "dump", to_hexadecimal(request), "");
            for (const std::string& frame : dump.frames) {
                put(out, "frame", "", frame);
            }
            put(out, dump.gap ? "dump-gap" : "dump-end", "", dump.gap ? gap_text(*dump.gap) : "");
        }
        put_owners(out, *recorded);
        for (const auto& [remote, local] : recorded->routes) {
            put(out, "route", remote, local);
        }
    }
    put(out, "end", "", "");
    return out;
}

base::Result<Capture> parse_capture(std::string_view bytes) {
    if (!bytes.starts_with(heading)) {
        if (bytes.starts_with(capture_name)) {
            return base::Error{"a capture of another version: " +
                               base::printable(bytes.substr(0, bytes.find('\n')).substr(0, 40))};
        }
        return base::Error{"not a capture: it does not start with 'tcpadvisor-capture 1'"};
    }
    return CaptureReader(bytes).read();
}

base::Status save_capture(const Capture& capture, const std::string& path) {
    return base::write_atomically(path, to_bytes(capture), base::Readers::owner);
}

namespace {

constexpr std::string_view unknown = "-";
constexpr std::size_t longest_process = 8192;

std::string number_text(const std::optional<std::uint64_t>& number) {
    return number ? std::to_string(*number) : std::string(unknown);
}

/// False if the text is neither a number nor the sign for an unknown one.
bool parse_number(std::string_view text, std::optional<std::uint64_t>& number) {
    number = base::parse_unsigned(text);
    return number || text == unknown;
}

std::optional<std::uint32_t> parse_32_bits(std::string_view text) {
    const auto number = base::parse_unsigned(text);
    return number && *number <= UINT32_MAX ? std::optional(static_cast<std::uint32_t>(*number))
                                           : std::nullopt;
}

} // namespace

std::string process_text(const snapshot::Process& process) {
    std::string text = std::to_string(process.uid);
    for (const std::string& part : {number_text(process.file_limit), number_text(process.open_files),
                                    process.cgroup, process.command, number_text(process.file_limit_hard)}) {
        text += '\0';
        text += part;
    }
    return text;
}

std::string holders_text(const std::vector<snapshot::Holder>& holders) {
    std::string text;
    for (const snapshot::Holder& holder : holders) {
        fmt::format_to(std::back_inserter(text), "{} {} {}\n", holder.inode, holder.process,
                       holder.descriptor);
    }
    return text;
}

bool add_process(std::string_view pid, std::string_view text, snapshot::Holders& holders) {
    snapshot::Process process;
    const auto number = parse_32_bits(pid);
    const auto parts = base::split(text, '\0');
    if (!number || *number == 0 || text.size() > longest_process || parts.size() < 5 ||
        parts.size() > 6) { // without the last one before it was recorded
        return false;
    }
    const auto uid = parse_32_bits(parts[0]);
    if (!uid || !parse_number(parts[1], process.file_limit) || !parse_number(parts[2], process.open_files) ||
        (parts.size() == 6 && !parse_number(parts[5], process.file_limit_hard))) {
        return false;
    }
    process.pid = *number;
    process.uid = *uid;
    process.cgroup = parts[3];
    process.command = parts[4];
    holders.processes.push_back(std::move(process));
    return true;
}

bool add_holders(std::string_view text, snapshot::Holders& holders) {
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos) {
            return false;
        }
        const auto parts = base::split(text.substr(0, end), ' ');
        text.remove_prefix(end + 1);
        if (parts.size() != 3) {
            return false;
        }
        const auto inode = parse_32_bits(parts[0]);
        const auto process = parse_32_bits(parts[1]);
        const auto descriptor = parse_32_bits(parts[2]);
        const std::uint32_t last = holders.sockets.empty() ? 0 : holders.sockets.back().inode;
        if (!inode || *inode <= last || !process || *process >= holders.processes.size() || !descriptor) {
            return false;
        }
        holders.sockets.push_back({*inode, *process, *descriptor});
    }
    return true;
}

} // namespace replay
