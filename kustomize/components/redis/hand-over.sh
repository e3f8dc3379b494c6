# Before a primary ends: let the sentinels make another one, and wait until this is no primary any more.
set -eu
role() { timeout 2 redis-cli -h "$SELF" -p 6379 --raw role | head -n 1; }
[ "$(role)" = master ] || exit 0
timeout 2 redis-cli -h "$SELF" -p 26379 --raw sentinel failover lukseun || exit 0
tries=0
while [ "$(role)" = master ] && [ "$tries" -lt 40 ]; do
  tries=$((tries + 1))
  sleep 0.5
done
