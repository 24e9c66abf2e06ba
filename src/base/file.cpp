#include "base/file.h"

#include "base/writing.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

namespace base {

namespace {

constexpr const char* not_regular = "is not a regular file";

Gap gap_of(const std::string& path, int error) {
    return {path, error == ENOTDIR ? Why::absent : why_of(error), error_text(error)};
}

Gap too_large(const std::string& path, std::size_t limit) {
    return {path, Why::failed, fmt::format("larger than {} bytes", limit)};
}

Result<std::string, Gap> read_all(const Descriptor& file, const std::string& path, std::size_t limit,
                                  std::size_t expected = 0) {
    std::string content;
    content.reserve(expected); // else the last growth holds the file twice
    std::array<char, 16384> buffer;
    for (;;) {
        const ssize_t got = ::read(file.number(), buffer.data(), buffer.size());
        if (got < 0) {
            if (errno == EINTR) {
                continue;
            }
            return gap_of(path, errno);
        }
        if (got == 0) {
            return content;
        }
        if (content.size() + static_cast<std::size_t>(got) > limit) {
            return too_large(path, limit);
        }
        content.append(buffer.data(), static_cast<std::size_t>(got));
    }
}

} // namespace

Result<std::string, Gap> read_regular(const Descriptor& file, const std::string& path, std::size_t limit) {
    struct stat status {};
    if (::fstat(file.number(), &status) != 0) {
        return gap_of(path, errno);
    }
    constexpr unsigned memory_devices = 1;
    constexpr unsigned null_device = 3;
    if (S_ISCHR(status.st_mode) && status.st_rdev == makedev(memory_devices, null_device)) {
        return std::string(); // a link to /dev/null is how people empty a file of a package
    }
    if (!S_ISREG(status.st_mode)) {
        return Gap{path, Why::failed, S_ISDIR(status.st_mode) ? "is a directory" : not_regular};
    }
    if (status.st_size > 0 && static_cast<std::uint64_t>(status.st_size) > limit) {
        return too_large(path, limit); // before the memory is taken
    }
    return read_all(file, path, limit, static_cast<std::size_t>(std::max<off_t>(status.st_size, 0)));
}

Result<std::string, Gap> read_file(const std::string& path, std::size_t limit) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (file.number() < 0) {
        return gap_of(path, errno);
    }
    return read_regular(file, path, limit);
}

Result<std::string, Gap> read_pseudo_file(const std::string& path, std::size_t limit) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (file.number() < 0) {
        return gap_of(path, errno);
    }
    auto content = read_all(file, path, limit);
    struct stat status {};
    if (content && content->empty() && ::fstat(file.number(), &status) == 0 && S_ISFIFO(status.st_mode)) {
        return Gap{path, Why::failed, not_regular}; // mounted there: one that nobody writes to is empty
    }
    return content;
}

Result<std::string, Gap> read_at_once(const std::string& path, std::size_t limit) {
    constexpr std::size_t usual =
        4096; // the kernel makes a buffer of the size that is asked for, and clears it
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (file.number() < 0) {
        return gap_of(path, errno);
    }
    std::string content;
    for (std::size_t size = std::min(usual, limit);; size = limit) {
        content.resize(size);
        const ssize_t got = ::pread(file.number(), content.data(), size, 0);
        if (got < 0) {
            if (errno == EINTR) {
                continue;
            }
            return gap_of(path, errno);
        }
        if (static_cast<std::size_t>(got) < size) {
            content.resize(static_cast<std::size_t>(got));
            return content;
        }
        if (size == limit) {
            return Gap{path, Why::truncated, fmt::format("holds {} bytes or more", limit)};
        }
    }
}

namespace {

/// None at the end and, with errno, on an error. Entries of one stream are never read by two threads.
const dirent* next_entry(DIR* directory) {
    errno = 0;
    return ::readdir(directory); // NOLINT(concurrency-mt-unsafe): see above
}

} // namespace

Result<std::vector<std::string>, Gap> list_directory(const std::string& path, std::string_view suffix) {
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), ::closedir);
    if (!directory) {
        return gap_of(path, errno);
    }
    std::vector<std::string> names;
    while (const dirent* entry = next_entry(directory.get())) {
        const std::string_view entry_name = entry->d_name;
        if (!entry_name.starts_with('.') && entry_name.ends_with(suffix)) {
            names.emplace_back(entry_name);
        }
    }
    if (errno != 0) {
        return gap_of(path, errno);
    }
    std::sort(names.begin(), names.end());
    return names;
}

namespace {

Gap directory_gap(const std::string& path, int error) {
    const bool is_other = error == ELOOP || error == ENOTDIR;
    return {path, why_of(error), is_other ? "is a link, or no directory" : error_text(error)};
}

/// Why somebody else could have made or changed this; empty if nobody could.
std::string distrust(const struct stat& status) {
    if (status.st_uid != ::geteuid()) {
        return fmt::format("belongs to user {}, not to {}", status.st_uid, ::geteuid());
    }
    return (status.st_mode & 022) != 0 ? "others may write to it" : "";
}

} // namespace

