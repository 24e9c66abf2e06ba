#include "tests/fuzz/harness.h"

#include <algorithm>
#include <new>

#include <malloc.h>

namespace {

thread_local fuzz::Memory used;

void* take(std::size_t size) {
    void* given = std::malloc(size);
    if (given == nullptr) {
        std::abort();
    }
    used.now += ::malloc_usable_size(given);
    used.most = std::max(used.most, used.now);
    return given;
}

void give_back(void* given) {
    used.now -= given != nullptr ? ::malloc_usable_size(given) : 0;
    std::free(given);
}

} // namespace

const fuzz::Memory& fuzz::memory() {
    return used;
}

void fuzz::mark_memory() {
    used.most = used.now;
}

// NOLINTBEGIN(misc-new-delete-overloads): arrays and sizes end up in these.
void* operator new(std::size_t size) {
    return take(size);
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return take(size);
}
void operator delete(void* given) noexcept {
    give_back(given);
}
void operator delete(void* given, std::size_t) noexcept {
    give_back(given);
}
// NOLINTEND(misc-new-delete-overloads)
