// Error messages as people read them in logs, and what is known of them: the files of
// rules/explain/messages/, compiled in. The head of each says how its messages are recognized, which rules
// see the cause and what to run next; the rest is for people. Knows no host.
#pragma once

#include "base/text.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cli {

/// The files; each name ends with ".txt".
std::span<const base::Embedded> message_files();

struct MessageTopic {
    std::string_view name;
    std::vector<std::string> patterns; // in lower case; "*" stands for anything
    std::vector<std::string_view> rules;
    std::vector<std::string_view> next; // commands, with {to}, {address} and {port} of the message
    std::string_view text;
};

/// In the order of the files.
std::vector<MessageTopic> message_topics();

/// The topic of that name, or the one whose longest pattern stands in the message; none if no pattern does.
std::optional<MessageTopic> topic_of_message(std::string_view message);

/// The commands of the topic, with the end point that the message names; those that need one that it does
/// not name are left out. Safe to paste whatever the message holds.
std::vector<std::string> next_of(const MessageTopic& topic, std::string_view message);

} // namespace cli
