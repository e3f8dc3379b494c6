# Starts Redis with the password from the environment, which no command line shows.
set -eu
umask 077
{
  cat "${CONFIG:-/etc/redis}/redis.conf"
  echo "dir $STATE"
  echo "requirepass $REDISCLI_AUTH"
} > "$STATE/redis.conf"
exec redis-server "$STATE/redis.conf"
