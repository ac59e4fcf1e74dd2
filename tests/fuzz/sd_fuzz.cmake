# sd_fuzz(NAME SOURCES ... USES ...): a fuzz target.  SOURCES define LLVMFuzzerTestOneInput() and,
# if they like, sd_fuzz_seeds() (fuzz.h).  Built with gcc it is driven by driver.c, for about three
# seconds in ctest, always with the same inputs in the same order; with clang and -DSD_FUZZ=ON it
# is a libFuzzer program, which ctest leaves alone.
function(sd_fuzz name)
  cmake_parse_arguments(FUZZ "" "" "SOURCES;USES" ${ARGN})
  if(SD_FUZZ)
    sd_program(${name} SOURCES ${FUZZ_SOURCES} ${PROJECT_SOURCE_DIR}/tests/fuzz/libfuzzer.c
               USES ${FUZZ_USES})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer,address,undefined)
  else()
    sd_program(${name} SOURCES ${FUZZ_SOURCES} ${PROJECT_SOURCE_DIR}/tests/fuzz/driver.c
               USES ${FUZZ_USES})
    add_test(NAME ${name} COMMAND ${name} --seconds 3)
    set_tests_properties(${name} PROPERTIES LABELS fuzz)
    add_dependencies(unit_tests ${name})
  endif()
endfunction()
