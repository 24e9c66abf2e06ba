// Where the answer goes, or why there is none: standard output or files, whole or not at all, each in its
// format, and what kind of terminal reads it.
#pragma once

#include "base/result.h"
#include "cli/judge.h"
#include "cli/options.h"
#include "render/formats.h"

#include <algorithm>
#include <string>
#include <vector>

namespace cli {

/// UNKNOWN of the plugin contract: of every run that could not answer.
constexpr int exit_failed = 3;

/// Colour, width and character set for this run: from the options, the environment and the terminal.
render::Style style_for(const Options& options);

/// Writes to standard output, or in place of the file that --output names.
base::Status deliver(const Options& options, const std::string& content);

/// The same as the end of a command: `exit_code`, or 3 if it could not be written.
int deliver_or_fail(const Options& options, const std::string& content, int exit_code);

/// 3 if a namespace lacks its sockets, else 0.
template <typename Answer>
int exit_of_answers(const std::vector<Answer>& answers) {
    const bool complete = std::none_of(answers.begin(), answers.end(),
                                       [](const Answer& answer) { return answer.unknown.has_value(); });
    return complete ? 0 : exit_failed;
}

/// A failed run, told as the format of the answer tells it, and in the files of --report whose formats can
/// tell it. Returns the exit code 3.
int fail(const Options& options, const std::string& message, const std::vector<std::string>& details = {});

struct Message {
    std::string text;
    int descriptor; // of the stream that its reader looks at
};

/// What such a run says, and where.
Message message_of(const Options& options, const render::Failure& failure);

// The end of a judging run: the report in every form that was asked for, and the exit code.

/// The format of the answer: that of --format, if the command has it, else the first one of the command;
/// text if it has none.
const render::Format& format_of(const Options& options);

/// Does one of the outputs show this?
bool shows(const Options& options, bool render::Shows::*what);

/// Everything is made before anything is written, and the files of --report are written before the answer:
/// who reads that can rely on them. The first that cannot be written ends the run with 3.
int publish(const Options& options, const Judgement& judgement);

} // namespace cli
