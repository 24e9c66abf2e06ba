#include "render/glossary.h"

#include <algorithm>
#include <array>

namespace render {

namespace {

struct Entry {
    std::string_view word;
    std::string_view meaning;
};

constexpr auto glossary = std::to_array<Entry>({
    {"TIME_WAIT",
     "a connection that is over; the side that closed first keeps its port for a minute, so that late "
     "packets reach no new connection"},
    {"CLOSE_WAIT", "the other side has closed the connection, the program here has not"},
    {"FIN_WAIT1", "closed here, and the other side has not even acknowledged that"},
    {"FIN_WAIT2", "closed here, and not yet by the other side"},
    {"SYN_SENT", "a connection that was asked for and has no answer yet"},
    {"SYN_RECV", "a client asked for a connection and has not finished the handshake"},
    {"ESTABLISHED", "an open connection"},
    {"LAST_ACK", "closed by both sides, the last acknowledgement is missing"},
    {"ephemeral", "local ports that the kernel gives to outgoing connections"},
    {"accept queue", "complete connections that wait until the program takes them with accept()"},
    {"backlog", "how many connections may wait for accept()"},
    {"conntrack", "the firewall's table of connections"},
    {"orphaned", "a connection that no process holds any more"},
    {"SYN cookies", "how the kernel answers clients without remembering them, when too many have come"},
    {"retransmissions", "what was sent again because no answer came"},
    {"segments", "the packets of TCP"},
});

bool is_of_a_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool stands_in(std::string_view text, std::string_view word) {
    for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
        const std::size_t end = at + word.size();
        if ((at == 0 || !is_of_a_word(text[at - 1])) && (end == text.size() || !is_of_a_word(text[end]))) {
            return true;
        }
    }
    return false;
}

} // namespace

std::vector<std::string> words_to_explain(std::string_view text,
                                          const std::vector<std::string_view>& before) {
    std::vector<std::string> lines;
    for (const Entry& entry : glossary) {
        const bool is_known = std::any_of(before.begin(), before.end(), [&](std::string_view earlier) {
            return stands_in(earlier, entry.word);
        });
        if (!is_known && stands_in(text, entry.word)) {
            lines.push_back(std::string(entry.word) + ": " + std::string(entry.meaning));
        }
    }
    return lines;
}

} // namespace render
