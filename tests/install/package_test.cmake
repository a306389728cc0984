# cmake -D BUILD=... -P package_test.cmake: see CMakeLists.txt beside.
include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)

file(REMOVE_RECURSE ${WORK})
run(${CPACK} -G DEB --config ${BUILD}/CPackConfig.cmake -B ${WORK} -D CPACK_DEBIAN_COMPRESSION_TYPE=gzip)
file(GLOB packages ${WORK}/*.deb)
list(LENGTH packages count)
if(NOT count EQUAL 1)
  message(FATAL_ERROR "expected one package, found: ${packages}")
endif()

run(${DPKG_DEB} --field ${packages})
foreach(field "Package: gerbil\n" "Version: 0\\.1\\.0-1\n" "Depends: [^\n]*libc6 [^\n]*libfmt9 [^\n]*libpcre2-8-0 "
        "Section: science\n" "Description: Runs small language models")
  if(NOT output MATCHES "${field}")
    message(FATAL_ERROR "the package's fields have no \"${field}\":\n${output}")
  endif()
endforeach()

run(${DPKG_DEB} --contents ${packages})
foreach(path bin/gerbil ${LIBDIR}/libgerbil.so ${LIBDIR}/libgerbil.so.0.1 ${LIBDIR}/libgerbil.a
        ${LIBDIR}/pkgconfig/gerbil.pc ${LIBDIR}/cmake/gerbil/gerbilConfig.cmake include/gerbil/gerbil.h include/gerbil/gerbil_c.h
        share/gerbil/models/qwen3_5-nano-vl/model.safetensors share/doc/gerbil/copyright share/doc/gerbil/README.md)
  string(FIND "${output}" "./usr/${path}" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "the package lacks /usr/${path}:\n${output}")
  endif()
endforeach()

# Unpacked somewhere else, it runs.
set(root ${WORK}/root)
run(${DPKG_DEB} --extract ${packages} ${root})
run_and_expect_answer("the packaged program" ${CMAKE_COMMAND} -E env --unset=GERBIL_MODELS
  ${root}/usr/bin/gerbil run demo "Whose national symbol is the wolf?" --quiet)
file(REMOVE_RECURSE ${WORK})
