#include "replay/archive_function.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <archive.h>
#include <archive_entry.h>

namespace replay {

namespace {

struct LinkedFunction {
    std::string_view name;
    ArchiveFunction function;
};

template <typename Function>
LinkedFunction linked_function(std::string_view name, Function* function) {
    return {name, reinterpret_cast<ArchiveFunction>(function)};
}

} // namespace

ArchiveFunction archive_function(const char* name) {
    static const auto all = std::to_array<LinkedFunction>({
#define LINKED(function) linked_function(#function, function)
        LINKED(archive_entry_filetype),
        LINKED(archive_entry_hardlink),
        LINKED(archive_entry_pathname),
        LINKED(archive_entry_symlink),
        LINKED(archive_error_string),
        LINKED(archive_format),
        LINKED(archive_read_data),
        LINKED(archive_read_free),
        LINKED(archive_read_new),
        LINKED(archive_read_next_header),
        LINKED(archive_read_open_memory),
        LINKED(archive_read_support_filter_bzip2),
        LINKED(archive_read_support_filter_gzip),
        LINKED(archive_read_support_filter_xz),
        LINKED(archive_read_support_filter_zstd),
        LINKED(archive_read_support_format_raw),
        LINKED(archive_read_support_format_tar),
#undef LINKED
    });
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const LinkedFunction& known) { return known.name == name; });
    return found == all.end() ? nullptr : found->function;
}

} // namespace replay