Result<PrivateDirectory, Gap> PrivateDirectory::open(const std::string& path, Create create, Links links) {
    const auto place =
        walk(path, {.links = links, .keep_last = true, .create_parents = create == Create::with_parents});
    if (!place) {
        return place.error();
    }
    const int parent = place->directory.number();
    const char* name = place->name.c_str();
    if (create != Create::no && ::mkdirat(parent, name, 0700) != 0 && errno != EEXIST) {
        return directory_gap(path, errno);
    }
    Descriptor directory(::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat status {};
    if (directory.number() < 0 || ::fstat(directory.number(), &status) != 0) {
        return directory_gap(path, errno);
    }
    if (const std::string why = distrust(status); !why.empty()) {
        return Gap{path, Why::failed, why};
    }
    return PrivateDirectory(path, std::move(directory));
}

Result<std::string, Gap> PrivateDirectory::read(const std::string& name, std::size_t limit) const {
    const std::string path = path_ + "/" + name;
    const Descriptor file(::openat(descriptor_.number(), name.c_str(),
                                   O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    struct stat status {};
    if (file.number() < 0 || ::fstat(file.number(), &status) != 0) {
        return errno == ELOOP ? Gap{path, Why::failed, "is a link"} : directory_gap(path, errno);
    }
    if (!S_ISREG(status.st_mode) || status.st_nlink > 1) {
        return Gap{path, Why::failed, S_ISREG(status.st_mode) ? "has a second name" : not_regular};
    }
    if (const std::string why = distrust(status); !why.empty()) {
        return Gap{path, Why::failed, why};
    }
    if (static_cast<std::size_t>(status.st_size) > limit) {
        return Gap{path, Why::failed, fmt::format("larger than {} bytes", limit)};
    }
    std::string content(static_cast<std::size_t>(status.st_size), '\0');
    std::size_t filled = 0;
    while (filled < content.size()) {
        const ssize_t got = ::read(file.number(), content.data() + filled, content.size() - filled);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return directory_gap(path, errno);
        }
        if (got == 0) {
            break;
        }
        filled += static_cast<std::size_t>(got);
    }
    content.resize(filled);
    return content;
}

std::optional<double> PrivateDirectory::changed(const std::string& name) const {
    struct stat status {};
    const bool known = ::fstatat(descriptor_.number(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
    return known ? std::optional<double>(status.st_mtim.tv_sec) : std::nullopt;
}

Status PrivateDirectory::writable() const {
    const bool may_write = ::faccessat(descriptor_.number(), ".", W_OK, AT_EACCESS) == 0;
    return may_write ? Status(Nothing{})
                     : Error{fmt::format("cannot write to {}: {}", path_, error_text(errno))};
}

Status PrivateDirectory::lock(double seconds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    while (::flock(descriptor_.number(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return Error{fmt::format("cannot lock {}: {}", path_, error_text(errno))};
        }
        if (std::chrono::steady_clock::now() >= end) {
            return Error{fmt::format("{} is locked by another run", path_)};
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return Nothing{};
}

Status PrivateDirectory::replace(const std::string& name, std::string_view content) {
    const std::string temporary = fmt::format(".{}.{}", name, ::getpid());
    const auto fail = [&](std::string_view reason) -> Status {
        ::unlinkat(descriptor_.number(), temporary.c_str(), 0);
        return Error{fmt::format("cannot write {}/{}: {}", path_, name, reason)};
    };
    ::unlinkat(descriptor_.number(), temporary.c_str(),
               0); // of a run that was killed and had the same number
    {
        const Descriptor file(::openat(descriptor_.number(), temporary.c_str(),
                                       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
        if (file.number() < 0) {
            return fail(error_text(errno));
        }
        if (const Status written = write_all(file.number(), content); !written) {
            return fail(written.error().what);
        }
    }
    return ::renameat(descriptor_.number(), temporary.c_str(), descriptor_.number(), name.c_str()) == 0
               ? Status(Nothing{})
               : fail(error_text(errno));
}

void PrivateDirectory::prune(std::string_view prefix, double seconds) {
    const int copy = ::openat(descriptor_.number(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(copy < 0 ? nullptr : ::fdopendir(copy), ::closedir);
    const auto now =
        std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    while (const dirent* entry = directory ? next_entry(directory.get()) : nullptr) {
        struct stat status {};
        const bool ours = std::string_view(entry->d_name).starts_with(prefix) &&
                          ::fstatat(descriptor_.number(), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
                          S_ISREG(status.st_mode);
        if (ours && now - static_cast<double>(status.st_mtim.tv_sec) > seconds) {
            ::unlinkat(descriptor_.number(), entry->d_name, 0);
        }
    }
}

namespace {

/// Why somebody else could have changed this; empty if nobody could.
std::string distrust(const struct stat& status, mode_t of_others) {
    if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
        return fmt::format("belongs to user {}", status.st_uid);
    }
    return (status.st_mode & of_others) != 0 ? "others may write to it" : "";
}

/// In a sticky directory (/tmp) nobody replaces the files of others.
std::string distrust_of_directory(const std::string& path) {
    const auto parent = std::filesystem::path(path).parent_path();
    const std::string directory = parent.empty() ? "." : parent.string();
    struct stat status {};
    if (::stat(directory.c_str(), &status) != 0) {
        return error_text(errno);
    }
    const bool sticky = (status.st_mode & S_ISVTX) != 0;
    const std::string why = distrust(status, sticky ? 0 : S_IWGRP | S_IWOTH);
    return why.empty() ? "" : fmt::format("its directory: {}", why);
}

} // namespace

Result<std::string, Gap> read_trusted_file(const std::string& path, std::size_t limit) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat status {};
    if (file.number() < 0 || ::fstat(file.number(), &status) != 0) {
        return read_file(path, limit); // says what is wrong
    }
    std::string why = distrust(status, S_IWGRP | S_IWOTH);
    if (why.empty()) {
        why = distrust_of_directory(path);
    }
    if (!why.empty()) {
        return Gap{path, Why::failed, why + ", and this run is privileged"};
    }
    return read_regular(file, path, limit);
}

} // namespace base
