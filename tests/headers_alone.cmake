# Each header compiles on its own: the target `headers_alone`. Files that are compiled together (the presets release,
# asan and tsan) would hide a header that lacks an include. One is compiled again when it or what it includes has
# changed; a new one is found when CMake configures, as ./check does each time.
file(GLOB_RECURSE headers RELATIVE ${PROJECT_SOURCE_DIR}
  ${PROJECT_SOURCE_DIR}/ipc/*.h ${PROJECT_SOURCE_DIR}/worker/*.h ${PROJECT_SOURCE_DIR}/master/*.h
  ${PROJECT_SOURCE_DIR}/client/*.h ${PROJECT_SOURCE_DIR}/docs/labs/*.h ${PROJECT_SOURCE_DIR}/tests/*.h)
get_target_property(utf8cpp_includes utf8cpp INTERFACE_INCLUDE_DIRECTORIES)
set(marks)
foreach(header ${headers})
  set(mark ${CMAKE_CURRENT_BINARY_DIR}/headers_alone/${header}.ok)
  get_filename_component(directory ${mark} DIRECTORY)
  file(MAKE_DIRECTORY ${directory})
  add_custom_command(OUTPUT ${mark}
    COMMAND ${CMAKE_CXX_COMPILER} -std=c++20 -fsyntax-only -w -I ${PROJECT_SOURCE_DIR} -isystem ${utf8cpp_includes}
      -DROOKERY_BUILT_PROGRAMS="" -DROOKERY_BUILT_SANITIZER="" -MD -MF ${mark}.d -MT ${mark}
      -x c++ ${PROJECT_SOURCE_DIR}/${header}
    COMMAND ${CMAKE_COMMAND} -E touch ${mark}
    DEPENDS ${PROJECT_SOURCE_DIR}/${header} DEPFILE ${mark}.d
    COMMENT "Compiling ${header} alone" VERBATIM)
  list(APPEND marks ${mark})
endforeach()
add_custom_target(headers_alone DEPENDS ${marks})
