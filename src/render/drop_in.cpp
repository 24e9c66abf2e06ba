// A drop-in for sysctl.d. A comment must have its line to itself: what follows a value belongs to the value.
#include "base/text.h"
#include "findings/place.h"
#include "render/formats.h"
#include "render/report_words.h"
#include "render/words.h"

#include <fmt/format.h>

namespace render {

namespace {

using findings::DropIn;
using findings::DropInLine;

constexpr std::size_t columns = 78;

/// "# prefix text", wrapped; later lines stand under the text. No line for an empty text.
void comment(std::ostream& out, std::string_view prefix, std::string_view text) {
    if (text.empty()) {
        return;
    }
    std::string before = "# " + std::string(prefix);
    for (const std::string& line : base::wrap(safe_line(text), columns - before.size())) {
        out << before << line << '\n';
        before = "# " + std::string(prefix.size(), ' ');
    }
}

/// For copying: whole, however long.
void commented(std::ostream& out, std::string_view prefix, std::string_view text) {
    out << "# " << prefix << safe_line(text) << '\n';
}

std::string undo_of(const findings::Setting& setting, const std::string& netns_path) {
    return setting.now ? findings::acting_in(netns_path, fmt::format("sysctl -w {}={}", setting.name,
                                                                     base::shell_quoted(*setting.now)))
                       : "unknown: the value of now could not be read";
}

void head(const findings::Report& report, std::ostream& out) {
    const auto time = rfc3339(report.time);
    comment(out, "", title_of(report) + (time ? ", " + *time : ""));
    comment(out, "", "The sysctls that this host needs, and no others; made by 'tcpadvisor audit'.");
}

void how_to(const DropIn& plan, std::ostream& out) {
    const std::string path(findings::drop_in_path);
    out << "#\n";
    commented(out, "keep it    ", "install -m 644 THIS-FILE " + path);
    const std::string apply = findings::acting_in(plan.netns_path, "sysctl -p " + path);
    commented(out, "apply      ", apply + (plan.netns_path.empty() ? " (all files: sysctl --system)" : ""));
    commented(out, "verify     ", findings::acting_in(plan.netns_path, "tcpadvisor audit"));
    commented(out, "undo       ", "rm " + path + " and the command below each line");
    out << "#\n";
    comment(out, "",
            "Judged again as if these lines were in force: " +
                count_of(plan.settled, "finding is", "findings are") + " gone, " +
                std::to_string(plan.remaining.size()) + " there" + (plan.remaining.empty() ? "." : ":"));
    for (const std::string& finding : plan.remaining) {
        comment(out, "  ", finding);
    }
}

void write_line(const DropInLine& line, const std::string& netns_path, std::ostream& out) {
    out << '\n';
    for (const std::string& reason : line.reasons) {
        comment(out, "", reason);
    }
    comment(out, "  what     ", line.text);
    comment(out, "  effect   ", line.effect);
    comment(out, "  risk     ", line.risk);
    for (const std::string& note : line.notes) {
        comment(out, "  note     ", note);
    }
    commented(out, "  undo     ", undo_of(line.setting, netns_path));
    out << line.setting.name << " = " << safe_line(line.setting.value) << '\n';
}

} // namespace

void report_sysctl(const findings::Report& report, const facts::Picture*, const Style&, std::ostream& out) {
    const DropIn plan = report.drop_in.value_or(DropIn());
    head(report, out);
    if (plan.lines.empty()) {
        out << "#\n";
        comment(out, "", "Nothing to set: no finding has a remedy that is a sysctl and helps.");
    } else {
        how_to(plan, out);
    }
    for (const DropInLine& line : plan.lines) {
        write_line(line, plan.netns_path, out);
    }
    if (!plan.left_out.empty()) {
        out << "\n# Left out\n";
    }
    for (const std::string& text : plan.left_out) {
        comment(out, "  ", text);
    }
}

} // namespace render
