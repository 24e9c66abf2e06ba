// Messages of the kernel. The first byte chooses the reader, the next two say how much of the rest is the
// first datagram.
#include "kernel/conntrack.h"
#include "kernel/nsid.h"
#include "kernel/sock_diag.h"
#include "tests/fuzz/harness.h"
#include "tests/fuzz/through_capture.h"

#include <algorithm>
#include <set>
#include <span>
#include <vector>

namespace {

using Bytes = std::span<const std::byte>;

constexpr std::size_t walks = 9; // of kernel::Walk
constexpr std::size_t single = walks;
constexpr std::size_t nat = 2 * walks;
constexpr std::size_t numbers = nat + 1;
constexpr std::size_t readers = numbers + 1;

/// Aligned as the kernel's, and with nothing behind it.
std::vector<std::byte> own(Bytes bytes) {
    return {bytes.begin(), bytes.end()};
}

void check_socket(const snapshot::Socket& socket) {
    snapshot::Socket again;
    kernel::DumpReader reader(
        kernel::Walk::open, [&](std::span<const snapshot::Socket> some) { again = some[0]; },
        kernel::Answer::single);
    const auto message = fuzz::message_of(socket);
    reader.read(message);
    fuzz::require(fuzz::same(socket, again), "a socket that is written reads the same");
}

void read_sockets(std::size_t which, Bytes first, Bytes second) {
    std::vector<snapshot::Socket> found;
    kernel::DumpReader reader(
        static_cast<kernel::Walk>(which % walks),
        [&](std::span<const snapshot::Socket> some) { found.insert(found.end(), some.begin(), some.end()); },
        which < single ? kernel::Answer::dump : kernel::Answer::single);
    if (reader.read(own(first))) {
        reader.read(own(second));
    }
    fuzz::require(reader.outcome().has_value() || !reader.outcome().error().what.empty(),
                  "a loss has a name");
    std::ranges::for_each(found, check_socket);
}

void read_nat(Bytes first, Bytes second) {
    std::size_t entries = 0;
    kernel::NatReader reader([&](const snapshot::NatEntry&) { ++entries; });
    if (reader.read(own(first))) {
        reader.read(own(second));
    }
    fuzz::require(entries <= first.size() + second.size(), "each entry has its bytes");
}

void read_numbers(Bytes first, Bytes second) {
    std::set<std::int32_t> ids;
    if (kernel::read_nsids(own(first), 0, ids) > 0) {
        kernel::read_nsids(own(second), 0, ids);
    }
    fuzz::require(ids.size() <= first.size() + second.size(), "each number has its bytes");
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) {
        return 0;
    }
    const Bytes rest = std::as_bytes(std::span(data, size)).subspan(3);
    const std::size_t length = std::min<std::size_t>(data[1] * 256U + data[2], rest.size());
    const Bytes first = rest.first(length);
    const Bytes second = rest.subspan(length);
    const std::size_t which = data[0] % readers;
    const fuzz::MemoryLimit limit(size);
    if (which == numbers) {
        read_numbers(first, second);
    } else if (which == nat) {
        read_nat(first, second);
    } else {
        read_sockets(which, first, second);
    }
    return 0;
}
