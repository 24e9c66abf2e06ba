#include "kernel/directory.h"

#include <cerrno>

#include <fcntl.h>

namespace kernel {

base::Result<std::string, int> read_at(const base::Descriptor& directory, const char* name,
                                       std::size_t limit) {
    const base::Descriptor file(::openat(directory.number(), name, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file) {
        return errno;
    }
    std::string content(limit, '\0');
    std::size_t size = 0;
    while (size < limit) {
        const ssize_t got = ::read(file.number(), content.data() + size, limit - size);
        if (got < 0) {
            return errno;
        }
        if (got == 0) {
            break;
        }
        size += static_cast<std::size_t>(got);
    }
    content.resize(size);
    return content;
}

} // namespace kernel
