// What collectors of vendors gather: sosreports and their kin, as a tree of files. The input has a line
// "=== PATH" before the content of each file, and "=== PATH -> TARGET" for a link; a path that begins with
// '!' is of a damaged file.
#include "replay/host_report.h"
#include "kernel/collect.h"
#include "tests/fuzz/harness.h"

#include <string>
#include <utility>

namespace {

void add_member(std::string_view head, std::string_view content, replay::Members& members) {
    std::string_view name = fuzz::take_part(head, " -> ");
    const bool is_damaged = name.starts_with('!');
    const std::string path = replay::normal_path(name.substr(is_damaged ? 1 : 0));
    if (!head.empty()) {
        members.links.insert_or_assign(path, std::string(head));
        return;
    }
    members.files.insert_or_assign(path, std::string(content));
    if (is_damaged) {
        members.damaged.insert(path);
    }
}

replay::Members members_of(std::string_view text) {
    replay::Members members;
    members.is_cut = fuzz::take_part(text, "=== ").starts_with("cut");
    while (!text.empty()) {
        std::string_view member = fuzz::take_part(text, "\n=== ");
        const std::string_view head = fuzz::take_part(member, "\n");
        add_member(head, member, members);
    }
    return members;
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto targets =
        replay::open_host_report(replay::Tree::of(members_of(fuzz::text_of(data, size)), ""), std::nullopt);
    if (!targets) {
        fuzz::require(!targets.error().what.empty(), "a refusal says why");
        return 0;
    }
    const std::size_t opened = targets->size();
    const snapshot::Host host = kernel::collect(*targets);
    fuzz::require(host.namespaces.size() == opened, "a copy has no namespace that ends meanwhile");
    return 0;
}
