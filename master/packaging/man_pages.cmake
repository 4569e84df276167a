# The man pages, from what the programs say of themselves:
#
#   cmake -DHELP2MAN=... -DPROGRAMS="DIRECTORY/rookery-master.8;DIRECTORY/rookery-ctl.8" -DINCLUDES=master/packaging/man
#         -DSOURCE=. -DOUT=... -P man_pages.cmake
#
# A program's path with the section of its page behind it. A page has --help, then the help of each subcommand, then what
# only INCLUDES/NAME.h2m knows (files, other pages). The date is that of the last commit, or SOURCE_DATE_EPOCH, so that
# the same source gives the same pages.
file(MAKE_DIRECTORY ${OUT})
set(ENV{LC_ALL} C.UTF-8)
set(ENV{TZ} UTC)
if(NOT DEFINED ENV{SOURCE_DATE_EPOCH})
  execute_process(COMMAND git -C ${SOURCE} log -1 --format=%ct OUTPUT_VARIABLE date ERROR_QUIET
    OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed)
  if(NOT failed AND date)
    set(ENV{SOURCE_DATE_EPOCH} ${date})
  endif()
endif()

# subcommands(PROGRAM VARIABLE): the words below "Subcommands:" in its help.
function(subcommands program variable)
  execute_process(COMMAND ${program} --help OUTPUT_VARIABLE help COMMAND_ERROR_IS_FATAL ANY)
  set(words)
  if(help MATCHES "\nSubcommands:\n(([ ]+[^\n]*\n)+)")
    string(REGEX MATCHALL "(^|\n)  [a-z][a-z-]*" words "\n${CMAKE_MATCH_1}")
    list(TRANSFORM words STRIP)
  endif()
  set(${variable} ${words} PARENT_SCOPE)
endfunction()

# As it stands, line for line. In roff a backslash, and a point or quote at the start of a line, mean something.
function(verbatim text variable)
  string(REPLACE "\\" "\\e" text "${text}")
  string(REPLACE "-" "\\-" text "${text}")
  string(REGEX REPLACE "(^|\n)([.'])" "\\1\\\\&\\2" text "${text}")
  set(${variable} ".nf\n${text}\n.fi\n" PARENT_SCOPE)
endfunction()

foreach(entry ${PROGRAMS})
  string(REGEX MATCH "^(.*)/([^/]*)\\.([0-9])$" _ ${entry})
  set(name ${CMAKE_MATCH_2})
  set(section ${CMAKE_MATCH_3})
  set(program ${CMAKE_MATCH_1}/${name})
  set(page ${OUT}/${name}.${section})

  file(READ ${INCLUDES}/${name}.h2m include)
  subcommands(${program} words)
  if(words)
    string(APPEND include "\n[SUBCOMMANDS IN DETAIL]\n")
    foreach(word ${words})
      execute_process(COMMAND ${program} ${word} --help OUTPUT_VARIABLE help COMMAND_ERROR_IS_FATAL ANY)
      string(REGEX REPLACE "\n\n`${name}.*$" "" help "${help}")  # the footer stands in the page already
      verbatim("${help}" help)
      string(APPEND include ".SS ${word}\n${help}")
    endforeach()
  endif()
  file(WRITE ${OUT}/${name}.include "${include}")

  execute_process(COMMAND ${HELP2MAN} --no-info --section=${section} --include=${OUT}/${name}.include
    --manual=Rookery --output=${page} ${program} COMMAND_ERROR_IS_FATAL ANY)
  file(READ ${page} text)
  string(REPLACE "\n.SH NAME" "\n.nh\n.SH NAME" text "${text}")  # names of variables are not hyphenated
  file(WRITE ${page} "${text}")
endforeach()
