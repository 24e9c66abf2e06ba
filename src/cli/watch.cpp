// watch: looks again every few seconds, as a picture on a terminal or a line a look elsewhere.
#include "render/watch.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/judgement.h"
#include "cli/observe.h"
#include "cli/output.h"
#include "cli/rule_files.h"
#include "cli/screen.h"
#include "model/look.h"

#include <memory>
#include <set>

#include <unistd.h>

namespace cli {
namespace {

constexpr std::size_t most_destinations = 15;

/// One look at the host, with all that the picture of it refers to.
struct Seen {
    snapshot::Host host;
    findings::Report report;
    facts::Look look;
};

class Watch {
  public:
    Watch(const Options& options, const rules::Loaded& loaded, const model::Assumptions& assumed)
        : options_(options), loaded_(loaded), assumed_(assumed), needs_(needs_of(loaded.rules)) {}

    base::Status look() {
        auto observed = observe(options_, assumed_, needs_);
        if (!observed) {
            return observed.error();
        }
        auto seen = std::make_unique<Seen>();
        seen->report = judge_host(options_, loaded_, assumed_, observed->host, Effects::left_out).report;
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
    model::Needs needs_;
    std::unique_ptr<Seen> now_;
    std::unique_ptr<Seen> before_;
    std::set<std::string> is_new_;
};

base::Status on_a_screen(Watch& watch, const Options& options) {
    Screen screen;
    for (;;) {
        if (const base::Status looked = watch.look(); !looked) {
            return looked;
        }
        for (Screen::Event event = Screen::Event::resized; event != Screen::Event::time_is_up;) {
            render::Style style = style_for(options);
            const Screen::Size size = screen.size();
            style.width = static_cast<int>(size.columns);
            if (const base::Status drawn =
                    screen.draw(render::watch_picture(watch.watched(), style, size.lines));
                !drawn) {
                return drawn;
            }
            event = screen.wait(options.interval_s);
            if (event == Screen::Event::quit) {
                return base::Nothing{};
            }
        }
    }
}

base::Status line_by_line(Watch& watch, const Options& options) {
    do {
        if (const base::Status looked = watch.look(); !looked) {
            return looked;
        }
        if (const base::Status written =
                base::write_all(STDOUT_FILENO, render::watch_line(watch.watched()) + "\n");
            !written) {
            return written;
        }
    } while (wait_or_end(options.interval_s));
    return base::Nothing{};
}

} // namespace

int watch(const Options& options) {
    const auto loaded = load_rules(options, Prose::without);
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
