# sanitized.cmake - builds the unit tests and fuzz targets once more with AddressSanitizer and
# UndefinedBehaviorSanitizer, in a directory of their own, and runs them.
#   cmake -DSOURCE=DIR -DBUILD=DIR -P sanitized.cmake
function(step what)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output
                  ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${output}\nsanitized: ${what} failed; again with:\n  cmake -DSOURCE=${SOURCE} -DBUILD=${BUILD} -P ${SOURCE}/tests/sanitized.cmake")
  endif()
  message(STATUS "sanitized: ${what}: fine")
endfunction()

step("configuring" ${CMAKE_COMMAND} -S ${SOURCE} -B ${BUILD} -G Ninja -DSD_SANITIZE=ON)
step("building" ${CMAKE_COMMAND} --build ${BUILD} --target unit_tests)
step("testing" ${CMAKE_CTEST_COMMAND} --test-dir ${BUILD} -L "unit|fuzz" -j2 --output-on-failure
     --no-tests=error)
