#include "cli/surroundings.h"

#include "base/writing.h"

#include <csignal>
#include <cstdlib>

namespace cli {

namespace {

/// Of signals that every Linux has, so that it cannot fail.
void set(int signal, void (*action)(int)) {
    static_cast<void>(std::signal(signal, action));
}

} // namespace

void set_up_surroundings() {
    sigset_t none;
    ::sigemptyset(&none);
    ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
    set(SIGPIPE, SIG_IGN);
    set(SIGXFSZ, SIG_IGN);
    set(SIGALRM, SIG_DFL); // ignored, it would leave --timeout without effect until it is set up
    base::hold_standard_streams();
}

std::string variable(const char* name) {
    const char* value = std::getenv(name); // NOLINT(concurrency-mt-unsafe): nothing changes the environment
    return value != nullptr ? value : "";
}

} // namespace cli
