# What the rooms up to backend need, from headers and sources alone (GERBIL_ONLY_KERNELS): a cross
# compiler finds no libraries of its target, and needs none. The headers are seen through links, as
# -I/usr/include would hide the target's own.
find_package(Threads REQUIRED)
set(headers ${PROJECT_BINARY_DIR}/include)
file(MAKE_DIRECTORY ${headers})
foreach(name fmt hwy)
  if(NOT EXISTS /usr/include/${name})
    message(FATAL_ERROR "no /usr/include/${name}: run scripts/install-deps --dev")
  endif()
  file(CREATE_LINK /usr/include/${name} ${headers}/${name} SYMBOLIC)
endforeach()

add_library(gerbil_headers INTERFACE)
target_include_directories(gerbil_headers SYSTEM INTERFACE ${headers})
add_library(gerbil_fmt INTERFACE)
target_link_libraries(gerbil_fmt INTERFACE gerbil_headers)
target_compile_definitions(gerbil_fmt INTERFACE FMT_HEADER_ONLY=1)
add_library(fmt::fmt ALIAS gerbil_fmt)
# Kernels choose their instruction set themselves (src/kernels/dispatch.h): no function of Highway's
# library is called.
add_library(PkgConfig::HWY ALIAS gerbil_headers)

if(GERBIL_TESTS)
  set(INSTALL_GTEST OFF)
  add_subdirectory(/usr/src/googletest ${PROJECT_BINARY_DIR}/googletest EXCLUDE_FROM_ALL SYSTEM)
  foreach(name gmock gtest_main)
    if(NOT TARGET GTest::${name})
      add_library(GTest::${name} ALIAS ${name})
    endif()
  endforeach()
endif()
