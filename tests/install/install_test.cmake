# cmake -D BUILD=... -P install_test.cmake: see CMakeLists.txt beside.
include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)
set(question "Whose national symbol is the wolf?")
set(clean ${CMAKE_COMMAND} -E env --unset=GERBIL_MODELS --unset=LD_LIBRARY_PATH)

file(REMOVE_RECURSE ${WORK})
set(prefix ${WORK}/prefix)
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${prefix} --strip)

# Moved: neither the program nor the package may remember where it was installed to.
set(moved ${WORK}/moved)
file(RENAME ${prefix} ${moved})
set(models ${moved}/share/gerbil/models)
run_and_expect_answer("the installed program" ${clean} ${moved}/bin/gerbil run demo ${question} --quiet)

# By find_package: C alone, C++ with the shared library, C++ with the static one.
foreach(consumer consumer c_consumer)
  run(${CMAKE_COMMAND} -S ${SOURCE}/tests/install/${consumer} -B ${WORK}/${consumer} -G ${GENERATOR}
      -D CMAKE_PREFIX_PATH=${moved} -D CMAKE_C_COMPILER=${CC} -D CMAKE_CXX_COMPILER=${CXX}
      -D CMAKE_BUILD_TYPE=${BUILD_TYPE})
  run(${CMAKE_COMMAND} --build ${WORK}/${consumer})
  run_and_expect_answer(${consumer} ${clean} ${WORK}/${consumer}/${consumer} ${models})
endforeach()
run_and_expect_answer("the static consumer" ${clean} ${WORK}/consumer/consumer_static ${models})

# By pkg-config.
find_program(PKG_CONFIG NAMES pkg-config pkgconf REQUIRED)
set(ENV{PKG_CONFIG_PATH} ${moved}/${LIBDIR}/pkgconfig)
run(${PKG_CONFIG} --cflags --libs gerbil)
separate_arguments(flags UNIX_COMMAND "${output}")
run(${CC} -std=c11 ${SOURCE}/tests/install/c_consumer/main.c -o ${WORK}/by_pkg_config ${flags})
run_and_expect_answer("the C program by pkg-config"
  ${clean} LD_LIBRARY_PATH=${moved}/${LIBDIR} ${WORK}/by_pkg_config ${models})
run(${CXX} -std=c++23 ${SOURCE}/tests/install/consumer/main.cc -o ${WORK}/by_pkg_config_cxx ${flags})
run_and_expect_answer("the C++ program by pkg-config"
  ${clean} LD_LIBRARY_PATH=${moved}/${LIBDIR} ${WORK}/by_pkg_config_cxx ${models})
run(${PKG_CONFIG} --static --cflags --libs gerbil)
file(REMOVE_RECURSE ${WORK})
