# Before a primary ends, another server becomes the primary. Writes are held from before the choice until this one is
# its replica, so what was acknowledged is nowhere lost; then the held ones are refused, and clients send them to the
# new primary. The end waits until the sentinels and the other replica know of it.
set -eu
HOLD_MILLISECONDS=3000
END=$(($(date +%s) + 35))
ask() { timeout 2 redis-cli -h "$1" -p "$2" --raw $3 2>/dev/null | tr -d '\r'; }
field() { sed -n "s/^$1://p"; }
role() { ask "$1" 6379 role | head -n 1; }

replicas() {
  for peer in $PEERS; do
    [ "$peer" = "$SELF" ] || [ "$(role "$peer")" != slave ] || echo "$peer"
  done
}

# Whether each of these replicas has all that was written here.
in_step() {
  written=$(ask "$SELF" 6379 role | sed -n 2p)
  for peer in $1; do
    set -- $(ask "$peer" 6379 role)  # slave, its primary, the port, the state of the connection, how far it is
    [ "${4:-}" = connected ] && [ "${5:-0}" -ge "$written" ] || return 1
  done
}

# Prints the server that was made a primary of what is here. Its history tells: it begins with that of this one.
heir() {
  for peer in $PEERS; do
    [ "$peer" = "$SELF" ] && continue
    state=$(ask "$peer" 6379 "info replication")
    if [ "$(echo "$state" | field role)" = master ] && [ "$(echo "$state" | field master_replid2)" = "$mine" ]; then
      echo "$peer"
      return
    fi
  done
}

wait_for_heir() {
  tries=0
  while [ "$tries" -lt 50 ]; do
    found=$(heir)
    [ -z "$found" ] || break
    tries=$((tries + 1))
    sleep 0.03
  done
  echo "$found"
}

# The sentinel of this pod decides who it is; another one when that does not answer.
fail_over() {
  for sentinel in $SELF $PEERS; do
    case "$(ask "$sentinel" 26379 "sentinel failover lukseun")" in
      OK) return 0 ;;
      INPROG*) return 0 ;;
    esac
  done
  return 1
}

# One after the other on one connection: what was held gets its refusal before its connection is closed, and nobody reads
# here for more than an instant what may be old by now.
follow() {
  timeout 2 redis-cli -h "$SELF" -p 6379 >/dev/null <<END_OF_COMMANDS || true
replicaof $1 6379
client unpause
client kill type normal
END_OF_COMMANDS
}

hand_over() {
  followers=$(replicas)
  [ -n "$followers" ] && in_step_soon "$followers" || return 1
  ask "$SELF" 6379 "client pause $HOLD_MILLISECONDS write"
  new=""
  if in_step_soon "$followers" && fail_over; then new=$(wait_for_heir); fi
  if [ -n "$new" ]; then follow "$new"; else ask "$SELF" 6379 "client unpause"; fi
  [ -n "$new" ]
}

in_step_soon() {
  in_step "$1" || { sleep 0.05; in_step "$1"; } || { sleep 0.1; in_step "$1"; }
}

# Whether all sentinels that answer name the new primary, and the other replicas follow it.
settled() {
  for peer in $PEERS; do
    named=$(ask "$peer" 26379 "sentinel get-master-addr-by-name lukseun" | head -n 1)
    [ -z "$named" ] || [ "$named" = "$1" ] || return 1
    [ "$peer" = "$1" ] || [ -z "$(role "$peer")" ] || [ "$(ask "$peer" 6379 role | sed -n 2p)" = "$1" ] || return 1
  done
}

[ "$(role "$SELF")" = master ] || exit 0
mine=$(ask "$SELF" 6379 "info replication" | field master_replid)
until hand_over; do
  [ "$(date +%s)" -lt "$END" ] || exit 0
  sleep 1
  late=$(heir)  # chosen after the wait for it was over
  if [ -n "$late" ]; then follow "$late"; fi
  [ "$(role "$SELF")" = master ] || break
done
primary=$(ask "$SELF" 6379 role | sed -n 2p)
until settled "$primary"; do
  [ "$(date +%s)" -lt "$END" ] || exit 0
  sleep 0.5
done
