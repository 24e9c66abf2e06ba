#include "cli/surroundings.h"

#include "base/writing.h"

#include <csignal>

namespace cli {

void set_up_surroundings() {
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
    std::signal(SIGALRM, SIG_DFL); // ignored, it would leave --timeout without effect until it is set up
    base::hold_standard_streams();
}

} // namespace cli
