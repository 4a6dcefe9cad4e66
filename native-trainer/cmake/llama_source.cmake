# The llama.cpp source inside the pinned node-llama-cpp package: the trainer reads and writes model files with the
# very code the runtime uses, so both agree on formats and on what a quantised block means.
#
# Sets LLAMA_SOURCE_DIR.

set(TREX_LLAMA_TAG "v0.4.0")

if(TREX_LLAMA_SOURCE)
  set(LLAMA_SOURCE_DIR "${TREX_LLAMA_SOURCE}")
else()
  get_filename_component(_package "${CMAKE_CURRENT_SOURCE_DIR}/../node_modules/node-llama-cpp/llama" ABSOLUTE)
  set(_bundle "${_package}/gitRelease.bundle")
  set(_info "${_package}/llama.cpp.info.json")
  if(NOT EXISTS "${_bundle}" OR NOT EXISTS "${_info}")
    message(FATAL_ERROR "node-llama-cpp is not installed (no ${_bundle}). Run `npm ci` in the project folder first, "
                        "or point TREX_LLAMA_SOURCE at a llama.cpp source folder.")
  endif()

  file(READ "${_info}" _info_text)
  string(JSON _tag GET "${_info_text}" tag)
  if(NOT _tag STREQUAL TREX_LLAMA_TAG)
    message(FATAL_ERROR "node-llama-cpp ships llama.cpp ${_tag}, but this trainer was checked against ${TREX_LLAMA_TAG}. "
                        "Re-check the GGUF and quantisation code, then update cmake/llama_source.cmake.")
  endif()

  set(LLAMA_SOURCE_DIR "${CMAKE_BINARY_DIR}/llama.cpp")
  # The stamp is written last, so neither a half-finished clone nor one of an earlier tag is taken for the real thing.
  set(_stamp "${CMAKE_BINARY_DIR}/llama.cpp.tag")
  set(_unpacked "")
  if(EXISTS "${_stamp}")
    file(READ "${_stamp}" _unpacked)
  endif()
  if(NOT _unpacked STREQUAL _tag)
    find_package(Git REQUIRED)
    file(REMOVE_RECURSE "${LLAMA_SOURCE_DIR}")
    message(STATUS "Unpacking llama.cpp ${_tag} from node-llama-cpp")
    file(REMOVE "${_stamp}")
    execute_process(
      COMMAND "${GIT_EXECUTABLE}" -c advice.detachedHead=false clone --quiet "${_bundle}" "${LLAMA_SOURCE_DIR}"
      RESULT_VARIABLE _clone_result)
    if(NOT _clone_result EQUAL 0)
      file(REMOVE_RECURSE "${LLAMA_SOURCE_DIR}")
      message(FATAL_ERROR "Could not unpack ${_bundle}; reinstall node-llama-cpp with `npm ci`.")
    endif()
    file(WRITE "${_stamp}" "${_tag}")
  endif()
endif()

foreach(_needed ggml/include/gguf.h ggml/src/gguf.cpp ggml/src/ggml-quants.c vendor/nlohmann/json.hpp vendor/hash/sha256/sha256.c)
  if(NOT EXISTS "${LLAMA_SOURCE_DIR}/${_needed}")
    message(FATAL_ERROR "${LLAMA_SOURCE_DIR} is not a llama.cpp source folder (${_needed} is missing).")
  endif()
endforeach()

add_library(trex_json INTERFACE)
target_include_directories(trex_json SYSTEM INTERFACE "${LLAMA_SOURCE_DIR}/vendor")

# Igor Pavlov's public-domain SHA-256, which llama.cpp carries.
add_library(trex_sha256 STATIC "${LLAMA_SOURCE_DIR}/vendor/hash/sha256/sha256.c")
target_include_directories(trex_sha256
  SYSTEM PUBLIC "${LLAMA_SOURCE_DIR}/vendor/hash/sha256"
  PRIVATE "${LLAMA_SOURCE_DIR}/vendor/hash")
if(NOT MSVC)
  target_compile_options(trex_sha256 PRIVATE -w)
endif()
