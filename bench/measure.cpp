// measure COMMAND...: runs COMMAND with its output thrown away and prints "EXIT CPU_MICROSECONDS PEAK_KIB".
//
// CPU time is user and system time of the command and of what it waited for. It is a program of its own
// because the peak memory that the kernel reports for a command is never below that of the process that
// started it.
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

long long microseconds(const timeval& time) {
    return static_cast<long long>(time.tv_sec) * 1'000'000 + time.tv_usec;
}

[[noreturn]] void run(char** command) {
    const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(nowhere, STDIN_FILENO);
    dup2(nowhere, STDOUT_FILENO);
    execvp(command[0], command);
    std::fprintf(stderr, "measure: %s: %s\n", command[0], std::strerror(errno));
    _exit(127);
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fputs("usage: measure COMMAND...\n", stderr);
        return 2;
    }
    const pid_t child = fork();
    if (child == 0) {
        run(argv + 1);
    }
    int status = 0;
    rusage used = {};
    if (child < 0 || wait4(child, &status, 0, &used) != child) {
        std::perror("measure");
        return 1;
    }
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    std::printf("%d %lld %ld\n", code, microseconds(used.ru_utime) + microseconds(used.ru_stime),
                used.ru_maxrss);
    return 0;
}
