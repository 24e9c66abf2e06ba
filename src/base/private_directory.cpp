#include "base/private_directory.h"

#include "base/file.h"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <thread>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace base {
namespace {

Gap gap_of(const std::string& path, int error) {
    const Why why = error == ENOENT                     ? Why::absent
                    : error == EACCES || error == EPERM ? Why::denied
                                                        : Why::failed;
    const char* detail =
        error == ELOOP || error == ENOTDIR ? "is a link, or no directory" : std::strerror(error);
    return {path, why, detail};
}

/// Why somebody else could have made or changed this; empty if nobody could.
std::string distrust(const struct stat& status) {
    if (status.st_uid != ::geteuid()) {
        return fmt::format("belongs to user {}, not to {}", status.st_uid, ::geteuid());
    }
    return (status.st_mode & 022) != 0 ? "others may write to it" : "";
}

} // namespace

Result<PrivateDirectory, Gap> PrivateDirectory::open(const std::string& path, Create create) {
    for (std::size_t slash = path.find('/', 1); create == Create::with_parents && slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
        ::mkdir(path.substr(0, slash).c_str(), 0700); // what goes wrong shows below
    }
    if (create != Create::no && ::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
        return gap_of(path, errno);
    }
    Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat status {};
    if (directory.number() < 0 || ::fstat(directory.number(), &status) != 0) {
        return gap_of(path, errno);
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
        return errno == ELOOP ? Gap{path, Why::failed, "is a link"} : gap_of(path, errno);
    }
    if (!S_ISREG(status.st_mode) || status.st_nlink > 1) {
        return Gap{path, Why::failed,
                   S_ISREG(status.st_mode) ? "has a second name" : "is not a regular file"};
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
            return gap_of(path, errno);
        }
        if (got == 0) {
            break;
        }
        filled += static_cast<std::size_t>(got);
    }
    content.resize(filled);
    return content;
}

Status PrivateDirectory::writable() const {
    const bool may_write = ::faccessat(descriptor_.number(), ".", W_OK, AT_EACCESS) == 0;
    return may_write ? Status(Nothing{})
                     : Error{fmt::format("cannot write to {}: {}", path_, std::strerror(errno))};
}

Status PrivateDirectory::lock(double seconds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    while (::flock(descriptor_.number(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return Error{fmt::format("cannot lock {}: {}", path_, std::strerror(errno))};
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
            return fail(std::strerror(errno));
        }
        if (const Status written = write_all(file.number(), content); !written) {
            return fail(written.error().what);
        }
    }
    return ::renameat(descriptor_.number(), temporary.c_str(), descriptor_.number(), name.c_str()) == 0
               ? Status(Nothing{})
               : fail(std::strerror(errno));
}

void PrivateDirectory::prune(std::string_view prefix, double seconds) {
    const int copy = ::openat(descriptor_.number(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(copy < 0 ? nullptr : ::fdopendir(copy), ::closedir);
    const auto now =
        std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    while (const dirent* entry = directory ? ::readdir(directory.get()) : nullptr) {
        struct stat status {};
        const bool ours = std::string_view(entry->d_name).starts_with(prefix) &&
                          ::fstatat(descriptor_.number(), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
                          S_ISREG(status.st_mode);
        if (ours && now - static_cast<double>(status.st_mtim.tv_sec) > seconds) {
            ::unlinkat(descriptor_.number(), entry->d_name, 0);
        }
    }
}

} // namespace base
