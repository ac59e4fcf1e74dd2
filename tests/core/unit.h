/* unit.h - cmocka, after the headers that it expects to be there already. */
#ifndef SD_TESTS_UNIT_H
#define SD_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SD_ROWS(array) (sizeof(array) / sizeof(array)[0])

#endif
