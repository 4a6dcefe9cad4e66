# Options for our own code. Third-party code keeps its own, and never fails the build through a warning.

if(TREX_SANITIZE OR TREX_FUZZ)
  if(MSVC)
    add_compile_options(/fsanitize=address)
  else()
    # Applied globally so that ggml is instrumented too: most hostile-file bugs would surface there.
    add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
    add_link_options(-fsanitize=address,undefined)
  endif()
endif()

if(TREX_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "TREX_FUZZ needs clang, whose libFuzzer guides the fuzzers by coverage.")
  endif()
  # ggml is instrumented too: what our own checks let through, it must survive.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

if(MSVC)
  add_compile_options(/utf-8)
  add_compile_definitions(NOMINMAX WIN32_LEAN_AND_MEAN _CRT_SECURE_NO_WARNINGS)
else()
  # -O3 in Release; CMake's default already is -O3 for GCC and Clang. Contraction stays off so that the
  # portable kernels give the same result on every machine that has the same instruction set.
  add_compile_options(-ffp-contract=off)
endif()

function(trex_own_code target)
  if(MSVC)
    target_compile_options(${target} PRIVATE /W4 /WX /permissive-)
  else()
    target_compile_options(${target} PRIVATE -Wall -Wextra -Werror)
    # No value changes: nobody reads errno or the floating-point exception flags, and without these options loops with a
    # square root or a comparison (AdamW, exp) stay scalar on everything below AVX-512.
    target_compile_options(${target} PRIVATE -fno-math-errno -fno-trapping-math)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
      # GCC 12 sees overlaps in plain std::string concatenation that are not there (GCC bug 105651).
      target_compile_options(${target} PRIVATE -Wno-restrict)
    endif()
  endif()
  if(TREX_TIDY)
    find_program(TREX_CLANG_TIDY clang-tidy REQUIRED)
    set_target_properties(${target} PROPERTIES CXX_CLANG_TIDY "${TREX_CLANG_TIDY};--warnings-as-errors=*")
  endif()
endfunction()
