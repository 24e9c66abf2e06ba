#include "cli/messages.h"

#include "base/number.h"
#include "snapshot/address.h"

#include <algorithm>
#include <array>
#include <utility>

namespace cli {

namespace {

constexpr std::size_t longest_message = 4096; // enough for a line of a log

bool is_word_part(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string normalized(std::string_view message) {
    return base::lower_ascii(base::one_line(message.substr(0, longest_message)));
}

/// Does no word go on beyond this edge of a match?
bool is_edge(std::string_view text, std::size_t at, char inside) {
    return at >= text.size() || !is_word_part(text[at]) || !is_word_part(inside);
}

/// Where `part` stands in `text` from `from` on, as whole words at the edges that matter.
std::size_t find_part(std::string_view text, std::string_view part, std::size_t from, bool at_word_start,
                      bool at_word_end) {
    for (std::size_t at = text.find(part, from); at != std::string_view::npos; at = text.find(part, at + 1)) {
        const bool start = !at_word_start || at == 0 || is_edge(text, at - 1, part.front());
        const bool end = !at_word_end || is_edge(text, at + part.size(), part.back());
        if (start && end) {
            return at;
        }
    }
    return std::string_view::npos;
}

/// The letters of a pattern that stands in `text`; 0 if it does not.
std::size_t match_length(std::string_view text, std::string_view pattern) {
    std::size_t at = 0;
    std::size_t length = 0;
    const auto parts = base::split(pattern, '*');
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (parts[i].empty()) {
            continue;
        }
        at = find_part(text, parts[i], at, i == 0, i + 1 == parts.size());
        if (at == std::string_view::npos) {
            return 0;
        }
        at += parts[i].size();
        length += parts[i].size();
    }
    return length;
}

/// How programs write the number of an error of the kernel.
void add_number(std::string_view number, std::vector<std::string>& patterns) {
    constexpr auto forms = std::to_array<std::string_view>(
        {"errno #", "errno: #", "errno: -#", "errno=#", "errno = #", "errno (#", "errno(#", "(#: *)",
         "os error #", "os { code: #", "failed (#", "bind*(#)", "connect*(#)", "connect error: #",
         "system error: #", "lost connection to*system error: #", "connection failure*connect error: #",
         "upstream connect error*connect error: #",
         "upstream_reset_before_response_started{*connection_failure*connect_error:_#"});
    for (const std::string_view form : forms) {
        const std::size_t at = form.find('#');
        patterns.emplace_back(form.substr(0, at)).append(number).append(form.substr(at + 1));
    }
}

MessageTopic parsed(const base::Embedded& file) {
    MessageTopic topic;
    topic.name = file.name.substr(0, file.name.rfind('.'));
    std::string_view rest = file.text;
    while (true) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        const std::size_t colon = line.find(": ");
        if (line.empty() || colon == std::string_view::npos) {
            break;
        }
        const std::string_view key = line.substr(0, colon);
        const std::string_view value = line.substr(colon + 2);
        if (key == "match") {
            topic.patterns.emplace_back(value);
        } else if (key == "errno") {
            add_number(value, topic.patterns);
        } else {
            (key == "rule" ? topic.rules : topic.next).push_back(value);
        }
    }
    topic.text = rest;
    return topic;
}

/// What a message names: an end point, or a port alone.
struct Named {
    std::optional<snapshot::EndPoint> remote;
    std::optional<snapshot::Address> address;
    std::optional<std::uint16_t> port;
};

std::string_view stripped(std::string_view word) {
    constexpr std::string_view around = "\"'`(),;<>{}";
    while (!word.empty() && around.find(word.front()) != std::string_view::npos) {
        word.remove_prefix(1);
    }
    while (!word.empty() &&
           (around.find(word.back()) != std::string_view::npos || word.back() == '.' || word.back() == ':')) {
        word.remove_suffix(1);
    }
    if (const std::size_t scheme = word.find("://"); scheme != std::string_view::npos) {
        word = word.substr(scheme + 3);
        word = word.substr(0, word.find_first_of("/\"'"));
    }
    return word;
}

std::optional<snapshot::EndPoint> end_point_in(std::string_view word) {
    if (word.size() > 2 && word.front() == '[' && word.back() == ']' &&
        word.find("]:") == std::string_view::npos) {
        word = word.substr(1, word.size() - 2); // as HAProxy writes it
    }
    return snapshot::parse_end_point(word);
}

/// ":8080", ":::8080" and "*:8080".
std::optional<std::uint16_t> port_alone(std::string_view word) {
    word.remove_prefix(word.starts_with("*:") ? 1 : 0);
    const std::size_t start = word.find_first_not_of(':');
    if (start == 0 || start == std::string_view::npos) {
        return std::nullopt;
    }
    return base::parse_port(word.substr(start));
}

/// Of "LOCAL->REMOTE" the remote end counts, as Go writes it.
std::vector<std::string_view> words_from_arrow(std::string_view message) {
    if (const std::size_t arrow = message.find("->"); arrow != std::string_view::npos) {
        message.remove_prefix(arrow + 2);
    }
    return base::words(message);
}

/// That of "dial tcp LOCAL->REMOTE: bind: ...", which the error is about: a client's bind() knows nothing of
/// the remote end. None if the message tells only that one.
std::optional<snapshot::Address> local_address(std::string_view message) {
    const std::size_t arrow = message.find("->");
    const auto words = base::words(message.substr(0, arrow));
    if (arrow == std::string_view::npos || words.empty()) {
        return std::nullopt;
    }
    std::string_view word = words.back().substr(0, words.back().rfind(':'));
    word = word.starts_with('[') && word.ends_with(']') ? word.substr(1, word.size() - 2) : word;
    return snapshot::Address::parse(word);
}

bool is_bind_of_client(std::string_view message) {
    return match_length(normalized(message), "dial*bind:") > 0;
}

/// "('0.0.0.0'," of "('0.0.0.0', 8000)".
bool is_python_pair(std::string_view word) {
    return word.ends_with("',") && snapshot::Address::parse(stripped(word)).has_value();
}

Named named_in(std::string_view message) {
    Named named;
    const auto words = words_from_arrow(message);
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string_view word = stripped(words[i]);
        if (const auto end = end_point_in(word); end && !named.remote) {
            named.remote = end;
        } else if (const auto address = snapshot::Address::parse(word); address && !named.address) {
            named.address = address;
        } else if (!named.port && i > 0 &&
                   (stripped(words[i - 1]) == "port" || is_python_pair(words[i - 1]))) {
            named.port = base::parse_port(word);
        } else if (!named.port) {
            named.port = port_alone(word);
        }
    }
    if (named.remote) {
        named.address = named.remote->address;
        named.port = named.remote->port;
    } else if (named.address && named.port && *named.port != 0) {
        named.remote = snapshot::EndPoint{*named.address, *named.port};
    }
    if (is_bind_of_client(message)) {
        named.address = local_address(message);
        named.port.reset();
    }
    return named;
}

