/* A place for a test's files, and its end. */
#ifndef DRAGOMAN_TESTS_SUPPORT_DIRECTORY_H
#define DRAGOMAN_TESTS_SUPPORT_DIRECTORY_H

#include <stddef.h>

/* Makes a new directory and writes its path; the test program ends if it cannot. */
void temporary_directory(char *path, size_t room);
/* With the files in it; directories within are not looked for. */
void remove_directory(const char *path);

#endif
