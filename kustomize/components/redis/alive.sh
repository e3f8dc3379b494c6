# Ends with 0 when the server on port $1 of this pod answers, be it that it loads its data or misses its primary.
set -eu
case "$(timeout 3 redis-cli -h "$SELF" -p "$1" --raw ping)" in
  PONG | LOADING* | MASTERDOWN*) ;;
  *) exit 1 ;;
esac
