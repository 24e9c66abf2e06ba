// Addresses, networks and end points, as people and tools write them.
#include "replay/socket_list.h"
#include "rules/subject.h"
#include "snapshot/address.h"
#include "tests/fuzz/harness.h"

#include <string>

namespace {

using fuzz::require;

void read_address(std::string_view text) {
    const auto address = snapshot::Address::parse(text);
    require(!address || snapshot::Address::parse(address->to_text()) == address,
            "an address that is written reads the same");
    const auto quad = replay::dotted_quad(text);
    require(!quad || quad == address, "four numbers are an address");
}

void read_end_point(std::string_view text) {
    if (const auto end = snapshot::parse_end_point(text)) {
        const auto again = snapshot::parse_end_point(snapshot::end_point_text(end->address, end->port));
        require(end->address.is_wildcard() || again == end, "an end point that is written reads the same");
    }
    if (const auto parts = replay::split_end_point(text)) {
        require(parts->address.size() + parts->device.size() + parts->port.size() <= text.size(),
                "an end point is a part of the text");
        replay::port_of(parts->port);
    }
    replay::has_end_point(text);
}

void read_subject(std::string_view text) {
    if (const auto ends = rules::parse_end_points(text)) {
        const auto again = rules::parse_end_points(ends->to_text());
        require(again.has_value() && again->to_text() == ends->to_text(),
                "a network that is written reads the same");
    }
    for (const std::string_view key : rules::subject_keys) {
        const auto subject = rules::parse_subject(key, text);
        require(subject.has_value() || !subject.error().message.empty(), "a refusal says why");
        if (subject) {
            subject->fits(rules::ShownSubject(key, text));
            const auto again = rules::parse_subject(key, subject->text);
            require(again.has_value() && again->text == subject->text, "a subject has one spelling");
        }
    }
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    read_address(text);
    read_end_point(text);
    read_subject(text);
    return 0;
}
