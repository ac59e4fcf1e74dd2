# sd_pair_of(NAME SOURCES ... USES ...): what a protocol adds to it; objects, because sd_pair itself
# refers to them.
function(sd_pair_of name)
  cmake_parse_arguments(PAIR "" "" "SOURCES;USES" ${ARGN})
  add_library(${name} OBJECT ${PAIR_SOURCES})
  target_link_libraries(${name} PUBLIC ${PAIR_USES} sd_pair)
endfunction()
