#include "render/render.h"
#include "tests/catch.h"
#include "tests/render/golden.h"
#include "tests/render/reports.h"

#include <sstream>

TEST_CASE("reports look as their golden files") {
    for (const test::ReportCase& item : test::report_cases()) {
        for (const render::Format& format : render::formats()) {
            if (item.name == "many" && format.name != "nagios") {
                continue; // only there does the number of findings matter
            }
            std::ostringstream out;
            format.render(item.report, render::Style{}, out);
            test::check_golden(item.name, std::string(format.name), findings::exit_code(item.report.worst()),
                               out.str());
        }
    }
}

TEST_CASE("verbosity shows more, and less") {
    for (const char* name : {"nagios", "text"}) {
        for (const int verbosity : {-1, 2}) {
            std::ostringstream out;
            render::Style style;
            style.verbosity = verbosity;
            render::find_format(name)->render(test::report_cases()[4].report, style, out);
            test::check_golden(verbosity < 0 ? "unknown-quiet" : "unknown-verbose", name, 3, out.str());
        }
    }
}

TEST_CASE("what overrides hide is said from -v on") {
    for (const char* name : {"nagios", "text"}) {
        std::ostringstream out;
        render::Style style;
        style.verbosity = 1;
        render::find_format(name)->render(test::overrides_report(), style, out);
        test::check_golden("overrides-verbose", name, 1, out.str());
    }
}

TEST_CASE("a format that does not exist is not found") {
    CHECK(render::find_format("xml") == nullptr);
    CHECK(render::find_format("") == nullptr);
}
