#include "replay/archive.h"

#include "base/text.h"
#include "replay/archive_function.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include <fmt/format.h>

namespace replay {

namespace {

constexpr std::uint64_t most_kept = std::uint64_t{1} << 30; // bytes of all members of use
constexpr std::size_t most_members = 2'000'000;
constexpr std::size_t longest_path = 4096;

struct Packer {
    std::string_view magic;
    std::string_view name;
    const char* filter; // of the library
};

constexpr auto packers = std::to_array<Packer>({
    {"\x1f\x8b", "gzip", "archive_read_support_filter_gzip"},
    {"\xfd"
     "7zXZ",
     "xz", "archive_read_support_filter_xz"},
    {"\x28\xb5\x2f\xfd", "zstd", "archive_read_support_filter_zstd"},
    {"BZh", "bzip2", "archive_read_support_filter_bzip2"},
});

/// The functions of libarchive 3 that are used, as archive.h and archive_entry.h declare them.
class Library {
  public:
    struct Archive;
    struct Entry;

    Library() {
        whole_ = find(read_new, "archive_read_new") && find(read_free, "archive_read_free") &&
                 find(support_tar, "archive_read_support_format_tar") &&
                 find(support_raw, "archive_read_support_format_raw") &&
                 find(open_memory, "archive_read_open_memory") &&
                 find(next_header, "archive_read_next_header") && find(read_data, "archive_read_data") &&
                 find(error_string, "archive_error_string") && find(format, "archive_format") &&
                 find(pathname, "archive_entry_pathname") && find(filetype, "archive_entry_filetype") &&
                 find(symlink, "archive_entry_symlink") && find(hardlink, "archive_entry_hardlink");
    }

    bool is_there() const { return whole_; }

    /// A filter of the library, by its name; false if it needs another program.
    bool add_filter(Archive* archive, const char* name) const {
        int (*filter)(Archive*) = nullptr;
        return find(filter, name) && filter(archive) == 0;
    }

    Archive* (*read_new)() = nullptr;
    int (*read_free)(Archive*) = nullptr;
    int (*support_tar)(Archive*) = nullptr;
    int (*support_raw)(Archive*) = nullptr;
    int (*open_memory)(Archive*, const void*, std::size_t) = nullptr;
    int (*next_header)(Archive*, Entry**) = nullptr;
    std::ptrdiff_t (*read_data)(Archive*, void*, std::size_t) = nullptr;
    const char* (*error_string)(Archive*) = nullptr;
    int (*format)(Archive*) = nullptr;
    const char* (*pathname)(Entry*) = nullptr;
    unsigned (*filetype)(Entry*) = nullptr;
    const char* (*symlink)(Entry*) = nullptr;
    const char* (*hardlink)(Entry*) = nullptr;

  private:
    template <typename Function>
    bool find(Function& function, const char* name) const {
        function = reinterpret_cast<Function>(archive_function(name));
        return function != nullptr;
    }

    bool whole_ = false;
};

/// Without leading "./" and "/"; empty for what may lead elsewhere.
std::string inside_path(std::string_view path) {
    const auto parts = base::split(path, '/');
    return std::find(parts.begin(), parts.end(), "..") == parts.end() ? normal_path(path) : std::string();
}

/// Of what a host left behind only this is ever looked at.
bool is_of_use(std::string_view path) {
    constexpr auto parts = std::to_array<std::string_view>(
        {"sos_commands/net", "sos_commands/kernel/sysctl", "sos_strings/net", "proc/net/", "proc/sys/net/",
         "proc/sys/kernel/", "proc/self/net/", "proc/uptime", "sysctl.d/", "etc/sysctl.conf", "etc/hostname",
         "sysctl", "netstat", "network.txt", "env.txt", "/ss"});
    return std::any_of(parts.begin(), parts.end(), [&](std::string_view part) {
        return path.find(part) != std::string_view::npos || path.starts_with(part.substr(part[0] == '/'));
    });
}

class ArchiveReader {
  public:
    ArchiveReader(const Library& library, std::string_view content)
        : library_(library), archive_(library.read_new(), library.read_free), content_(content) {}

    base::Result<Unpacked> read(const Packer* packer) {
        if (packer != nullptr && !library_.add_filter(archive_.get(), packer->filter)) {
            return base::Error{fmt::format("packed by {}, which the libarchive of this machine does not know",
                                           packer->name)};
        }
        library_.support_tar(archive_.get());
        library_.support_raw(archive_.get());
        if (library_.open_memory(archive_.get(), content_.data(), content_.size()) != 0) {
            return damaged();
        }
        Library::Entry* entry = nullptr;
        for (std::size_t members = 0; members < most_members; ++members) {
            const int status = library_.next_header(archive_.get(), &entry);
            if (status == end_of_archive) {
                return finish(false);
            }
            if (status < least_usable) {
                return members == 0 ? damaged() : finish(true);
            }
            constexpr int raw_format = 0x90000;
            if (library_.format(archive_.get()) == raw_format) {
                return read_text();
            }
            if (!take(entry)) {
                return finish(true);
            }
        }
        return base::Error{fmt::format("more than {} members", most_members)};
    }

