#!/usr/bin/env bash
# The little of redis-cli that the scripts of the manifests use; packages bring the server but not this program.
# In bash, which starts in a few milliseconds: a hand-over asks many times, and clients wait meanwhile.
# Prints replies as --raw does, the parts of an array a line each. Exit code 1 when there is no connection. Without a
# command it takes one from each line of its input.
LC_ALL=C
host=127.0.0.1 port=6379
while [[ ${1-} == -* ]]; do
  case $1 in
    -h) host=$2; shift ;;
    -p) port=$2; shift ;;
  esac
  shift
done

ask() {
  local word
  printf '*%d\r\n' $# >&3
  for word; do printf '$%d\r\n%s\r\n' "${#word}" "$word" >&3; done
  reply
}

reply() {
  local line text count
  IFS= read -r line <&3 || exit 1
  line=${line%$'\r'}
  case $line in
    '$-1') echo ;;
    '$'*) IFS= read -r -N "$((${line:1} + 2))" text <&3; printf '%s\n' "${text%$'\r\n'}" ;;
    '*'*) for ((count = ${line:1}; count > 0; count--)); do reply; done ;;
    *) printf '%s\n' "${line:1}" ;;
  esac
}

exec 3<>"/dev/tcp/$host/$port" || exit 1
ask AUTH "$REDISCLI_AUTH" >/dev/null
if (($#)); then
  ask "$@"
else
  while read -r -a words; do ask "${words[@]}"; done
fi
