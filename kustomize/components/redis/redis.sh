# Starts Redis in the role that the sentinels see for it.
set -eu
umask 077
primary=$(sh "${CONFIG:-/etc/redis}/primary.sh")
{
  cat "${CONFIG:-/etc/redis}/redis.conf"
  echo "dir $STATE"
  echo "replica-announce-ip $SELF"
  echo "requirepass $REDISCLI_AUTH"
  echo "masterauth $REDISCLI_AUTH"
  [ "$primary" = "$SELF" ] || echo "replicaof $primary 6379"
} > "$STATE/redis.conf"
exec redis-server "$STATE/redis.conf"
