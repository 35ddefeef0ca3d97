#define PY_SSIZE_T_CLEAN
#include "PythonShims.h"
#include <Python.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static PyObject *calls;

void pm_python_linked_version(char *buffer, size_t size) {
    const char *version = Py_GetVersion();
    size_t dots = 0, length = 0;
    while (version[length] != '\0' && version[length] != ' ') {
        if (version[length] == '.' && ++dots == 2) {
            break;
        }
        length++;
    }
    snprintf(buffer, size, "%.*s", (int)length, version);
}

static char *copy(const char *text) { return strdup(text != NULL ? text : "unknown error"); }

/* The pending exception as text; clears it. */
static char *pending_error(void) {
    PyObject *type = NULL, *value = NULL, *trace = NULL, *text = NULL, *bytes = NULL;
    char *result = NULL;
    PyErr_Fetch(&type, &value, &trace);
    PyErr_NormalizeException(&type, &value, &trace);
    if (value != NULL) {
        text = PyObject_Repr(value);
    }
    if (text != NULL) {
        bytes = PyUnicode_AsEncodedString(text, "utf-8", "backslashreplace");
    }
    result = copy(bytes != NULL ? PyBytes_AsString(bytes) : NULL);
    Py_XDECREF(bytes);
    Py_XDECREF(text);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(trace);
    PyErr_Clear();
    return result;
}

char *pm_python_start(const char *program) {
    PyPreConfig before;
    PyConfig config;
    PyStatus status;

    /* The isolated configuration ignores the locale: without UTF-8 mode, file names would be ASCII. */
    PyPreConfig_InitIsolatedConfig(&before);
    before.utf8_mode = 1;
    status = Py_PreInitialize(&before);
    if (PyStatus_Exception(status)) {
        return copy(status.err_msg);
    }
    PyConfig_InitIsolatedConfig(&config);
    config.install_signal_handlers = 0;
    config.site_import = 1;
    status = PyConfig_SetBytesString(&config, &config.program_name, program);
    if (!PyStatus_Exception(status)) {
        status = Py_InitializeFromConfig(&config);
    }
    PyConfig_Clear(&config);
    return PyStatus_Exception(status) ? copy(status.err_msg) : NULL;
}

char *pm_python_load(const char *name, const char *source, size_t length) {
    PyObject *code = NULL, *module = NULL, *text = PyUnicode_DecodeUTF8(source, (Py_ssize_t)length, NULL);
    const char *terminated = text != NULL ? PyUnicode_AsUTF8(text) : NULL;
    if (terminated != NULL) {
        code = Py_CompileString(terminated, name, Py_file_input);
    }
    if (code != NULL) {
        module = PyImport_ExecCodeModule(name, code);
    }
    char *error = module == NULL ? pending_error() : NULL;
    Py_XDECREF(code);
    Py_XDECREF(text);
    Py_XDECREF(module);
    return error;
}

char *pm_python_prepare(const char *name) {
    PyObject *result = NULL;
    calls = PyImport_ImportModule(name);
    if (calls != NULL) {
        result = PyObject_CallMethod(calls, "embedded", NULL);
    }
    char *error = result == NULL ? pending_error() : NULL;
    Py_XDECREF(result);
    return error;
}

char *pm_python_call(const char *function, const char *argument, size_t argument_length, size_t *length,
                     char **error) {
    char *result = NULL, *bytes = NULL;
    Py_ssize_t size = 0;
    PyObject *reply;
    *error = NULL;
    *length = 0;
    if (calls == NULL) {
        *error = copy("the glue is not loaded");
        return NULL;
    }
    reply = PyObject_CallMethod(calls, "dispatch", "sy#", function, argument, (Py_ssize_t)argument_length);
    if (reply != NULL && PyBytes_AsStringAndSize(reply, &bytes, &size) == 0) {
        result = malloc((size_t)size + 1);
        if (result != NULL) {
            memcpy(result, bytes, (size_t)size + 1);
            *length = (size_t)size;
        } else {
            *error = copy("out of memory");
        }
    } else {
        *error = pending_error();
    }
    Py_XDECREF(reply);
    return result;
}
