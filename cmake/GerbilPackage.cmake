# cpack -G DEB in the build folder: one Debian package with program, libraries, headers, demo model and documents.
# What it depends on is found by dpkg-shlibdeps. One package, not three: the library's SONAME changes with each minor
# version, and who builds against it wants the program too.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME gerbil)
set(CPACK_PACKAGE_VENDOR gerbil)
set(CPACK_PACKAGE_CONTACT "The gerbil developers <gerbil@example.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Runs small language models on this device")
set(CPACK_PACKAGE_DESCRIPTION "gerbil answers prompts with language models from their published Hugging Face
checkpoints, without a conversion step, on the processors of this machine.
The package has the program, the library for C and C++ with its headers,
and a small model to try.")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
# The package is packed, not built again: build first.
set(CPACK_CMAKE_GENERATOR Ninja)
set(CPACK_DEB_COMPONENT_INSTALL OFF)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
include(CPack)
