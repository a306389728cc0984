# cmake --install: the program, the bundled models, and the library as the package `gerbil`:
#
#   find_package(gerbil REQUIRED)
#   target_link_libraries(app PRIVATE gerbil::gerbil)
#
# All rooms become one library, libgerbil: static, or shared with -DBUILD_SHARED_LIBS=ON.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(objects)
foreach(room base platform tensor format hub text media graph model kernels backend runtime api)
  if(TARGET gerbil_${room})
    get_target_property(type gerbil_${room} TYPE)
    if(NOT type STREQUAL INTERFACE_LIBRARY)
      list(APPEND objects $<TARGET_OBJECTS:gerbil_${room}>)
    endif()
  endif()
endforeach()
add_library(gerbil_library ${objects})
set_target_properties(gerbil_library PROPERTIES
  OUTPUT_NAME gerbil EXPORT_NAME gerbil LINKER_LANGUAGE CXX
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
target_include_directories(gerbil_library INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_compile_features(gerbil_library INTERFACE cxx_std_23)
# The public headers name none of these: a static library's users only link them.
target_link_libraries(gerbil_library PRIVATE
  fmt::fmt simdjson::simdjson PkgConfig::PCRE2 PkgConfig::UTF8PROC PkgConfig::HWY Threads::Threads)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/gerbil)
get_target_property(GERBIL_LIBRARY_TYPE gerbil_library TYPE)
configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/gerbil-config.cmake.in ${PROJECT_BINARY_DIR}/gerbil-config.cmake
  INSTALL_DESTINATION ${package} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/gerbil-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/gerbil-config.cmake ${PROJECT_BINARY_DIR}/gerbil-config-version.cmake
  DESTINATION ${package})
install(TARGETS gerbil_library EXPORT gerbil)
install(EXPORT gerbil NAMESPACE gerbil:: FILE gerbil-targets.cmake DESTINATION ${package})

install(TARGETS gerbil)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/gerbil DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(DIRECTORY ${PROJECT_SOURCE_DIR}/models/ DESTINATION ${CMAKE_INSTALL_DATADIR}/gerbil/models)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
