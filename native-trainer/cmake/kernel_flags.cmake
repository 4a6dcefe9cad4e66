# One binary for every processor of an architecture: only kernel files are compiled for newer instructions, and
# they run only after common/cpu_features.h has seen the processor. A file's name says what it needs:
#
#   *_avx2.cpp      AVX2, FMA and F16C
#   *_avx512.cpp    the above and AVX-512 F, BW, DQ and VL
#   *_neon.cpp      arm64 only (NEON is part of its baseline)
#
# Such a file must not include headers with inline or template code that other files also use (containers,
# <algorithm>): the linker keeps one copy of each such function and might keep the one this processor cannot run.

string(TOLOWER "${CMAKE_SYSTEM_PROCESSOR}" _processor)
if(CMAKE_OSX_ARCHITECTURES)
  string(TOLOWER "${CMAKE_OSX_ARCHITECTURES}" _processor)
endif()
if(_processor MATCHES "^(x86_64|amd64)$")
  set(TREX_X86_64 TRUE)
elseif(_processor MATCHES "^(aarch64|arm64)$")
  set(TREX_ARM64 TRUE)
endif()

function(trex_apply_kernel_flags sources_variable)
  set(_sources ${${sources_variable}})
  foreach(_source IN LISTS _sources)
    if(_source MATCHES "_avx2\\.cpp$|_avx512\\.cpp$" AND NOT TREX_X86_64)
      list(REMOVE_ITEM ${sources_variable} "${_source}")
    elseif(_source MATCHES "_neon\\.cpp$" AND NOT TREX_ARM64)
      list(REMOVE_ITEM ${sources_variable} "${_source}")
    elseif(_source MATCHES "platform_posix\\.cpp$" AND WIN32)
      list(REMOVE_ITEM ${sources_variable} "${_source}")
    elseif(_source MATCHES "platform_windows\\.cpp$" AND NOT WIN32)
      list(REMOVE_ITEM ${sources_variable} "${_source}")
    elseif(_source MATCHES "_avx2\\.cpp$")
      if(MSVC)
        set_source_files_properties("${_source}" PROPERTIES COMPILE_OPTIONS "/arch:AVX2")
      else()
        set_source_files_properties("${_source}" PROPERTIES COMPILE_OPTIONS "-mavx2;-mfma;-mf16c")
      endif()
    elseif(_source MATCHES "_avx512\\.cpp$")
      if(MSVC)
        set_source_files_properties("${_source}" PROPERTIES COMPILE_OPTIONS "/arch:AVX512")
      else()
        set_source_files_properties("${_source}" PROPERTIES COMPILE_OPTIONS
          "-mavx2;-mfma;-mf16c;-mavx512f;-mavx512bw;-mavx512dq;-mavx512vl")
      endif()
    endif()
  endforeach()
  set(${sources_variable} ${${sources_variable}} PARENT_SCOPE)
endfunction()
