#include "base/writing.h"

#include "base/gap.h"
#include "base/path.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <fmt/format.h>

namespace base {

namespace {

// What a signal handler must know.
std::atomic<int> unfinished_directory = -1;
std::array<char, 64> unfinished_name;

class Temporary {
  public:
    explicit Temporary(const Descriptor& directory) : directory_(directory.number()) {}
    ~Temporary() { abandon_writing(); }
    Temporary(const Temporary&) = delete;
    Temporary& operator=(const Temporary&) = delete;

    Descriptor open(mode_t mode) {
        constexpr int most_tries = 16;
        Descriptor file(-1);
        errno = EEXIST;
        for (int i = 0; !file && errno == EEXIST && i < most_tries; ++i) {
            choose_name();
            file = Descriptor(::openat(directory_, unfinished_name.data(),
                                       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
        }
        if (file) {
            unfinished_directory = directory_;
        }
        return file;
    }

    bool rename(const std::string& name) {
        const bool done = ::renameat(directory_, unfinished_name.data(), directory_, name.c_str()) == 0;
        if (done) {
            unfinished_directory = -1;
        }
        return done;
    }

  private:
    static void choose_name() {
        std::uint64_t number = 0;
        if (::getrandom(&number, sizeof number, 0) != sizeof number) {
            number = static_cast<std::uint64_t>(::getpid());
        }
        *fmt::format_to_n(unfinished_name.data(), unfinished_name.size() - 1, ".tcpadvisor-{:016x}", number)
             .out = '\0';
    }

    int directory_;
};

Error cannot_write(const std::string& path, std::string_view reason) {
    return Error{fmt::format("cannot write {}: {}", path, reason)};
}

/// Of a directory where everybody may put things.
bool is_shared(const Descriptor& directory) {
    struct stat status {};
    return ::fstat(directory.number(), &status) != 0 || (status.st_mode & S_IWOTH) != 0;
}

bool is_of_stranger(const struct stat& status) {
    return status.st_uid != 0 && status.st_uid != ::geteuid();
}

/// What is no regular file keeps its place: a pipe, a device, what a descriptor of a process leads to.
Status write_into(const Entry& place, const struct stat& expected, std::string_view content,
                  const std::string& path) {
    if (S_ISFIFO(expected.st_mode) && !place.is_of_process && is_of_stranger(expected) &&
        is_shared(place.directory)) {
        return cannot_write(path, fmt::format("a pipe of user {}", expected.st_uid));
    }
    const int flags = O_WRONLY | O_CLOEXEC | O_NOCTTY | (place.is_of_process ? O_APPEND : O_NOFOLLOW);
    const Descriptor file(::openat(place.directory.number(), place.name.c_str(), flags));
    struct stat status {};
    if (!file || ::fstat(file.number(), &status) != 0) {
        return cannot_write(path, error_text(errno));
    }
    if (status.st_ino != expected.st_ino || status.st_dev != expected.st_dev) {
        return cannot_write(path, "somebody replaces it");
    }
    const Status written = write_all(file.number(), content);
    return written ? written : cannot_write(path, written.error().what);
}

/// A file of somebody else tells nothing of who may read this one.
Status replace(const Entry& place, const struct stat* old, std::string_view content, Readers readers,
               const std::string& path) {
    Temporary temporary(place.directory);
    Descriptor file = temporary.open(readers == Readers::owner ? 0600 : 0666);
    if (!file) {
        return cannot_write(path, error_text(errno));
    }
    if (const Status written = write_all(file.number(), content); !written) {
        return cannot_write(path, written.error().what);
    }
    const bool keeps_mode = readers == Readers::as_umask && old != nullptr && old->st_uid == ::geteuid();
    if ((keeps_mode && ::fchmod(file.number(), old->st_mode & 0777) != 0) || ::fsync(file.number()) != 0 ||
        !file.close() || !temporary.rename(place.name)) {
        return cannot_write(path, error_text(errno));
    }
    return Nothing{};
}

} // namespace

Status write_atomically(const std::string& path, std::string_view content, Readers readers) {
    const auto place = walk(path, {});
    if (!place) {
        return cannot_write(path, place.error().detail);
    }
    const int follow = place->is_of_process ? 0 : O_NOFOLLOW;
    const Descriptor there(
        ::openat(place->directory.number(), place->name.c_str(), O_PATH | O_CLOEXEC | follow));
    struct stat status {};
    const bool exists = there && ::fstat(there.number(), &status) == 0;
    if (!exists && errno != ENOENT) {
        return cannot_write(path, error_text(errno));
    }
    if (!exists && (place->behind_link || place->is_of_process)) {
        return cannot_write(path, "a link that leads nowhere"); // /dev/stdout when it is closed, too
    }
    if (path.ends_with('/') || (exists && S_ISDIR(status.st_mode))) {
        return cannot_write(path, error_text(EISDIR));
    }
    return exists && (place->is_of_process || !S_ISREG(status.st_mode))
               ? write_into(*place, status, content, path)
               : replace(*place, exists ? &status : nullptr, content, readers, path);
}

void abandon_writing() {
    if (const int directory = unfinished_directory.exchange(-1); directory >= 0) {
        const int before = errno;
        ::unlinkat(directory, unfinished_name.data(), 0);
        errno = before;
    }
}

void hold_standard_streams() {
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; ++stream) {
        if (::fcntl(stream, F_GETFD) < 0) {
            const int lowest = ::open("/", O_PATH | O_DIRECTORY); // that is this one
            static_cast<void>(lowest);
        }
    }
}

Status write_all(int descriptor, std::string_view content) {
    while (!content.empty()) {
        const ssize_t written = ::write(descriptor, content.data(), content.size());
        if (written >= 0) {
            content.remove_prefix(static_cast<std::size_t>(written));
            continue;
        }
        pollfd ready{descriptor, POLLOUT, 0};
        const bool full = errno == EAGAIN || errno == EWOULDBLOCK; // whoever gave it made it non-blocking
        if (errno != EINTR && !(full && (::poll(&ready, 1, -1) >= 0 || errno == EINTR))) {
            return Error{error_text(errno)};
        }
    }
    return Nothing{};
}

} // namespace base
