/* process_private.h: a process as process.c and process_lines.c know it. */
#ifndef PROCESS_PRIVATE_H
#define PROCESS_PRIVATE_H

#include "process.h"
#include "transcript.h"

struct process {
    struct process_set *set;
    char name[64]; /* the last argument, to tell them apart */
    pid_t pid;
    int end_fd; /* readable when it has ended; -1: seen */
    int in_fd;  /* -1: closed */
    struct transcript out, err;
    bool held; /* they are not read */
    int status;
    int64_t ended_at_ms;
};

struct process_set {
    struct process *processes[PROCESSES_MAX];
    size_t processes_n;
    int64_t began_at_ms;
};

#endif
