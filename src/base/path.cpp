#include "base/path.h"

#include "base/text.h"

#include <array>
#include <cerrno>
#include <climits>
#include <deque>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <fmt/format.h>

namespace base {

namespace {

constexpr int most_links = 40;           // as the kernel has it
constexpr long magic_of_procfs = 0x9fa0; // PROC_SUPER_MAGIC

bool is_of_proc(const Descriptor& directory) {
    struct statfs system {};
    return ::fstatfs(directory.number(), &system) == 0 && system.f_type == magic_of_procfs;
}

std::string target_of(const Descriptor& link) {
    std::array<char, PATH_MAX> target;
    const ssize_t length = ::readlinkat(link.number(), "", target.data(), target.size());
    return length > 0 ? std::string(target.data(), static_cast<std::size_t>(length)) : std::string();
}

class Walk {
  public:
    Walk(const std::string& path, const WalkOptions& options)
        : path_(path), options_(options), entry_{start_of(path), ".", false, false} {
        put_in_front(path);
    }

    Result<Entry, Gap> run() {
        if (!entry_.directory) {
            return failure(errno);
        }
        while (!names_.empty()) {
            entry_.name = std::move(names_.front());
            names_.pop_front();
            if (const int error = step(); error != 0) {
                return refused_.empty() ? failure(error) : Gap{path_, Why::denied, refused_};
            }
        }
        return std::move(entry_);
    }

  private:
    static Descriptor start_of(const std::string& path) {
        return Descriptor(::open(path.starts_with('/') ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
    }

    void put_in_front(std::string_view path) {
        const auto parts = split(path, '/');
        for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
            if (!part->empty() && *part != ".") {
                names_.emplace_front(*part);
            }
        }
    }

    Gap failure(int error) const { return {path_, why_of(error), error_text(error)}; }

    bool is_last() const { return names_.empty(); }

    /// Goes through one name, or finds that it is the last. A system error, or 0.
    int step() {
        if (is_last() && options_.keep_last) {
            return 0;
        }
        const Descriptor there(open_here(O_PATH | O_NOFOLLOW));
        struct stat status {};
        if (!there) {
            return is_last() && errno == ENOENT ? 0 : create();
        }
        if (::fstat(there.number(), &status) != 0) {
            return errno;
        }
        if (S_ISLNK(status.st_mode)) {
            return follow(there, status);
        }
        return is_last() ? 0 : enter(O_NOFOLLOW);
    }

    int open_here(int flags) const {
        return ::openat(entry_.directory.number(), entry_.name.c_str(), flags | O_CLOEXEC);
    }

    int enter(int flags) {
        Descriptor inner(open_here(O_PATH | O_DIRECTORY | flags));
        if (!inner) {
            return errno;
        }
        entry_.directory = std::move(inner);
        entry_.name = ".";
        return 0;
    }

    int create() {
        if (errno != ENOENT || !options_.create_parents) {
            return errno;
        }
        const bool made = ::mkdirat(entry_.directory.number(), entry_.name.c_str(), 0700) == 0;
        return made || errno == EEXIST ? enter(O_NOFOLLOW) : errno;
    }

    int follow(const Descriptor& link, const struct stat& status) {
        if (is_of_proc(entry_.directory)) {
            entry_.is_of_process = is_last();
            return is_last() ? 0 : enter(0);
        }
        if (options_.links == Links::none) {
            refused_ = fmt::format("'{}' is a link", printable(entry_.name));
            return ELOOP;
        }
        if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
            refused_ = fmt::format("'{}' is a link of user {}", printable(entry_.name), status.st_uid);
            return ELOOP;
        }
        const std::string target = target_of(link);
        if (target.empty() || ++links_ > most_links) {
            return target.empty() ? ENOENT : ELOOP;
        }
        entry_.behind_link = is_last();
        put_in_front(target);
        if (target.starts_with('/')) {
            entry_.directory = start_of(target);
            entry_.name = ".";
        }
        return entry_.directory ? 0 : errno;
    }

    const std::string& path_;
    const WalkOptions& options_;
    Entry entry_;
    std::deque<std::string> names_; // still to come
    int links_ = 0;
    std::string refused_; // why a link was not followed
};

} // namespace

Result<Entry, Gap> walk(const std::string& path, const WalkOptions& options) {
    return Walk(path, options).run();
}

} // namespace base
