#include "cli/time_limit.h"

#include "base/writing.h"
#include "cli/output.h"
#include "kernel/privileges.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <poll.h>
#include <pthread.h>
#include <string>
#include <sys/time.h>
#include <unistd.h>

#include <fmt/format.h>

namespace cli {

namespace {

using Clock = std::chrono::steady_clock;

// Made before the timer starts, because a signal handler may only write.
std::string timeout_message;
int timeout_descriptor = STDERR_FILENO;
timespec last_moment{}; // on the monotonic clock

void give_up(int) {
    base::abandon_writing();
    pollfd reader{timeout_descriptor, POLLOUT, 0};
    if (::poll(&reader, 1, 0) == 1) { // a pipe that nobody reads would hold this up, too
        const ssize_t ignored = ::write(timeout_descriptor, timeout_message.data(), timeout_message.size());
        static_cast<void>(ignored);
    }
    ::_exit(exit_failed);
}

void* wait_for_last_moment(void*) {
    kernel::give_up_capabilities(); // those of a thread are its own
    int refused = EINTR;
    while (refused == EINTR) {
        refused = ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &last_moment, nullptr);
    }
    if (refused == 0) {
        give_up(SIGALRM);
    }
    return nullptr;
}

/// A system call that only the end of its process interrupts, as in a file system whose server hangs (FUSE,
/// NFS), keeps the signal of the timer waiting; another thread can still end the process. Without one the
/// timer has to do.
void start_second_line() {
    constexpr std::size_t smallest_stack = 65536;
    pthread_attr_t small;
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before); // signals are for the other one
    ::pthread_attr_init(&small);
    ::pthread_attr_setstacksize(&small, smallest_stack);
    ::pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
    pthread_t thread{};
    static_cast<void>(::pthread_create(&thread, &small, wait_for_last_moment, nullptr));
    ::pthread_attr_destroy(&small);
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

double seconds_in_all(const Options& options) {
    return options.timeout_s + options.wait_s.value_or(0);
}

/// Until the timer ends the run; where none does, as in `watch`, the time begins now.
double seconds_left(const Options& options) {
    itimerval timer{};
    ::getitimer(ITIMER_REAL, &timer);
    const double left =
        static_cast<double>(timer.it_value.tv_sec) + static_cast<double>(timer.it_value.tv_usec) / 1e6;
    return left > 0 ? left : seconds_in_all(options);
}

/// The moment when so many seconds are left.
Clock::time_point when_left(const Options& options, double seconds) {
    const std::chrono::duration<double> until(seconds_left(options) - seconds);
    return Clock::now() + std::chrono::duration_cast<Clock::duration>(until);
}

} // namespace

void start_timeout(const Options& options) {
    constexpr double later = 0.1; // than the timer, in seconds
    const Message message =
        message_of(options, {fmt::format("no answer within {:g} s (--timeout)", options.timeout_s)});
    timeout_message = message.text;
    timeout_descriptor = message.descriptor;
    struct sigaction action {};
    action.sa_handler = give_up;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(SIGALRM, &action, nullptr);
    itimerval timer{};
    const double seconds = seconds_in_all(options);
    timer.it_value.tv_sec = static_cast<time_t>(seconds);
    timer.it_value.tv_usec =
        static_cast<suseconds_t>((seconds - static_cast<double>(timer.it_value.tv_sec)) * 1e6) + 1;
    ::setitimer(ITIMER_REAL, &timer, nullptr);
    ::clock_gettime(CLOCK_MONOTONIC, &last_moment);
    const double end = static_cast<double>(last_moment.tv_nsec) / 1e9 + seconds + later;
    last_moment.tv_sec += static_cast<time_t>(end);
    last_moment.tv_nsec = static_cast<long>((end - static_cast<double>(static_cast<time_t>(end))) * 1e9);
    start_second_line();
}

kernel::Deadline end_of_collecting(const Options& options) {
    constexpr double share_of_the_rest = 0.15;
    return when_left(options, share_of_the_rest * options.timeout_s);
}

rules::Stop end_of_judging(const Options& options, std::chrono::duration<double> pass) {
    constexpr double share_of_the_answer = 0.05;
    const auto end = when_left(options, share_of_the_answer * options.timeout_s + 2 * pass.count());
    return [end] { return Clock::now() >= end; };
}

double patience_of(const Options& options) {
    constexpr double most = 0.5;
    return std::min(most, seconds_left(options) / 2);
}

} // namespace cli