/// With the values in place of their names; none if one is not known.
std::optional<std::string> filled(std::string_view command, const Named& named) {
    const bool has_remote = named.remote && !named.remote->address.is_wildcard();
    const bool has_address = named.address && !named.address->is_wildcard();
    const std::array<std::pair<std::string_view, std::string>, 3> values = {
        {{"{to}", has_remote ? snapshot::end_point_text(named.remote->address, named.remote->port) : ""},
         {"{address}", has_address ? named.address->to_text() : ""},
         {"{port}", named.port && *named.port != 0 ? std::to_string(*named.port) : ""}}};
    std::string text(command);
    for (const auto& [name, value] : values) {
        const std::size_t at = text.find(name);
        if (at == std::string::npos) {
            continue;
        }
        if (value.empty()) {
            return std::nullopt;
        }
        text.replace(at, name.size(), value);
    }
    return text;
}

} // namespace

std::vector<MessageTopic> message_topics() {
    std::vector<MessageTopic> topics;
    for (const base::Embedded& file : message_files()) {
        topics.push_back(parsed(file));
    }
    return topics;
}

namespace {

/// "after 130000 ms: couldn't connect" of curl, whose words are the same for every connect() that failed: the
/// answer that refuses comes at once.
bool waited_long(std::string_view text) {
    constexpr std::int64_t long_ms = 10'000;
    constexpr std::string_view before = "after ";
    const std::size_t end = text.find(" ms: could");
    const std::size_t start = text.substr(0, end).rfind(before);
    if (end == std::string_view::npos || start == std::string_view::npos) {
        return false;
    }
    const std::size_t number = start + before.size();
    return base::parse_integer(text.substr(number, end - number)).value_or(0) >= long_ms;
}

} // namespace

std::optional<MessageTopic> topic_of_message(std::string_view message) {
    const std::string text = normalized(message);
    const bool is_timeout = waited_long(text);
    std::optional<MessageTopic> best;
    std::size_t longest = 0;
    for (MessageTopic& topic : message_topics()) {
        if (text == topic.name || (is_timeout && topic.name == "timed-out")) {
            return topic;
        }
        for (const std::string& pattern : topic.patterns) {
            if (const std::size_t length = match_length(text, pattern); length > longest) {
                longest = length;
                best = topic;
            }
        }
    }
    return best;
}

std::vector<std::string> next_of(const MessageTopic& topic, std::string_view message) {
    const Named named = named_in(message.substr(0, longest_message));
    std::vector<std::string> commands;
    for (const std::string_view command : topic.next) {
        const bool is_known = named.port && *named.port != 0 && command == "tcpadvisor port N";
        if (const auto text = filled(command, named); text && !is_known) {
            commands.push_back(*text);
        }
    }
    return commands;
}

} // namespace cli
