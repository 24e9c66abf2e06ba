#include "base/file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace base {
namespace {

Gap gap_of(const std::string& path, int error) {
    const Why why = error == ENOENT || error == ENOTDIR ? Why::absent
                    : error == EACCES || error == EPERM ? Why::denied
                                                        : Why::failed;
    return {path, why, std::strerror(error)};
}

Gap too_large(const std::string& path, std::size_t limit) {
    return {path, Why::failed, fmt::format("larger than {} bytes", limit)};
}

Result<std::string, Gap> read_all(const Descriptor& file, const std::string& path, std::size_t limit) {
    std::string content;
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

Status write_into(const std::string& path, std::string_view content) {
    Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
    if (file.number() < 0) {
        return Error{fmt::format("cannot write {}: {}", path, std::strerror(errno))};
    }
    const Status written = write_all(file.number(), content);
    return written ? written : Error{fmt::format("cannot write {}: {}", path, written.error().what)};
}

} // namespace

Result<std::string, Gap> read_regular(const Descriptor& file, const std::string& path, std::size_t limit) {
    struct stat status {};
    if (::fstat(file.number(), &status) != 0) {
        return gap_of(path, errno);
    }
    if (!S_ISREG(status.st_mode)) {
        return Gap{path, Why::failed, S_ISDIR(status.st_mode) ? "is a directory" : "is not a regular file"};
    }
    if (status.st_size > 0 && static_cast<std::uint64_t>(status.st_size) > limit) {
        return too_large(path, limit); // before the memory is taken
    }
    return read_all(file, path, limit);
}

Result<std::string, Gap> read_file(const std::string& path, std::size_t limit) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (file.number() < 0) {
        return gap_of(path, errno);
    }
    return read_regular(file, path, limit);
}

Result<std::string, Gap> read_pseudo_file(const std::string& path, std::size_t limit) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.number() < 0) {
        return gap_of(path, errno);
    }
    return read_all(file, path, limit);
}

Result<std::vector<std::string>, Gap> list_directory(const std::string& path, std::string_view suffix) {
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), ::closedir);
    if (!directory) {
        return gap_of(path, errno);
    }
    std::vector<std::string> names;
    for (;;) {
        errno = 0;
        const dirent* entry = ::readdir(directory.get());
        if (entry == nullptr) {
            break;
        }
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

Status write_all(int descriptor, std::string_view content) {
    while (!content.empty()) {
        const ssize_t written = ::write(descriptor, content.data(), content.size());
        if (written < 0) {
            if (errno == EINTR) {
                continue;
            }
            return Error{std::strerror(errno)};
        }
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    return Nothing{};
}

Status write_atomically(const std::string& given, std::string_view content) {
    struct stat status {};
    const bool exists = ::stat(given.c_str(), &status) == 0;
    if (exists && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) {
        return write_into(given, content);
    }
    struct stat link {};
    std::string path = given;
    if (::lstat(given.c_str(), &link) == 0 && S_ISLNK(link.st_mode)) {
        const std::unique_ptr<char, void (*)(void*)> real(::realpath(given.c_str(), nullptr), std::free);
        if (!real) { // /dev/stdout when it is closed, too: replacing the link would break it for everybody
            return Error{fmt::format("cannot write {}: a link that leads nowhere", given)};
        }
        path = real.get();
    }
    const mode_t mode = exists ? status.st_mode & 0777 : 0644;
    std::string temporary = path + ".XXXXXX";
    Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
    if (file.number() < 0) {
        return Error{fmt::format("cannot write {}: {}", path, std::strerror(errno))};
    }
    const auto fail = [&](std::string_view reason) -> Status {
        const Error error{fmt::format("cannot write {}: {}", path, reason)};
        ::unlink(temporary.c_str());
        return error;
    };
    if (const Status written = write_all(file.number(), content); !written) {
        return fail(written.error().what);
    }
    if (::fchmod(file.number(), mode) != 0 || ::fsync(file.number()) != 0 || !file.close() ||
        ::rename(temporary.c_str(), path.c_str()) != 0) {
        return fail(std::strerror(errno));
    }
    return Nothing{};
}

} // namespace base