  private:
    static constexpr int end_of_archive = 1;
    static constexpr int least_usable = -20; // ARCHIVE_WARN

    base::Error damaged() const {
        const char* why = library_.error_string(archive_.get());
        return base::Error{"packed, and cannot be unpacked: " +
                           base::printable(why != nullptr ? why : "damaged")};
    }

    base::Result<Unpacked> read_text() {
        std::string text;
        if (!read_data(&text)) {
            return damaged();
        }
        return Unpacked{std::nullopt, std::move(text)};
    }

    /// False if the archive cannot be read on.
    bool take(Library::Entry* entry) {
        const char* name = library_.pathname(entry);
        const std::string path = name != nullptr ? inside_path(name) : std::string();
        if (path.empty() || path.size() > longest_path) {
            return true;
        }
        constexpr unsigned regular = 0100000;
        constexpr unsigned directory = 0040000;
        const unsigned kind = library_.filetype(entry);
        note_top(path, kind == directory);
        const char* to = library_.symlink(entry);
        const char* same = library_.hardlink(entry);
        if (to != nullptr || same != nullptr) {
            return add_link(path, to != nullptr ? std::string(to) : "/" + inside_path(same));
        }
        if (kind != regular || !is_of_use(path)) {
            return true; // next_header() passes over its bytes
        }
        std::string content;
        const bool whole = read_data(&content);
        if (!whole) {
            members_.damaged.insert(path);
        }
        members_.files.insert_or_assign(path, std::move(content));
        return whole;
    }

    /// The directory above all members is a member as well, mostly.
    void note_top(const std::string& path, bool is_directory) {
        const std::string top = path.substr(0, path.find('/'));
        const bool is_inside = is_directory || path.size() > top.size();
        one_top_ = one_top_ && (top_.empty() || top == top_) && is_inside;
        top_ = top_.empty() ? top : top_;
    }

    bool add_link(const std::string& path, std::string to) {
        constexpr std::size_t of_a_node = 128; // about what a map takes for one
        unpacked_ += path.size() + to.size() + of_a_node;
        members_.links.emplace(path, std::move(to));
        return unpacked_ <= most_kept;
    }

    /// Up to the bounds of all members together.
    bool read_data(std::string* text) {
        std::array<char, 65536> piece;
        while (true) {
            const std::ptrdiff_t got = library_.read_data(archive_.get(), piece.data(), piece.size());
            if (got <= 0) {
                return got == 0;
            }
            unpacked_ += static_cast<std::uint64_t>(got);
            if (unpacked_ > most_kept) {
                return false;
            }
            text->append(piece.data(), static_cast<std::size_t>(got));
        }
    }

    base::Result<Unpacked> finish(bool is_cut) {
        if (members_.files.empty()) {
            return is_cut ? base::Result<Unpacked>(damaged())
                          : base::Error{"an archive without anything that tells of sockets"};
        }
        members_.is_cut = is_cut;
        const bool is_wrapped = one_top_ && top_ != "sos_commands" && top_ != "proc";
        return Unpacked{Tree::of(std::move(members_), is_wrapped ? top_ + "/" : ""), {}};
    }

    const Library& library_;
    std::unique_ptr<Library::Archive, int (*)(Library::Archive*)> archive_;
    std::string_view content_;
    Members members_;
    std::string top_; // the directory that all members lie in
    bool one_top_ = true;
    std::uint64_t unpacked_ = 0;
};

bool is_tar(std::string_view content) {
    constexpr std::size_t magic_at = 257;
    return content.size() > magic_at && content.substr(magic_at).starts_with("ustar");
}

const Packer* packer_of(std::string_view content) {
    const auto found = std::find_if(packers.begin(), packers.end(),
                                    [&](const Packer& packer) { return content.starts_with(packer.magic); });
    return found != packers.end() ? &*found : nullptr;
}

} // namespace

std::string_view packed_by(std::string_view content) {
    const Packer* packer = packer_of(content);
    return packer != nullptr                   ? packer->name
           : is_tar(content)                   ? "tar"
           : content.starts_with("PK\x03\x04") ? "zip"
                                               : std::string_view();
}

base::Result<Unpacked> unpack(std::string_view content) {
    if (packed_by(content) == "zip") {
        return base::Error{"packed by zip: unpack it first, and name what was in it"};
    }
    static const Library library;
    if (!library.is_there()) {
        return base::Error{
            fmt::format("packed by {}, and libarchive is not installed here. An archive: mkdir r && "
                        "tar -xf FILE -C r && tcpadvisor --replay r. A text: unpack it and give "
                        "it to tcpadvisor --replay -",
                        packed_by(content))};
    }
    return ArchiveReader(library, content).read(packer_of(content));
}

} // namespace replay
