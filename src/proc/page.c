// SPDX-License-Identifier: MIT
//
// page.c - making a page, and finding the one that this process was made with.

#include "proc/page.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

static acti_page *map(int fd)
{
    void *at = mmap(NULL, sizeof(acti_page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return at != MAP_FAILED ? at : NULL;
}

static int status_of(int error)
{
    return error == EMFILE || error == ENFILE ? ACTA_EFULL : error == ENOMEM ? ACTA_ENOMEM : ACTA_EIO;
}

int acti_page_new(acti_page **page, int *fd)
{
    int file = memfd_create("acta-process", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (file < 0)
        return status_of(errno);
    acti_page *made = NULL;
    if (ftruncate(file, sizeof(acti_page)) == 0 && fcntl(file, F_ADD_SEALS, SEALS) == 0)
        made = map(file);
    if (made == NULL) {
        int status = status_of(errno);
        close(file);
        return status;
    }
    snprintf(made->version, sizeof(made->version), "%s", acta_version());
    *page = made;
    *fd = file;
    return ACTA_OK;
}

// is_page: whether the descriptor is of our making.
static bool is_page(int fd)
{
    return fcntl(fd, F_GET_SEALS) == SEALS;
}

int acti_page_given(acti_page **page)
{
    *page = NULL;
    const char *number = getenv(ACTI_PAGE_VARIABLE);
    if (number == NULL)
        return ACTA_OK;
    char expected[16];
    snprintf(expected, sizeof(expected), "%d", ACTI_PAGE_DESCRIPTOR);
    bool meant = strcmp(number, expected) == 0 && is_page(ACTI_PAGE_DESCRIPTOR);
    (void)unsetenv(ACTI_PAGE_VARIABLE); // it is not for those that this process makes
    if (!meant)
        return ACTA_OK; // somebody has copied the variable
    struct stat st;
    bool fits = fstat(ACTI_PAGE_DESCRIPTOR, &st) == 0 && st.st_size == sizeof(acti_page);
    acti_page *given = fits ? map(ACTI_PAGE_DESCRIPTOR) : NULL;
    close(ACTI_PAGE_DESCRIPTOR);
    if (given == NULL)
        return fits ? ACTA_ENOMEM : ACTA_EVERSION;
    if (strncmp(given->version, acta_version(), sizeof(given->version)) != 0) {
        acti_page_free(&given);
        return ACTA_EVERSION;
    }
    *page = given;
    return ACTA_OK;
}

void acti_page_free(acti_page **page)
{
    if (*page != NULL)
        (void)munmap(*page, sizeof(**page));
    *page = NULL;
}
