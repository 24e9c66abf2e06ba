// Reads directories by descriptor and without allocating: /proc and the control groups have thousands, and
// each answer counts. Knows nothing of what the names mean.
#pragma once

#include "base/file.h"
#include "base/result.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <dirent.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace kernel {

struct DirectoryEntry {
    std::string_view name;
    std::uint64_t inode = 0;
    bool is_directory = false; // by d_type: both /proc and cgroupfs give it
};

/// Hands each entry of an open directory but "." and ".." to `take` until it returns false. False if the
/// directory could not be read, or not to its end; errno says why.
template <typename Take>
bool for_each_entry(const base::Descriptor& directory, Take take) {
    alignas(dirent64) std::array<char, 16384> buffer;
    for (;;) {
        const long got = ::syscall(SYS_getdents64, directory.number(), buffer.data(), buffer.size());
        if (got <= 0) {
            return got == 0;
        }
        for (long at = 0; at < got;) {
            const auto* entry = reinterpret_cast<const dirent64*>(&buffer[static_cast<std::size_t>(at)]);
            at += entry->d_reclen;
            const std::string_view name = static_cast<const char*>(entry->d_name);
            if (name == "." || name == "..") {
                continue;
            }
            if (!take(DirectoryEntry{name, entry->d_ino, entry->d_type == DT_DIR})) {
                return true;
            }
        }
    }
}

/// What is in a small file of the kernel below an open directory, at most `limit` bytes of it; none if it
/// cannot be read (errno says why).
base::Result<std::string, int> read_at(const base::Descriptor& directory, const char* name,
                                       std::size_t limit);

} // namespace kernel
