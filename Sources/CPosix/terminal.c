/* Pseudo terminals, jobs on them, and what an event loop polls. */
#define _GNU_SOURCE
#include "CPosix.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

int cposix_open_terminal(int *controller, int *terminal) {
    int code;

    *controller = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (*controller < 0) return errno;
    *terminal = -1;
    if (grantpt(*controller) == 0 && unlockpt(*controller) == 0) {
        char name[128];
        if (ptsname_r(*controller, name, sizeof name) == 0) *terminal = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    }
    if (*terminal >= 0) return 0;
    code = errno;
    close(*controller);
    return code ? code : EIO;
}

int cposix_set_terminal_size(int fd, int columns, int rows) {
    struct winsize size = {.ws_col = (unsigned short)columns, .ws_row = (unsigned short)rows};
    return ioctl(fd, TIOCSWINSZ, &size);
}

static void tell(int report, int kind, int value) {
    struct cposix_report record = {kind, value};
    ssize_t count;
    do count = write(report, &record, sizeof record);
    while (count < 0 && errno == EINTR);
}

static void default_signals(void) {
    sigset_t none;
    for (int number = 1; number < NSIG; number++) {
        struct sigaction action;
        if (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_IGN && action.sa_handler != SIG_DFL)
            signal(number, SIG_DFL);
    }
    signal(SIGPIPE, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void run_job(const char *path, char *const argv[], char *const envp[], int terminal, int input, int report) {
    setpgid(0, 0);
    signal(SIGTTOU, SIG_IGN);
    tcsetpgrp(terminal, getpid());
    signal(SIGTTOU, SIG_DFL);
    dup2(input >= 0 ? input : terminal, 0);
    dup2(terminal, 1);
    dup2(terminal, 2);
    execve(path, argv, envp);
    tell(report, 'x', errno);
    _exit(127);
}

/* The session's leader: waits for the job and reports. */
static void lead(pid_t job, int terminal, int report) {
    int keep_low = terminal < report ? terminal : report, keep_high = terminal < report ? report : terminal;
    int status;

    for (int fd = 0; fd < keep_low; fd++) close(fd);
    for (int fd = keep_low + 1; fd < keep_high; fd++) close(fd);
    close_range((unsigned)keep_high + 1, ~0U, 0);
    signal(SIGTTOU, SIG_IGN);
    signal(SIGTTIN, SIG_IGN);
    signal(SIGTSTP, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    tell(report, 'p', job);
    for (;;) {
        if (waitpid(job, &status, WUNTRACED | WCONTINUED) < 0) {
            if (errno == EINTR) continue;
            _exit(1);
        }
        if (WIFSTOPPED(status)) {
            tell(report, 's', WSTOPSIG(status));
        } else if (WIFCONTINUED(status)) {
            tell(report, 'c', 0);
        } else {
            /* The end of a session's leader hangs up on the foreground: that is this process then. */
            tcsetpgrp(terminal, getpid());
            tell(report, WIFEXITED(status) ? 'e' : 'k', WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
            _exit(0);
        }
    }
}

pid_t cposix_start_job(const char *path, char *const argv[], char *const envp[], int terminal, int input, int report) {
    pid_t leader = fork(), job;

    if (leader < 0) return -errno;
    if (leader > 0) return leader;
    default_signals();
    setsid();
    ioctl(terminal, TIOCSCTTY, 0);
    job = fork();
    if (job == 0) run_job(path, argv, envp, terminal, input, report);
    if (job < 0) {
        tell(report, 'x', errno);
        _exit(1);
    }
    setpgid(job, job);
    lead(job, terminal, report);
    _exit(0);
}

static int signal_pipe[2] = {-1, -1};

static void queue_signal(int number) {
    int code = errno;
    unsigned char byte = (unsigned char)number;
    ssize_t count = write(signal_pipe[1], &byte, 1);
    (void)count;
    errno = code;
}

void cposix_signal_queued(int number) {
    struct sigaction action = {.sa_handler = queue_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

void cposix_signal_default(int number) { signal(number, SIG_DFL); }

int cposix_signal_pipe(const int *signals, int count) {
    if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) != 0) return -errno;
    for (int index = 0; index < count; index++) {
        struct sigaction old;
        if (sigaction(signals[index], NULL, &old) == 0 && old.sa_handler == SIG_IGN) continue;
        cposix_signal_queued(signals[index]);
    }
    return signal_pipe[0];
}

int cposix_watch_open(void) { return inotify_init1(IN_CLOEXEC | IN_NONBLOCK); }

int cposix_watch_add(int watch, const char *path) {
    return inotify_add_watch(watch, path, IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVE_SELF | IN_DELETE_SELF)
                   < 0
               ? -1
               : 0;
}
