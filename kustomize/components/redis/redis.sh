# Starts Redis in the role that the sentinels see for it.
set -eu
umask 077
primary=$(sh /etc/redis/primary.sh)
{
  cat /etc/redis/redis.conf
  echo "dir /data"
  echo "replica-announce-ip $SELF"
  echo "requirepass $REDISCLI_AUTH"
  echo "masterauth $REDISCLI_AUTH"
  [ "$primary" = "$SELF" ] || echo "replicaof $primary 6379"
} > /data/redis.conf
exec redis-server /data/redis.conf
