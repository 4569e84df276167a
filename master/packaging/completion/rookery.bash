# Completion for bash of rookery-master, -ctl, -client, -load and -lab. It knows none of their options: it asks the
# program that stands on the command line for its --help, so it is always right for that program.
# Installed under each program's name for bash-completion; without that, `source` this file.

# _rookery_offer WORDS [SUFFIX]: those that begin with what is typed.
_rookery_offer() {
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

_rookery_offer_files() {
  compopt -o filenames 2>/dev/null || true # there is none where a test calls
  mapfile -t COMPREPLY < <(compgen "$1" -- "$cur")
}

# _rookery_value NAME DESCRIPTION: what may stand for a value that --help calls NAME.
_rookery_value() {
  local rest word words=
  case $1 in
    *FILE* | *PATH* | *RESULTS*) _rookery_offer_files -f ;;
    *DIR*) _rookery_offer_files -d ;;
    *[a-z]'|'[a-z]*) _rookery_offer "${1//[|\[\]]/ }" ;;
    LEVEL) # "trace, debug, ... or off"
      rest=${2//,/ }
      _rookery_offer "${rest/ or / }"
      ;;
    NAME | D) # "event: what it means; thread-per-client: ...", or "text or json"
      if [[ $2 =~ ^([a-z-]+)\ or\ ([a-z-]+)$ ]]; then
        _rookery_offer "${BASH_REMATCH[1]} ${BASH_REMATCH[2]}"
        return
      fi
      rest=$2
      while [[ $rest =~ ^([a-z-]+):\ ([^\;]*)(\;\ (.*))?$ ]]; do
        words+=" ${BASH_REMATCH[1]}"
        rest=${BASH_REMATCH[4]}
      done
      _rookery_offer "$words"
      ;;
  esac
}

# _rookery_read HELP: options, values[--option] and descriptions[--option] of a program's --help, and the words that
# begin the lines below "Commands:" and the like (those of rookery-lab are below no headline).
_rookery_read() {
  local line name in_commands=${2-no} blank='  +'
  while IFS= read -r line; do
    if [[ $line =~ ^\ +(-[^ ]+)(\ ([^ -][^ ]*))?(\ \[[^]]*\])?($blank(.*))?$ ]]; then
      for name in ${BASH_REMATCH[1]//,/ }; do
        options+=("$name")
        values[$name]=${BASH_REMATCH[3]}
        descriptions[$name]=${BASH_REMATCH[6]}
      done
    elif [[ $line =~ ^(Subcommands|Commands|.*\ commands):?$ ]]; then
      in_commands=yes
    elif [[ $line =~ ^[^\ ] ]]; then
      in_commands=no
    elif [[ $in_commands == yes && $line =~ ^\ \ ([a-z].*)$ ]]; then
      line=${BASH_REMATCH[1]}
      commands+=("${line%%  *}")
    fi
    if [[ -z $line && ${2-no} == yes ]]; then in_commands=yes; fi
  done <<<"$1"
}

# The words of a command that may come next, where `typed` are there.
_rookery_next_word() {
  local command words i fits found=
  for command in "${commands[@]}"; do
    read -r -a words <<<"$command"
    fits=yes
    for ((i = 0; i < ${#typed[@]}; ++i)); do
      if [[ ${words[i]-} != "${typed[i]}" && "|${words[i]-}|" != *"|${typed[i]}|"* ]]; then fits=no; fi
    done
    [[ $fits == yes && -n ${words[i]-} ]] || continue
    if [[ ${words[i]} == [a-z]* ]]; then
      found+=" ${words[i]//|/ }"
    else
      _rookery_value "${words[i]}" ""
      return
    fi
  done
  _rookery_offer "$found"
}

_rookery() {
  local program=$1 cur=$2 prev=$3 name=${1##*/} i word
  local -a options=() commands=() typed=()
  local -A values=() descriptions=()
  COMPREPLY=()
  program=${program/#\~\//$HOME/}
  _rookery_read "$("$program" --help 2>/dev/null </dev/null)" "$([[ $name == rookery-lab ]] && echo yes)"

  # An option's value may follow a '=', which is a word of its own.
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = ]]; then
    prev=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((i = 1; i < COMP_CWORD; ++i)); do
    word=${COMP_WORDS[i]}
    if [[ $word == -* ]]; then
      if [[ ${COMP_WORDS[i + 1]-} == = ]]; then ((i += 2)); elif [[ -n ${values[$word]-} ]]; then ((i += 1)); fi
      continue
    fi
    typed+=("$word")
    if ((${#typed[@]} == 1)) && [[ $name == rookery-load || $name == rookery-lab ]]; then
      options=() commands=() # from here on its own
      _rookery_read "$("$program" "$word" --help 2>/dev/null </dev/null)"
    fi
  done

  if [[ -n $prev && -n ${values[$prev]-} ]]; then
    _rookery_value "${values[$prev]}" "${descriptions[$prev]}"
  elif [[ $cur == -* ]]; then
    _rookery_offer "${options[*]}"
  else
    _rookery_next_word
  fi
}

complete -F _rookery rookery-master rookery-ctl rookery-client rookery-load rookery-lab
