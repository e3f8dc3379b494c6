# Ends with 0 when the server on port $1 of this pod answers.
set -eu
[ "$(timeout 3 redis-cli -h "$SELF" -p "$1" --raw ping)" = PONG ]
