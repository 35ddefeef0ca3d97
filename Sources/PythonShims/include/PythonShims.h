/* What Swift needs of libpython, without Python.h: its macros and layouts do not import well.
 *
 * All functions but pm_python_linked_version must be called on one thread, the one that called pm_python_start. That
 * thread holds the interpreter's lock from then on. Nothing here lets a Python exception pass.
 */
#ifndef PORTMANTEAU_PYTHON_SHIMS_H
#define PORTMANTEAU_PYTHON_SHIMS_H

#include <stddef.h>

/* The version of the linked library as "3.11"; `buffer` gets at most `size` bytes, with the NUL. */
void pm_python_linked_version(char *buffer, size_t size);

/* Starts the interpreter as `program` would start it. Returns NULL, or what went wrong; free() it. */
char *pm_python_start(const char *program);

/* Runs the source text as module `name`. Returns NULL, or what went wrong; free() it. */
char *pm_python_load(const char *name, const char *source, size_t length);

/* Takes the loaded module `name` for what is called, and calls its embedded(). Returns NULL, or what went wrong;
 * free() it. */
char *pm_python_prepare(const char *name);

/* Calls dispatch(function, argument) of that module. On success returns its bytes, NUL-terminated, and sets `length`;
 * on failure returns NULL and sets `*error`. Free both with free(). */
char *pm_python_call(const char *function, const char *argument, size_t argument_length, size_t *length,
                     char **error);

#endif
