#include "render/html.h"

#include "render/sums.h"

#include <array>

#include <fmt/format.h>

namespace render {
namespace {

constexpr int box_width = 140;
constexpr int box_height = 46;

/// The upper left corner of a state's box, in units of the drawing. Three columns: what the end that closes
/// first goes through, what both do, what the other end does.
struct Box {
    std::string_view state;
    int x;
    int y;
};
constexpr std::array<Box, 10> boxes = {{{"SYN_SENT", 4, 26},
                                        {"LISTEN", 336, 26},
                                        {"SYN_RECV", 336, 104},
                                        {"ESTABLISHED", 170, 150},
                                        {"FIN_WAIT1", 4, 234},
                                        {"CLOSING", 170, 274},
                                        {"CLOSE_WAIT", 336, 234},
                                        {"FIN_WAIT2", 4, 312},
                                        {"LAST_ACK", 336, 312},
                                        {"TIME_WAIT", 4, 390}}};

struct Hint {
    int x;
    int y;
    std::string_view text;
};
constexpr std::array<Hint, 8> hints = {{{74, 16, "connect()"},
                                        {406, 16, "listen()"},
                                        {447, 92, "SYN arrives"},
                                        {126, 224, "this end closes"},
                                        {338, 224, "the other end closes"},
                                        {438, 300, "close()"},
                                        {74, 466, "gone after 60 s"},
                                        {406, 398, "gone"}}};

/// From, to: each ends in an arrow head.
constexpr std::string_view lines = "M74 72V173H162 M406 72V102 M406 150V173H320 "
                                   "M200 196V208H74V232 M280 196V208H406V232 "
                                   "M74 280V310 M144 264H152V297H162 M74 358V388 M240 320V413H152 "
                                   "M406 280V310 M406 358V384 M74 436V452";
constexpr std::string_view heads = "M161 168l8 5l-8 5z M401 95l5 8l5-8z M319 168l-8 5l8 5z "
                                   "M69 225l5 8l5-8z M401 225l5 8l5-8z "
                                   "M69 303l5 8l5-8z M161 292l8 5l-8 5z M69 381l5 8l5-8z M153 408l-8 5l8 5z "
                                   "M401 303l5 8l5-8z M401 380l5 8l5-8z M69 448l5 8l5-8z";

std::optional<std::uint64_t> count_of_state(const std::vector<facts::StateCount>& states,
                                            std::string_view name) {
    for (const facts::StateCount& state : states) {
        if (state.name == name) {
            return sum(state.ipv4, state.ipv6);
        }
    }
    return std::nullopt;
}

void draw(std::ostream& out, const Box& box, std::optional<std::uint64_t> count) {
    const int middle = box.x + box_width / 2;
    out << fmt::format(R"(<g{}><rect class="box" x="{}" y="{}" width="{}" height="{}" rx="6"/>)",
                       count.value_or(0) == 0 ? R"( class="empty")" : "", box.x, box.y, box_width, box_height)
        << fmt::format(R"(<text class="name" x="{}" y="{}">{}</text>)", middle, box.y + 18, box.state)
        << fmt::format(R"(<text class="count" x="{}" y="{}">{}</text></g>)", middle, box.y + 38,
                       count ? std::to_string(*count) : "-")
        << '\n';
}

} // namespace

void html_diagram(std::ostream& out, const std::vector<facts::StateCount>& states) {
    out << R"(<svg viewBox="0 0 480 474" role="img" aria-label="TCP state diagram with the counts of this host">)"
        << "\n<title>Where the connections of this host are in the life of a TCP connection</title>\n"
        << fmt::format(R"(<path class="line" d="{}"/>)", lines) << '\n'
        << fmt::format(R"(<path class="head" d="{}"/>)", heads) << '\n';
    for (const Hint& hint : hints) {
        out << fmt::format(R"(<text class="hint" x="{}" y="{}">{}</text>)", hint.x, hint.y, hint.text)
            << '\n';
    }
    for (const Box& box : boxes) {
        draw(out, box, count_of_state(states, box.state));
    }
    out << "</svg>\n";
}

} // namespace render
