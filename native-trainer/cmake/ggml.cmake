# The part of ggml the trainer needs: tensors' types, the GGUF format and the quantisers. No compute back end.
#
# ggml.cpp is left out on purpose: its only content is a terminate handler that starts a debugger.

set(_ggml "${LLAMA_SOURCE_DIR}/ggml/src")
set(GGML_VERSION "${TREX_LLAMA_TAG}")
set(GGML_BUILD_COMMIT "${TREX_LLAMA_TAG}")
configure_file("${_ggml}/ggml-version.h.in" "${CMAKE_BINARY_DIR}/generated/ggml-version.h" @ONLY)

add_library(trex_ggml STATIC
  "${_ggml}/ggml.c"
  "${_ggml}/ggml-alloc.c"
  "${_ggml}/ggml-backend.cpp"
  "${_ggml}/ggml-backend-meta.cpp"
  "${_ggml}/ggml-quants.c"
  "${_ggml}/ggml-threading.cpp"
  "${_ggml}/gguf.cpp")
target_include_directories(trex_ggml
  SYSTEM PUBLIC "${LLAMA_SOURCE_DIR}/ggml/include"
  PRIVATE "${_ggml}" "${CMAKE_BINARY_DIR}/generated")
if(NOT MSVC)
  target_compile_options(trex_ggml PRIVATE -w)
endif()
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  target_compile_definitions(trex_ggml PRIVATE _GNU_SOURCE _XOPEN_SOURCE=600)
elseif(APPLE)
  target_compile_definitions(trex_ggml PRIVATE _DARWIN_C_SOURCE _XOPEN_SOURCE=600)
endif()
find_package(Threads REQUIRED)
target_link_libraries(trex_ggml PUBLIC Threads::Threads)
if(UNIX AND NOT APPLE)
  target_link_libraries(trex_ggml PUBLIC m)
endif()
