#include "cli/looks.h"

#include "cli/output.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cli {

namespace {

std::atomic<bool> end_was_asked = false;
std::atomic<bool> window_changed = false;

void note_signal(int signal) {
    (signal == SIGWINCH ? window_changed : end_was_asked) = true;
}

/// False if there is no process to look with.
bool look_once(const Options& options, const std::function<int(const Options&)>& look) {
    const pid_t child = ::fork();
    if (child == 0) {
        start_timeout(options);
        ::_exit(look(options));
    }
    int status = 0;
    while (child > 0 && ::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return child > 0;
}

/// Does the reader of a pipe not want any more of it?
bool reader_has_gone() {
    pollfd output{STDOUT_FILENO, 0, 0};
    return ::poll(&output, 1, 0) == 1;
}

} // namespace

Clock::time_point after(double seconds) {
    return Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

int left(Clock::time_point end) {
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    return static_cast<int>(std::max<std::int64_t>(rest, 0));
}

void catch_signals() {
    struct sigaction action {};
    action.sa_handler = note_signal; // without SA_RESTART: poll() returns
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGWINCH}) {
        ::sigaction(signal, &action, nullptr);
    }
}

bool must_end() {
    return end_was_asked;
}

bool was_resized() {
    return window_changed.exchange(false);
}

bool wait_or_end(Clock::time_point end) {
    while (!end_was_asked && left(end) > 0) {
        ::poll(nullptr, 0, left(end));
    }
    return !end_was_asked;
}

int look_again_and_again(const Options& options, const std::function<int(const Options&)>& look) {
    catch_signals();
    Clock::time_point next;
    do {
        next = after(*options.interval_s);
        if (!look_once(options, look)) {
            return fail(options, std::string("cannot start a look: ") + std::strerror(errno));
        }
        if (!options.output && reader_has_gone()) {
            return exit_failed;
        }
    } while (wait_or_end(next));
    return 0;
}

} // namespace cli
