/* What cmocka.h wants before it, in its order. */
#ifndef DRAGOMAN_TESTS_SUPPORT_CMOCKA_ALL_H
#define DRAGOMAN_TESTS_SUPPORT_CMOCKA_ALL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* cmocka's fail() would hide ours (mapping/model/failure.h); fail_msg() stays. */
#undef fail

#endif
