// SPDX-License-Identifier: MIT
//
// limits.c - setting limits, on top of what the process has.
//
// The library's own threads, stacks and descriptors are there by then, and how much they take is no business of whoever
// wants to say how much a parser may take. So of memory and descriptors the limit is what is in use plus what was said.
//
// Memory is RLIMIT_DATA: what is private and may be written, so heap and stacks. RLIMIT_AS would count what is only
// reserved, too, which libc does in pieces of 64 MiB a thread.

#include "proc/limits.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static int set(__rlimit_resource_t what, rlim_t soft, rlim_t hard)
{
    struct rlimit limit;
    if (getrlimit(what, &limit) != 0)
        return ACTA_EIO;
    if (hard < limit.rlim_max) // nobody may raise that
        limit.rlim_max = hard;
    limit.rlim_cur = soft < limit.rlim_max ? soft : limit.rlim_max;
    return setrlimit(what, &limit) == 0 ? ACTA_OK : ACTA_EIO;
}

// data_bytes is what RLIMIT_DATA counts; 0: not known.
static uint64_t data_bytes(void)
{
    FILE *status = fopen("/proc/self/status", "re");
    if (status == NULL)
        return 0;
    char line[256];
    unsigned long long kib = 0;
    while (fgets(line, sizeof(line), status) != NULL && sscanf(line, "VmData: %llu kB", &kib) != 1)
        continue;
    (void)fclose(status);
    return (uint64_t)kib * 1024;
}

static int set_memory(uint64_t bytes)
{
    uint64_t used = data_bytes();
    if (used == 0)
        return ACTA_EIO;
    rlim_t limit = bytes < RLIM_INFINITY - used ? used + bytes : RLIM_INFINITY;
    return set(RLIMIT_DATA, limit, limit);
}

// open_descriptors counts them; 0: not known.
static uint32_t open_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL)
        return 0;
    uint32_t count = 0;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        count += entry->d_name[0] != '.';
    (void)closedir(folder);
    return count - 1; // without that of the folder
}

static int set_files(uint32_t files)
{
    uint32_t used = open_descriptors();
    if (used == 0)
        return ACTA_EIO;
    rlim_t limit = (rlim_t)used + files;
    return set(RLIMIT_NOFILE, limit, limit);
}

int acti_limits_set(const acta_limits *limits)
{
    int status = ACTA_OK;
    if (limits->cpu_seconds > 0) // SIGXCPU, and for whoever catches that SIGKILL a second later
        status = set(RLIMIT_CPU, limits->cpu_seconds, (rlim_t)limits->cpu_seconds + 1);
    if (status == ACTA_OK && limits->files > 0)
        status = set_files(limits->files);
    if (status == ACTA_OK && limits->memory_bytes > 0)
        status = set_memory(limits->memory_bytes);
    return status;
}
