# Language level and warnings for our own targets: everything links gerbil_options.
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
# The library exports what GERBIL_API marks and nothing else.
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # Paths below the source folder are hashed relative to it, so that two checkouts share one cache.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE_PROGRAM})
endif()

add_library(gerbil_options INTERFACE)
target_compile_options(gerbil_options INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor> -Wno-missing-field-initializers
  # One program, one answer: no contraction of a*b+c that depends on the compiler's mood.
  -ffp-contract=off
  # std::stable_sort of GCC 12's library calls what C++17 deprecates, and Clang blames its caller. GCC still warns.
  $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 sees overlapping copies in "x" + std::string at -O3 (its bug 105651).
  target_compile_options(gerbil_options INTERFACE -Wno-restrict)
endif()
target_include_directories(gerbil_options INTERFACE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
if(GERBIL_SANITIZE)
  target_compile_options(gerbil_options INTERFACE
    -fsanitize=${GERBIL_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(gerbil_options INTERFACE -fsanitize=${GERBIL_SANITIZE})
endif()
if(GERBIL_FUZZ)
  # Coverage counters in every room; only the fuzz programs link libFuzzer's main().
  target_compile_options(gerbil_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
