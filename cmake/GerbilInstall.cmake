# cmake --install: the program, the bundled models, and the library as the package `gerbil`:
#
#   find_package(gerbil REQUIRED)
#   target_link_libraries(app PRIVATE gerbil::gerbil)          # shared
#   target_link_libraries(app PRIVATE gerbil::gerbil_static)   # or static
#
# or, by other build systems, pkg-config gerbil. All rooms become one library, from the objects that tests and program
# are linked from too. Installed trees may be moved.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

option(GERBIL_STATIC_LIBRARY "Install the static library too" ON)

set(objects)
foreach(room base platform tensor format hub text media graph model kernels backend runtime api)
  if(TARGET gerbil_${room})
    get_target_property(type gerbil_${room} TYPE)
    if(NOT type STREQUAL INTERFACE_LIBRARY)
      list(APPEND objects $<TARGET_OBJECTS:gerbil_${room}>)
    endif()
  endif()
endforeach()

# The public headers name none of these: a static library's users only link them.
set(private_libraries
  fmt::fmt simdjson::simdjson PkgConfig::PCRE2 PkgConfig::UTF8PROC PkgConfig::HWY PkgConfig::PICTURES
  PkgConfig::CRYPTO Threads::Threads)
set(GERBIL_VIDEO_MODULES "")
set(GERBIL_VIDEO_LIBS "")
if(FFMPEG_FOUND)
  list(APPEND private_libraries PkgConfig::FFMPEG)
  set(GERBIL_VIDEO_MODULES "libavformat libavcodec libavutil libswscale")
  # By name: its pkg-config files would have everything that FFmpeg itself is linked with.
  set(GERBIL_VIDEO_LIBS "-lavformat -lavcodec -lswscale -lavutil ")
endif()

set(GERBIL_HUB_MODULES "")
set(GERBIL_HUB_LIBS "")
if(CURL_FOUND)
  list(APPEND private_libraries PkgConfig::CURL)
  set(GERBIL_HUB_MODULES "libcurl")
  set(GERBIL_HUB_LIBS "-lcurl ")  # by name, too
endif()

function(gerbil_library target type export_name)
  add_library(${target} ${type} ${objects})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME gerbil EXPORT_NAME ${export_name} LINKER_LANGUAGE CXX)
  target_include_directories(${target} INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_features(${target} INTERFACE cxx_std_23)
  target_link_libraries(${target} PRIVATE ${private_libraries})
  install(TARGETS ${target} EXPORT gerbil
    LIBRARY COMPONENT runtime NAMELINK_COMPONENT development ARCHIVE COMPONENT development)
endfunction()

gerbil_library(gerbil_shared SHARED gerbil)
set_target_properties(gerbil_shared PROPERTIES
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
if(UNIX AND NOT APPLE)
  set(exports ${CMAKE_CURRENT_LIST_DIR}/exports.map)
  target_link_options(gerbil_shared PRIVATE LINKER:--version-script=${exports} LINKER:-z,defs)
  set_target_properties(gerbil_shared PROPERTIES LINK_DEPENDS ${exports})
endif()
if(GERBIL_STATIC_LIBRARY)
  gerbil_library(gerbil_static STATIC gerbil_static)
  target_compile_definitions(gerbil_static INTERFACE GERBIL_STATIC)
endif()

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/gerbil)
configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/gerbilConfig.cmake.in ${PROJECT_BINARY_DIR}/gerbilConfig.cmake
  INSTALL_DESTINATION ${package} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/gerbilConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/gerbilConfig.cmake ${PROJECT_BINARY_DIR}/gerbilConfigVersion.cmake
  DESTINATION ${package} COMPONENT development)
install(EXPORT gerbil NAMESPACE gerbil:: FILE gerbilTargets.cmake DESTINATION ${package} COMPONENT development)

# How far the prefix is from the file, so that a moved tree is found.
file(RELATIVE_PATH GERBIL_PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(${CMAKE_CURRENT_LIST_DIR}/gerbil.pc.in ${PROJECT_BINARY_DIR}/gerbil.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/gerbil.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/gerbil DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  COMPONENT development FILES_MATCHING PATTERN "*.h")
install(TARGETS gerbil COMPONENT runtime)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/models/ DESTINATION ${CMAKE_INSTALL_DATADIR}/gerbil/models COMPONENT runtime)
install(FILES ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/CHANGELOG.md ${PROJECT_SOURCE_DIR}/docs/plan.md
  ${PROJECT_SOURCE_DIR}/docs/benchmarks.md ${PROJECT_SOURCE_DIR}/docs/hub.md
  DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT runtime)
# Where Debian looks for it.
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE
  DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT runtime RENAME copyright)
