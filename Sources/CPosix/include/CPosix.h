/* What Swift's Glibc module cannot reach: GNU extensions, variadic calls, fork. */
#ifndef CPOSIX_H
#define CPOSIX_H

#include <sys/types.h>

/* Uncovers the /proc below the one a pid sandbox mounted over it, in a mount
   namespace of the calling process alone. Returns 0, or an errno. */
int cposix_uncover_proc(void);

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

/* fork, which Swift hides. The child must touch nothing that another thread could
   have locked: for programs with one thread. */
pid_t cposix_fork(void);

/* Asks the kernel for SIGTERM when the process that started this one ends. */
void cposix_die_with_parent(void);

#endif
