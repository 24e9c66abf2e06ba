// The functions of libarchive, which unpacks sosreports. A program that is linked statically holds them; any
// other loads the library when an archive is met, and tells it if there is none.
#pragma once

namespace replay {

using ArchiveFunction = void (*)();

/// By the name that archive.h gives it; null if the library is not there, or has no such function.
ArchiveFunction archive_function(const char* name);

} // namespace replay
