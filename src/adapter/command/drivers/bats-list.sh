# Lists the tests of bats, a line each: file, line, name, title. Files are those that bats would run.
#     bats-list.sh [OPTIONS OF BATS] [FILES, FOLDERS]
quoted='^[[:blank:]]*@test[[:blank:]]+(.*[^[:blank:]])[[:blank:]]+\{(.*)$'
commented='^[[:blank:]]*([^[:blank:]()]+)[[:blank:]]*\(?\)?[[:blank:]]+\{[[:blank:]]+#[[:blank:]]*@test[[:blank:]]*$'
found=
recursive='-maxdepth 1'
for word; do
  case $word in
    -r | --recursive) recursive= ;;
    -*) ;;
    *) if [ -e "$word" ]; then found=yes; fi ;;
  esac
done
if [ -z "$found" ]; then
  for folder in test tests .; do
    if [ -n "$(find "$folder" -name '*.bats' 2>/dev/null | head -n 1)" ]; then
      set -- "$@" "$folder"
      recursive=
      break
    fi
  done
fi
for word; do
  if [ -d "$word" ]; then
    find "$word" $recursive -name '*.bats' | LC_ALL=C sort
  elif [ -f "$word" ]; then
    printf '%s\n' "$word"
  fi
done | sed 's|^\./||' | while IFS= read -r file; do
  number=0
  while IFS= read -r line || [ -n "$line" ]; do
    number=$((number + 1))
    line=${line//$'\r'/}
    if [[ $line =~ $quoted || $line =~ $commented ]]; then
      name=${BASH_REMATCH[1]#[\'\"]}
      name=${name%[\'\"]}
      # bats shows what a shell makes of the name between double quotes, and filters by the name as it is written.
      eval "title=\"$name\"" 2>/dev/null || title=$name
      printf '%s\t%s\t%s\t%s\n' "$file" "$number" "$name" "$title"
    fi
  done <"$file"
done
