/* What Swift's Glibc module cannot reach: GNU extensions, variadic calls, clone. */
#ifndef CPOSIX_H
#define CPOSIX_H

#include <sys/types.h>

/* Calls `read` where the /proc below the one that a pid sandbox mounted over it is to be
   seen: in a child with a mount namespace of its own, which shares this process's memory,
   so that nothing is copied; this process waits. Returns 0, an errno when that is not
   possible, or -1 when the child was ended meanwhile: then the memory is not to be
   trusted. For programs with one thread. */
int cposix_below_proc(void (*read)(void *), void *context);

/* Columns and rows of the terminal behind fd. Returns 0, or -1 if it is none. */
int cposix_terminal_size(int fd, int *columns, int *rows);

/* Starts a program in a process group of its own, with default signals, these three
   descriptors and no other. Returns the pid, or -errno. */
pid_t cposix_spawn(const char *path, char *const argv[], char *const envp[],
                   int in_fd, int out_fd, int err_fd);

/* A pipe whose ends are closed at exec. Returns 0, or -1 with errno. */
int cposix_pipe(int ends[2]);

/* The process's environment, a NULL-terminated array. */
char **cposix_environment(void);

/* The two ends of a new pseudo terminal, both closed at exec. Returns 0, or an errno. */
int cposix_open_terminal(int *controller, int *terminal);

/* Tells the terminal behind fd its size. Returns 0, or -1 with errno. */
int cposix_set_terminal_size(int fd, int columns, int rows);

/* Starts a program as the foreground job of a session of its own on the terminal. The
   session's leader is a small process that only waits: without it the job would have no
   parent in its session, and a stop from the keyboard would not stop it. What becomes of
   the job is written to `report`. `input` takes the place of the terminal as standard
   input unless it is negative. Returns the leader's pid, or -errno. */
pid_t cposix_start_job(const char *path, char *const argv[], char *const envp[],
                       int terminal, int input, int report);

/* What `report` gets. */
struct cposix_report {
    /* 'p' the job's pid, 'x' it could not start (errno), 's' stopped (signal),
       'c' goes on, 'e' exited (code), 'k' killed (signal). */
    int kind;
    int value;
};

/* Turns signals into bytes on a pipe: each is one byte, its number. Signals that are
   ignored stay so. Returns the descriptor to read, or -errno. Once per process. */
int cposix_signal_pipe(const int *signals, int count);

/* Lets one of those signals act as it does by default, or be a byte again. */
void cposix_signal_default(int number);
void cposix_signal_queued(int number);

/* A descriptor that becomes readable when watched files change. Returns it, or -1. */
int cposix_watch_open(void);

/* Watches a file or directory for changes of content, new and removed entries.
   Returns 0, or -1 with errno. */
int cposix_watch_add(int watch, const char *path);

/* A stream connection to the Unix socket at a path, which does not block. Returns a
   descriptor, or -errno. */
int cposix_unix_connect(const char *path);

/* Listens on a new Unix socket at a path, in place of an old one, with this mode.
   Returns a descriptor, or -errno. */
int cposix_unix_listen(const char *path, mode_t mode);

/* Takes a connection, which does not block. Returns a descriptor, or -errno. */
int cposix_accept(int fd);

/* Process and user at the other end of a Unix socket, as they were when it was
   connected. Returns 0, or -1. */
int cposix_peer(int fd, pid_t *pid, uid_t *user);

/* Asks the kernel for SIGTERM when the process that started this one ends. */
void cposix_die_with_parent(void);

#endif
