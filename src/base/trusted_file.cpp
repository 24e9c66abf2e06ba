#include "base/trusted_file.h"

#include "base/file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace base {
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
        return std::strerror(errno);
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
