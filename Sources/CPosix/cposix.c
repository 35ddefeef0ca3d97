#define _GNU_SOURCE
#include "CPosix.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

struct below {
    void (*read)(void *);
    void *context;
    int code;
};

static int uncover_proc(void) {
    if (unshare(CLONE_NEWNS) != 0) return errno;
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) return errno;
    if (umount2("/proc", MNT_DETACH) != 0) return errno;
    return 0;
}

static int run_below(void *argument) {
    struct below *below = argument;
    int code;

    /* The caller's own time limit waits meanwhile. */
    alarm(5);
    code = uncover_proc();
    if (code == 0) below->read(below->context);
    below->code = code;
    return 0;
}

int cposix_below_proc(void (*read)(void *), void *context) {
    enum { SIZE = 1 << 20 };
    struct below below = {read, context, -1};
    char *stack = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    pid_t pid;

    if (stack == MAP_FAILED) return errno;
    pid = clone(run_below, stack + SIZE, CLONE_VM | CLONE_VFORK | SIGCHLD, &below);
    if (pid < 0) {
        below.code = errno;
    } else {
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
    }
    munmap(stack, SIZE);
    return below.code;
}

int cposix_terminal_size(int fd, int *columns, int *rows) {
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return -1;
    *columns = size.ws_col;
    *rows = size.ws_row;
    return 0;
}

pid_t cposix_spawn(const char *path, char *const argv[], char *const envp[],
                   int in_fd, int out_fd, int err_fd) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, defaults;
    pid_t pid = -1;
    int code;

    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGINT);
    sigaddset(&defaults, SIGTERM);
    if ((code = posix_spawn_file_actions_init(&actions)) != 0) return -code;
    if ((code = posix_spawnattr_init(&attributes)) != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return -code;
    }
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawn_file_actions_adddup2(&actions, in_fd, 0);
    posix_spawn_file_actions_adddup2(&actions, out_fd, 1);
    posix_spawn_file_actions_adddup2(&actions, err_fd, 2);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    code = posix_spawn(&pid, path, &actions, &attributes, argv, envp);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return code == 0 ? pid : -code;
}

void cposix_die_with_parent(void) { prctl(PR_SET_PDEATHSIG, SIGTERM); }

int cposix_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

char **cposix_environment(void) { return environ; }

/* Fills in the address of a path. A long one goes through its directory, which stays
   open as *directory until the address was used (-1 when it is not needed). */
static int unix_address(const char *path, struct sockaddr_un *address, int *directory) {
    const char *slash = strrchr(path, '/');
    char folder[4096];

    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    *directory = -1;
    if (strlen(path) < sizeof address->sun_path) {
        strcpy(address->sun_path, path);
        return 0;
    }
    if (slash == NULL || (size_t)(slash - path) >= sizeof folder) return -ENAMETOOLONG;
    memcpy(folder, path, (size_t)(slash - path));
    folder[slash - path] = '\0';
    *directory = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*directory < 0) return -errno;
    int length = snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d%s", *directory, slash);
    if (length < 0 || (size_t)length >= sizeof address->sun_path) {
        close(*directory);
        return -ENAMETOOLONG;
    }
    return 0;
}

int cposix_unix_connect(const char *path) {
    struct sockaddr_un address;
    int directory, code = unix_address(path, &address, &directory);
    if (code != 0) return code;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) code = -errno;
    else if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) code = -errno;
    if (directory >= 0) close(directory);
    if (code == 0) return fd;
    if (fd >= 0) close(fd);
    return code;
}

int cposix_unix_listen(const char *path, mode_t mode) {
    struct sockaddr_un address;
    int directory, code = unix_address(path, &address, &directory);
    if (code != 0) return code;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        code = -errno;
    } else {
        unlink(address.sun_path);
        /* The mode counts from the first moment on: bind makes the file. */
        mode_t old = umask(0777 & ~mode);
        if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0) code = -errno;
        umask(old);
        if (code == 0 && listen(fd, 128) != 0) code = -errno;
    }
    if (directory >= 0) close(directory);
    if (code == 0) return fd;
    if (fd >= 0) close(fd);
    return code;
}

int cposix_accept(int fd) {
    int connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    return connection >= 0 ? connection : -errno;
}

int cposix_peer(int fd, pid_t *pid, uid_t *user) {
    struct ucred credentials;
    socklen_t length = sizeof credentials;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) return -1;
    *pid = credentials.pid;
    *user = credentials.uid;
    return 0;
}
