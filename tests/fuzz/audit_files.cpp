// Files of settings of any format, for `audit --files`: as one without a name that tells its format, and as
// YAML.
#include "replay/settings_text.h"
#include "tests/fuzz/harness.h"

#include <string>

namespace {

void check(const replay::SettingsText& settings) {
    for (const replay::SettingLine& line : settings.lines) {
        fuzz::require(line.line >= 1 && line.line <= settings.as_written.size(),
                      "a setting has a line of the file");
        fuzz::require(line.text.find('\n') == std::string::npos, "a setting is one line");
    }
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    for (const char* name : {"x.conf", "x.yml"}) {
        const auto settings = [&] {
            const fuzz::MemoryLimit limit(3 * size); // 60 times: each line is kept, however short it is
            return replay::read_settings(std::string(text), name);
        }();
        fuzz::require(settings.has_value() || !settings.error().what.empty(), "a refusal says why");
        if (settings) {
            check(*settings);
        }
    }
    return 0;
}
