#include "rules/subject.h"

#include "base/text.h"

#include <algorithm>

#include <fmt/format.h>

namespace rules {
namespace {

/// '*' stands for any characters, also none. Goes back to the last '*' only, so that no pattern is slow.
bool matches(std::string_view pattern, std::string_view text) {
    std::size_t p = 0;
    std::size_t star = std::string_view::npos;
    std::size_t behind = 0; // where the text goes on if that '*' takes one character more
    for (std::size_t t = 0; t < text.size() || p < pattern.size();) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            behind = t;
        } else if (p < pattern.size() && t < text.size() && pattern[p] == text[t]) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos && behind < text.size()) {
            p = star + 1;
            t = ++behind;
        } else {
            return false;
        }
    }
    return true;
}

/// Texts that a person may have meant by one that begins with a bracket.
std::vector<std::string> without_brackets(std::string_view text) {
    const std::size_t end = text.find(']');
    if (!text.starts_with('[') || end == std::string_view::npos) {
        return {};
    }
    const std::string host(text.substr(1, end - 1));
    const std::string rest(text.substr(end + 1));
    const std::size_t colon = std::min(rest.find(':'), rest.size());
    if (host.find(':') == std::string::npos) { // [192.0.2.1]:443
        return {host + rest};
    }
    if (colon == rest.size()) { // [2001:db8::1], [2001:db8::]/32
        return {host + rest};
    }
    return {"[" + host + rest.substr(0, colon) + "]" + rest.substr(colon)}; // [2001:db8::]/32:443
}

/// What a person probably meant by a text that is almost right; empty if there is no idea.
std::string correction(std::string_view text) {
    std::string plain(text);
    std::erase_if(plain, [](char c) { return c == ' ' || c == '\t'; });
    const std::size_t zone = plain.find('%'); // facts name no interface
    if (zone != std::string::npos) {
        plain.erase(zone, std::min(plain.find_first_of("/]", zone), plain.size()) - zone);
    }
    std::vector<std::string> candidates = without_brackets(plain);
    candidates.push_back(plain);
    candidates.push_back("*" + plain);  // :443
    candidates.push_back("*:" + plain); // 443
    const std::size_t ports = plain.find(':', std::min(plain.find('/'), plain.size()));
    if (ports != std::string::npos) { // 2001:db8::/32:443
        candidates.push_back("[" + plain.substr(0, ports) + "]" + plain.substr(ports));
    }
    for (const std::string& candidate : candidates) {
        if (parse_end_points(candidate)) {
            return candidate;
        }
    }
    return {};
}

base::Result<Subject, SubjectError> name_subject(std::string_view key, std::string_view text) {
    if (base::trim(text).empty()) {
        return SubjectError{fmt::format("an empty '{}'", key), "name one, or leave it out"};
    }
    if (text.find_first_not_of('*') == std::string_view::npos) {
        return SubjectError{fmt::format("'*' is every {}", key), "leave it out, or change the whole rule"};
    }
    return Subject{std::string(key), std::string(text), std::nullopt};
}

std::optional<SubjectError> check_end_points(std::string_view key, const EndPoints& given) {
    EndPoints address = given;
    address.ports.clear();
    if (key == "source" && !given.ports.empty()) {
        return SubjectError{"a source has no ports",
                            given.network ? fmt::format("write {}", address.to_text()) : "leave it out"};
    }
    const Network* network = given.network ? &*given.network : nullptr;
    const bool wildcard =
        network != nullptr && network->is_one_address() && network->bytes == Network().bytes;
    if (key != "listener" && wildcard) {
        address.network.reset();
        address.ports = given.ports;
        return SubjectError{fmt::format("{} is the address of no connection", network->to_text()),
                            given.ports.empty() ? "leave it out"
                                                : fmt::format("write {} for any address", address.to_text())};
    }
    return std::nullopt;
}

} // namespace

bool Subject::fits(std::string_view shown) const {
    return end_points ? end_points->hold(shown) : matches(text, shown);
}

base::Result<Subject, SubjectError> parse_subject(std::string_view key, std::string_view text) {
    if (key != "remote" && key != "listener" && key != "source") {
        return name_subject(key, text);
    }
    auto end_points = parse_end_points(text);
    if (!end_points) {
        SubjectError error = end_points.error();
        if (const std::string meant = correction(text); !meant.empty()) {
            error.advice = fmt::format("write {}", meant);
        }
        return error;
    }
    if (const auto error = check_end_points(key, *end_points)) {
        return *error;
    }
    return Subject{std::string(key), end_points->to_text(), std::move(*end_points)};
}

std::string to_text(const std::vector<Subject>& subjects) {
    std::vector<std::string> parts;
    parts.reserve(subjects.size());
    for (const Subject& subject : subjects) {
        parts.push_back(subject.key + " " + subject.text);
    }
    return base::join(parts, ", ");
}

} // namespace rules
