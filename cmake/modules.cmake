include(GoogleTest)

# Precompiled for every module: what nearly all of its files include. Saves about a third of a clean build.
set(MUSTER_COMMON_HEADERS <algorithm> <chrono> <cstdint> <expected> <functional> <memory> <optional> <span> <string>
                          <string_view> <utility> <variant> <vector> <fmt/format.h>)
set(MUSTER_TEST_HEADERS <gmock/gmock.h> <gtest/gtest.h>)

# muster_module(<name> [USES <module>...] [LIBRARIES <target>...] [PRECOMPILE <header>...])
#
# PRECOMPILE names further headers worth precompiling for this module.
#
# One folder below src/ is one module: a static library muster_<name> of its *.cpp files, and, when there are *_test.cpp
# files, one test program <name>_test. USES names modules below this one; the order of the design is checked by
# tools/check-layers at every build.
function(muster_module name)
  cmake_parse_arguments(ARG "" "" "USES;LIBRARIES;PRECOMPILE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  if(NOT sources)
    message(STATUS "module ${name} has no sources yet")
    return()
  endif()

  add_library(muster_${name} STATIC ${sources})
  target_include_directories(muster_${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
  list(TRANSFORM ARG_USES PREPEND muster_)
  target_link_libraries(muster_${name} PUBLIC ${ARG_USES} ${ARG_LIBRARIES})
  target_precompile_headers(muster_${name} PRIVATE ${MUSTER_COMMON_HEADERS} ${ARG_PRECOMPILE})
  add_dependencies(muster_${name} check_layers)
  if(MUSTER_FUZZ) # the tests themselves are not searched, so they do not pay for the marks
    target_compile_options(muster_${name} PRIVATE -fsanitize=fuzzer-no-link)
  endif()

  if(tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE muster_${name} GTest::gmock_main)
    target_precompile_headers(${name}_test PRIVATE ${MUSTER_COMMON_HEADERS} ${MUSTER_TEST_HEADERS} ${ARG_PRECOMPILE})
    muster_test_program(${name}_test)
    gtest_discover_tests(${name}_test TEST_PREFIX ${name}. DISCOVERY_TIMEOUT 60 NO_PRETTY_VALUES PROPERTIES TIMEOUT 120)
  endif()
endfunction()

# muster_test_program(<name>): a program that ./check runs; the target test_programs builds them all.
function(muster_test_program name)
  if(NOT TARGET test_programs)
    add_custom_target(test_programs)
  endif()
  add_dependencies(test_programs ${name})
endfunction()

# muster_fuzz_target(<name> <source> <module>...): a libFuzzer program, and a CTest run over its seeds and a short search.
function(muster_fuzz_target name source)
  if(NOT MUSTER_FUZZ)
    return()
  endif()
  list(TRANSFORM ARGN PREPEND muster_ OUTPUT_VARIABLE libraries)
  add_executable(${name} ${source})
  target_link_libraries(${name} PRIVATE ${libraries})
  target_compile_options(${name} PRIVATE -fsanitize=fuzzer-no-link)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  muster_test_program(${name})
  set(seeds ${CMAKE_CURRENT_SOURCE_DIR}/seeds/${name})
  add_test(NAME ${name} COMMAND ${name} -max_total_time=${MUSTER_FUZZ_SECONDS} -timeout=10 -rss_limit_mb=2048 -print_final_stats=1
                                ${CMAKE_CURRENT_BINARY_DIR}/${name}.corpus ${seeds})
  file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/${name}.corpus)
  set_tests_properties(${name} PROPERTIES LABELS fuzz TIMEOUT 120)
endfunction()
