// watch: looks again every few seconds, as a picture on a terminal or a line a look elsewhere.
#include "render/watch.h"
#include "base/writing.h"
#include "cli/commands.h"
#include "cli/judge.h"
#include "cli/looks.h"
#include "cli/observe.h"
#include "cli/output.h"
#include "cli/rules.h"
#include "model/picture.h"

#include <cerrno>
#include <memory>
#include <poll.h>
#include <set>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

namespace cli {

namespace {

termios former_mode{};

void say(std::string_view text) {
    static_cast<void>(base::write_all(STDOUT_FILENO, text).has_value());
}

/// True if a key that ends the program was pressed, or nobody is there any more to press one.
bool quit_was_pressed() {
    char keys[64];
    const ssize_t got = ::read(STDIN_FILENO, keys, sizeof keys);
    if (got < 0) {
        return errno != EINTR && errno != EAGAIN;
    }
    const std::string_view pressed(keys, static_cast<std::size_t>(got));
    constexpr std::string_view ends = "qQ\x03\x04";
    return got == 0 || pressed.find_first_of(ends) != std::string_view::npos;
}

/// The terminal as a picture that is drawn again and again: its own screen, no cursor, keys as they are
/// pressed. What it changes it changes back, also when a signal ends the program.
class Screen {
  public:
    /// Standard input and output must be terminals.
    static bool possible();

    Screen();
    ~Screen();
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;

    struct Size {
        std::size_t columns = 80;
        std::size_t lines = 24;
    };
    Size size() const;

    base::Status draw(const std::vector<std::string>& lines);

    enum class Event { time_is_up, resized, quit };
    /// Waits for so long, or until the window changes, q is pressed, or a signal wants the program to end.
    Event wait(double seconds);
};

bool Screen::possible() {
    return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
}

Screen::Screen() {
    ::tcgetattr(STDIN_FILENO, &former_mode);
    termios mode = former_mode;
    mode.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    mode.c_cc[VMIN] = 1;
    ::tcsetattr(STDIN_FILENO, TCSANOW, &mode);
    say("\x1b[?1049h\x1b[?25l"); // another screen, no cursor
}

Screen::~Screen() {
    say("\x1b[?25h\x1b[?1049l");
    ::tcsetattr(STDIN_FILENO, TCSANOW, &former_mode);
}

Screen::Size Screen::size() const {
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
        return {};
    }
    return {size.ws_col, size.ws_row};
}

base::Status Screen::draw(const std::vector<std::string>& lines) {
    std::string picture =
        "\x1b[H"; // to the upper left; what is longer is overwritten, so that nothing flickers
    for (std::size_t i = 0; i < lines.size(); ++i) {
        picture += (i == 0 ? "" : "\r\n") + lines[i] + "\x1b[K";
    }
    return base::write_all(STDOUT_FILENO, picture + "\x1b[J");
}

Screen::Event Screen::wait(double seconds) {
    for (const auto end = after(seconds);;) {
        pollfd input{STDIN_FILENO, POLLIN, 0};
        const int ready = wait_for_input({&input, 1}, end);
        if (must_end() || (ready > 0 && quit_was_pressed())) {
            return Event::quit;
        }
        if (was_resized()) {
            return Event::resized;
        }
        if (ready == 0) {
            return Event::time_is_up;
        }
    }
}

constexpr std::size_t most_destinations = 15;

double interval_of(const Options& options) {
    return options.interval_s.value_or(2);
}

/// One look at the host, with all that the picture of it refers to.
struct Look {
    snapshot::Host host;
    findings::Report report;
    facts::Look look;
};

class Watch {
  public:
    Watch(const Options& options, const rules::Loaded& loaded, const model::Assumptions& assumed)
        : options_(options), loaded_(loaded), assumed_(assumed),
          needs_(needs_of(loaded.rules, rules::Detail::verdict)) {}

    base::Status look() {
        auto observed = observe(options_, assumed_, needs_);
        if (!observed) {
            return observed.error();
        }
        auto seen = std::make_unique<Look>();
        seen->report = judge_host(options_, loaded_, assumed_, observed->host, rules::Detail::verdict).report;
        seen->look = model::look(observed->host, now_ ? &now_->host : nullptr, assumed_, most_destinations);
        seen->host = std::move(observed->host);
        before_ = std::move(now_);
        now_ = std::move(seen);
        find_new();
        return base::Nothing{};
    }

    render::Watched watched() const {
        return {now_->report, now_->look, before_ ? &before_->look : nullptr, is_new_};
    }

  private:
    void find_new() {
        is_new_.clear();
        std::set<std::string> known;
        for (const findings::Finding& finding : before_ ? before_->report.findings : now_->report.findings) {
            known.insert(render::key_of(finding));
        }
        for (const findings::Finding& finding : now_->report.findings) {
            if (const std::string key = render::key_of(finding); !known.contains(key)) {
                is_new_.insert(key);
            }
        }
    }

    const Options& options_;
    const rules::Loaded& loaded_;
    const model::Assumptions& assumed_;
    model::ModelNeeds needs_;
    std::unique_ptr<Look> now_;
    std::unique_ptr<Look> before_;
    std::set<std::string> is_new_;
};

base::Status on_a_screen(Watch& watch, const Options& options) {
    Screen screen;
    for (;;) {
        if (base::Status looked = watch.look(); !looked) {
            return looked;
        }
        for (Screen::Event event = Screen::Event::resized; event != Screen::Event::time_is_up;) {
            render::Style style = style_for(options);
            const Screen::Size size = screen.size();
            style.width = static_cast<int>(size.columns);
            if (base::Status drawn = screen.draw(render::watch_picture(watch.watched(), style, size.lines));
                !drawn) {
                return drawn;
            }
            event = screen.wait(interval_of(options));
            if (event == Screen::Event::quit) {
                return base::Nothing{};
            }
        }
    }
}

base::Status line_by_line(Watch& watch, const Options& options) {
    do {
        if (base::Status looked = watch.look(); !looked) {
            return looked;
        }
        if (base::Status written = base::write_all(STDOUT_FILENO, render::watch_line(watch.watched()) + "\n");
            !written) {
            return written;
        }
    } while (wait_or_end(after(interval_of(options))));
    return base::Nothing{};
}

} // namespace

int watch(const Options& options) {
    const auto loaded = load_rules(options);
    if (!loaded) {
        return fail(options, loaded.error().message, loaded.error().details);
    }
    const auto assumed = assumptions(options);
    if (!assumed) {
        return fail(options, assumed.error().what);
    }
    catch_signals();
    Watch watch(options, *loaded, *assumed);
    const base::Status ended =
        Screen::possible() ? on_a_screen(watch, options) : line_by_line(watch, options);
    return ended ? 0 : fail(options, ended.error().what);
}

} // namespace cli
