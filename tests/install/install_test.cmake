# cmake -D BUILD=... -P install_test.cmake: see CMakeLists.txt beside.
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    string(REPLACE ";" " " command "${ARGN}")
    message(FATAL_ERROR "${command}: ${result}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${WORK})
set(prefix ${WORK}/prefix)
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${prefix})

# Moved: neither the program nor the package may remember where it was installed to.
set(moved ${WORK}/moved)
file(RENAME ${prefix} ${moved})
run(${CMAKE_COMMAND} -E env --unset=GERBIL_MODELS ${moved}/bin/gerbil run demo "Whose national symbol is the wolf?" --quiet)
if(NOT output STREQUAL "The wolf is the symbol of Murandy.\n")
  message(FATAL_ERROR "the installed program answers: ${output}")
endif()

run(${CMAKE_COMMAND} -S ${CONSUMER} -B ${WORK}/consumer -G ${GENERATOR} -D CMAKE_PREFIX_PATH=${moved}
    -D CMAKE_CXX_COMPILER=${CXX} -D CMAKE_BUILD_TYPE=${BUILD_TYPE})
run(${CMAKE_COMMAND} --build ${WORK}/consumer)
run(${WORK}/consumer/consumer ${moved}/share/gerbil/models)
if(NOT output STREQUAL "The wolf is the symbol of Murandy.\n")
  message(FATAL_ERROR "the consumer answers: ${output}")
endif()
file(REMOVE_RECURSE ${WORK})
