/* libfuzzer.c - start-up of a target under libFuzzer. */
#include "sim/core/env.h"
#include "sim/core/error.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return sd_core_init() == SD_OK ? 0 : -1;
}
