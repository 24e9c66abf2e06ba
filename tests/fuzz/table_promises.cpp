#include "tests/fuzz/table_promises.h"

#include "base/text.h"
#include "replay/foreign.h"
#include "tests/fuzz/harness.h"
#include "tests/fuzz/through_capture.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace fuzz {
namespace {

using replay::SocketList;
using snapshot::Socket;

std::vector<Socket> sockets_of(const SocketList& list) {
    std::vector<Socket> sockets;
    list.each([&](std::span<const Socket> some) { sockets.insert(sockets.end(), some.begin(), some.end()); });
    return sockets;
}

void check_counts(const SocketList& list, const std::vector<Socket>& sockets) {
    snapshot::StateCounts counts{};
    for (const Socket& socket : sockets) {
        ++counts[static_cast<std::size_t>(socket.state)];
    }
    require(counts == list.counts, "the sockets are those that were counted");
    require(std::ranges::equal(sockets, sockets_of(list), same), "each walk tells the same sockets");
}

/// How many sockets a text tells of which nothing says that they may not be all; none for other texts.
std::optional<std::size_t> size_if_whole(SocketList list) {
    if (list.provenance.name.find("snapshot") != std::string::npos) {
        return std::nullopt; // a part of it may be a whole one of another moment
    }
    const std::size_t size = list.size();
    replay::ForeignMachine machine(std::move(list), std::nullopt); // holds it against sockstat
    const auto walked = machine.sockets({kernel::Walk::connections}, [](std::span<const Socket>) {});
    const bool is_whole = walked.outcome.has_value() && !machine.provenance().unproven;
    return is_whole ? std::optional(size) : std::nullopt;
}

void check_part(std::string_view part, std::size_t whole, const TableReader& read) {
    auto list = read(part);
    const auto size = list ? size_if_whole(std::move(*list)) : std::nullopt;
    require(!size || *size >= whole, "a part of a text does not pass for all of it");
}

} // namespace

void check_table(std::string_view text, const TableReader& read) {
    auto list = [&] {
        const MemoryLimit limit(text.size());
        return read(text);
    }();
    if (!list) {
        require(!list.error().what.empty(), "a refusal says why");
        return;
    }
    const std::vector<Socket> sockets = sockets_of(*list);
    check_counts(*list, sockets);
    require(std::ranges::equal(sockets, through_capture(sockets), same),
            "sockets come through a capture unchanged");
    if (const auto whole = size_if_whole(std::move(*list))) {
        const std::size_t cut = base::fingerprint(text) % (text.size() + 1);
        check_part(text.substr(0, cut), *whole, read);
        check_part(text.substr(cut), *whole, read);
    }
}

} // namespace fuzz
