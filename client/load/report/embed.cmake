# Writes OUTPUT, a C++ file with the files of the page as strings: cmake -D OUTPUT=... -D PAGE_DIRECTORY=...
# -D CHART_JS=... -P embed.cmake
function(embed name file)
  file(READ ${file} content)
  string(FIND "${content}" ")embedded\"" end_of_literal)
  if(NOT end_of_literal EQUAL -1)
    message(FATAL_ERROR "${file} contains the end of the string that it is to become")
  endif()
  set(literals "${literals}const std::string_view ${name} = R\"embedded(${content})embedded\";\n" PARENT_SCOPE)
endfunction()

set(literals "")
embed(kPage ${PAGE_DIRECTORY}/page.html)
embed(kStyle ${PAGE_DIRECTORY}/style.css)
embed(kPlotsScript ${PAGE_DIRECTORY}/plots.js)
embed(kChartScript ${CHART_JS})
file(WRITE ${OUTPUT} "#include \"client/load/report/embedded.h\"\n\nnamespace rookery::load::embedded {\n${literals}}\n")
