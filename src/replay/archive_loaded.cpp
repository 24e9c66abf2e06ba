#include "replay/archive_function.h"

#include <dlfcn.h>

namespace replay {

ArchiveFunction archive_function(const char* name) {
    static void* const library =
        ::dlopen("libarchive.so.13", RTLD_NOW | RTLD_LOCAL); // until the program ends
    return library == nullptr ? nullptr : reinterpret_cast<ArchiveFunction>(::dlsym(library, name));
}

} // namespace replay
