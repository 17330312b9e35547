# Compiler and linker options of every target of the project: warnings are errors, lld, ccache, sanitizers.
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wextra-semi
                    -Wimplicit-fallthrough -Wunused -Woverloaded-virtual -Werror)
add_compile_options(-fno-omit-frame-pointer)
add_link_options(-fuse-ld=lld -Wl,-z,relro,-z,now)

# Line tables are what traces need; full debug information would double the time to compile and link.
add_compile_options(-g1)

if(MUSTER_SANITIZE)
  add_compile_options(-fsanitize=${MUSTER_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${MUSTER_SANITIZE})
  if(MUSTER_SANITIZE MATCHES undefined)
    # This check opens a pipe to look at memory and so reports faults that are none when a test takes all descriptors.
    add_compile_options(-fno-sanitize=vptr)
  endif()
endif()

find_program(CCACHE ccache)
if(CCACHE)
  # Precompiled headers need the sloppiness; without it every use of one misses the cache.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
  add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
endif()
