#include "cli/looks.h"

#include "base/gap.h"
#include "cli/output.h"
#include "cli/time_limit.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <sys/wait.h>
#include <unistd.h>

namespace cli {

namespace {

std::atomic<bool> end_was_asked = false;
std::atomic<bool> window_changed = false;

void note_signal(int signal) {
    (signal == SIGWINCH ? window_changed : end_was_asked) = true;
}

constexpr auto ending = std::to_array<int>({SIGINT, SIGTERM, SIGHUP});
sigset_t mask_while_waiting; // they come only then, so that none is missed between a test and the waiting

/// As a program that does not look again: a signal to the group ends it at once.
void be_a_single_run() {
    for (const int signal : ending) {
        static_cast<void>(std::signal(signal, SIG_DFL));
    }
    ::pthread_sigmask(SIG_SETMASK, &mask_while_waiting, nullptr);
}

/// How it ended, as waitpid(2) says it; none if there is no process to look with.
std::optional<int> look_once(const Options& options, const std::function<int(const Options&)>& look) {
    const pid_t child = ::fork();
    if (child == 0) {
        be_a_single_run();
        start_timeout(options);
        ::_exit(look(options));
    }
    int status = 0;
    while (child > 0 && ::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return child > 0 ? std::optional(status) : std::nullopt;
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

void catch_signals() {
    sigset_t caught;
    ::sigemptyset(&caught);
    ::sigaddset(&caught, SIGWINCH);
    for (const int signal : ending) {
        ::sigaddset(&caught, signal);
    }
    ::pthread_sigmask(SIG_BLOCK, &caught, &mask_while_waiting);
    struct sigaction action {};
    action.sa_handler = note_signal; // without SA_RESTART: ppoll() returns
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGWINCH}) {
        ::sigaction(signal, &action, nullptr);
    }
}

int wait_for_input(std::span<pollfd> inputs, Clock::time_point end) {
    const auto rest =
        std::max(std::chrono::nanoseconds(end - Clock::now()), std::chrono::nanoseconds(0)).count();
    const timespec left{rest / 1'000'000'000, rest % 1'000'000'000};
    return ::ppoll(inputs.data(), inputs.size(), &left, &mask_while_waiting);
}

bool must_end() {
    return end_was_asked;
}

bool was_resized() {
    return window_changed.exchange(false);
}

bool wait_or_end(Clock::time_point end) {
    while (!end_was_asked && wait_for_input({}, end) < 0) {
    }
    return !end_was_asked;
}

int look_again_and_again(const Options& options, const std::function<int(const Options&)>& look) {
    catch_signals();
    Clock::time_point next;
    do {
        next = after(*options.interval_s);
        const auto ended = look_once(options, look);
        if (!ended) {
            return fail(options, std::string("cannot start a look: ") + base::error_text(errno));
        }
        if (WIFSIGNALED(*ended)) {
            const char* name =
                ::strsignal(WTERMSIG(*ended)); // NOLINT(concurrency-mt-unsafe): no other thread
            fail(options, std::string("a look was ended: ") + name);
        }
        if (!options.output && reader_has_gone()) {
            return exit_failed;
        }
    } while (wait_or_end(next));
    return 0;
}

} // namespace cli
