# run(COMMAND ...): fails the test with what the command said; `output` is its standard output otherwise.
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE errors)
  if(NOT result EQUAL 0)
    string(REPLACE ";" " " command "${ARGN}")
    message(FATAL_ERROR "${command}: ${result}\n${output}${errors}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

# The program must answer, by the library and the model of `tree`.
function(run_and_expect_answer what)
  run(${ARGN})
  if(NOT output STREQUAL "The wolf is the symbol of Murandy.\n")
    message(FATAL_ERROR "${what} answers: ${output}")
  endif()
endfunction()
